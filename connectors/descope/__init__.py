"""Descope: all that is known of it, in one room."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from connectors.contract import Compiler, Json
from connectors.descope.settings import Settings
from connectors.descope.source import DescopeSource
from connectors.descope.target import DescopeTarget


class Descope:
    """A Descope project can always be read and written; it is a source where its entry has `source`."""

    name = "descope"
    settings: type[BaseModel] = Settings
    # UNCONFIRMED: whether the body is signed as it is sent, or its JSON written compactly.  Either is taken.
    verify: Mapping[str, Json] | None = {
        "scheme": "hmac",
        "header": "x-descope-webhook-s256",
        "encoding": "base64",
        "over": "json",
    }
    budget_headers: Mapping[str, str] | None = None

    def target(self, settings: BaseModel, compiler: Compiler) -> DescopeTarget:
        assert isinstance(settings, Settings)
        return DescopeTarget(settings)

    def source(self, settings: BaseModel, compiler: Compiler) -> DescopeSource | None:
        assert isinstance(settings, Settings)
        return None if settings.source is None else DescopeSource(settings)
