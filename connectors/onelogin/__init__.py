"""OneLogin: all that is known of it, in one room."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from connectors.contract import Compiler, Json
from connectors.onelogin.settings import Settings
from connectors.onelogin.source import OneLoginSource
from connectors.onelogin.target import OneLoginTarget


class OneLogin:
    """A OneLogin account can always be read and written; it is a source where its entry has `source`."""

    name = "onelogin"
    settings: type[BaseModel] = Settings
    verify: Mapping[str, Json] | None = {"scheme": "header", "header": "Authorization"}
    # UNCONFIRMED for v2.  Reset is seconds that are left, not a time.
    budget_headers: Mapping[str, str] | None = {
        "remaining": "X-RateLimit-Remaining",
        "reset": "X-RateLimit-Reset",
        "reset_is": "seconds",
    }

    def target(self, settings: BaseModel, compiler: Compiler) -> OneLoginTarget:
        assert isinstance(settings, Settings)
        return OneLoginTarget(settings)

    def source(self, settings: BaseModel, compiler: Compiler) -> OneLoginSource | None:
        assert isinstance(settings, Settings)
        return None if settings.source is None else OneLoginSource(settings)
