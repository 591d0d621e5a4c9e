"""Tyk Enterprise Developer Portal: all that is known of it, in one room."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from connectors.contract import Compiler, Json
from connectors.tyk.settings import Settings
from connectors.tyk.source import TykSource
from connectors.tyk.target import TykTarget


class Tyk:
    """A portal's users can always be read and written; it is a source where its entry has `source`."""

    name = "tyk"
    settings: type[BaseModel] = Settings
    verify: Mapping[str, Json] | None = {"scheme": "header", "header": "Authorization"}
    budget_headers: Mapping[str, str] | None = None  # the portal's answers have none

    def target(self, settings: BaseModel, compiler: Compiler) -> TykTarget:
        assert isinstance(settings, Settings)
        return TykTarget(settings)

    def source(self, settings: BaseModel, compiler: Compiler) -> TykSource | None:
        assert isinstance(settings, Settings)
        return None if settings.source is None else TykSource(settings)
