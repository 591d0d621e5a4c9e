"""Any system that speaks JSON over HTTP: described in `systems.yaml`, not programmed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from connectors.contract import Compiler, Json
from connectors.http.settings import Settings
from connectors.http.source import HttpSource
from connectors.http.target import HttpTarget


class Http:
    """A target where its entry has `target`, or where its events are hints and its accounts can be read; a source where it has
    `source`."""

    name = "http"
    settings: type[BaseModel] = Settings
    verify: Mapping[str, Json] | None = None
    budget_headers: Mapping[str, str] | None = None

    def target(self, settings: BaseModel, compiler: Compiler) -> HttpTarget | None:
        assert isinstance(settings, Settings)
        looks = settings.source is not None and settings.source.trust == "hint"
        return HttpTarget(settings, compiler) if settings.target is not None or looks else None

    def source(self, settings: BaseModel, compiler: Compiler) -> HttpSource | None:
        assert isinstance(settings, Settings)
        return None if settings.source is None else HttpSource(settings.source, compiler)
