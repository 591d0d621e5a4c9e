"""Chatwoot: all that is known of it, in one room."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from connectors.chatwoot.contacts import ContactTarget
from connectors.chatwoot.settings import Settings
from connectors.chatwoot.source import ChatwootSource
from connectors.chatwoot.users import UserTarget
from connectors.contract import Compiler, Json


class Chatwoot:
    """Two kinds of accounts, an entry each: the users (agents) of an installation, and the contacts of an account.  Contacts are
    a source where their entry has `source`."""

    name = "chatwoot"
    settings: type[BaseModel] = Settings
    verify: Mapping[str, Json] | None = {
        "scheme": "hmac",
        "header": "X-Chatwoot-Signature",
        "prefix": "sha256=",
        "timestamp_header": "X-Chatwoot-Timestamp",
        "signed": "{timestamp}.{body}",
        "id_header": "X-Chatwoot-Delivery",
    }
    budget_headers: Mapping[str, str] | None = None

    def target(self, settings: BaseModel, compiler: Compiler) -> UserTarget | ContactTarget:
        assert isinstance(settings, Settings)
        return ContactTarget(settings) if settings.kind == "contact" else UserTarget(settings)

    def source(self, settings: BaseModel, compiler: Compiler) -> ChatwootSource | None:
        assert isinstance(settings, Settings)
        return None if settings.source is None else ChatwootSource(settings)
