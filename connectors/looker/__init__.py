"""Looker: all that is known of it, in one room."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from connectors.contract import Compiler, Json, Source
from connectors.looker.settings import Settings
from connectors.looker.target import LookerTarget


class Looker:
    """A target only: Looker tells nobody that a user or a user attribute changed."""

    name = "looker"
    settings: type[BaseModel] = Settings
    verify: Mapping[str, Json] | None = None
    budget_headers: Mapping[str, str] | None = None

    def target(self, settings: BaseModel, compiler: Compiler) -> LookerTarget:
        assert isinstance(settings, Settings)
        return LookerTarget(settings)

    def source(self, settings: BaseModel, compiler: Compiler) -> Source | None:
        return None
