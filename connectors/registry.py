"""The connectors, by name."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.chatwoot import Chatwoot
from connectors.contract import Connector
from connectors.descope import Descope
from connectors.http import Http
from connectors.looker import Looker
from connectors.onelogin import OneLogin
from connectors.tyk import Tyk

_ALL: tuple[Connector, ...] = (Chatwoot(), Descope(), Http(), Looker(), OneLogin(), Tyk())
CONNECTORS: Mapping[str, Connector] = {connector.name: connector for connector in _ALL}
