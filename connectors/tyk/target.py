"""A Tyk portal as a target: lists, reads and writes its users.

Custom attributes are written one a call and by their own ids, standard fields with the whole user, which is read first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import (
    Account,
    Authentication,
    Call,
    Capabilities,
    Definition,
    Flow,
    Found,
    Json,
    Listed,
    Refused,
    Wire,
    Written,
)
from connectors.tyk.answers import pages
from connectors.tyk.authentication import AdminToken
from connectors.tyk.custom import CustomAttributes, Look
from connectors.tyk.definitions import Definitions
from connectors.tyk.profile import SHOWN, WRITTEN, shown
from connectors.tyk.settings import Settings
from connectors.tyk.users import update, user
from connectors.tyk.values import IDENTIFIER, Seen

CAPABILITIES = Capabilities(
    lists=frozenset({"email"}),  # the list of users takes no filter
    wire=Wire.TEXT,
    late_window=60.0,  # UNCONFIRMED: no limit is documented
)


class TykTarget:
    """The users of one portal: developers and admins."""

    capabilities = CAPABILITIES

    def __init__(self, settings: Settings) -> None:
        self._base = settings.base_url
        self._definitions = Definitions(settings.base_url)
        self._custom = CustomAttributes(settings.base_url, self._definitions, settings.options)
        self.authentication: Authentication = AdminToken(settings)

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        """Raises Refused: `directory` lists what there is."""
        yield from ()
        raise Refused("a Tyk portal cannot be searched")

    def directory(self) -> Flow[Sequence[Listed]]:
        """Every user, with the e-mail address.  Pages are cut by number, so a user who is deleted meanwhile may hide another
        one until the next listing."""
        rows = yield from pages(self._base, "users", everybody=True)
        return [Listed(str(row["ID"]), {"email": email} if isinstance(email := row.get("Email"), str) else {}) for _, row in rows]

    def read(self, account: str) -> Flow[Account]:
        """Standard fields and custom attributes side by side, the latter by identifier.  Where both have one name, it is the
        standard field's."""
        known = yield from user(self._base, account)
        held = yield from self._custom.held(account, there=True)
        return Seen({**{name: value.text for name, value in held.items()}, **shown(known)}, values=held)

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        """before: an account that was just read spares a write the look at the user's values."""
        for name in changes:
            if name in SHOWN and name not in WRITTEN:
                raise Refused("this field of a user is not written", name)
            if not IDENTIFIER.fullmatch(name):
                raise Refused("an identifier is of letters, digits, - and _", name)
        look = Look(before.values if isinstance(before, Seen) else None)
        return [Call((name,), self._call(account, name, value, look)) for name, value in changes.items()]

    def definitions(self) -> Flow[Sequence[Definition]]:
        """The standard fields that can be written, and the custom attributes."""
        defined = yield from self._definitions.all()
        custom = [Definition(each.identifier, each.id, each.type, each.once) for each in defined.values()]
        return [*(Definition(name, type="text") for name in WRITTEN), *(each for each in custom if each.name not in SHOWN)]

    def _call(self, account: str, name: str, value: Json, look: Look) -> Flow[Written]:
        if name in WRITTEN:
            return update(self._base, account, name, value)
        return self._custom.write(account, name, value if isinstance(value, str) else "", look)
