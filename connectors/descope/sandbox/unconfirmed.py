"""What Descope's documents leave open: each is a switch of the sandbox, so that a connector can be tried against either truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """null          a custom attribute that is set to null is removed, shown as null, or refused
    patch         a PATCH keeps the custom attributes that it does not name, or not
    undeclared    a custom attribute that the console does not know is refused as a bad request, refused as something that is not
                  there (with a code of its own), or taken and not kept
    missing       the status beside E112102
    display_name  the key under which a PATCH takes the display name; the other is passed over
    same          a value that is set again is an audit event, too
    envelope      a webhook carries a list of events, or one event
    occurred      an event's time is a number, or a text
    signs         the signature is over the body as it is sent, or over its JSON written compactly
    """

    null: Literal["removes", "stores", "refuses"] = "removes"
    patch: Literal["merges", "replaces"] = "merges"
    undeclared: Literal["refuses", "missing", "drops"] = "refuses"
    missing: Literal[400, 404] = 404
    display_name: Literal["displayName", "name"] = "displayName"
    same: bool = True
    envelope: Literal["list", "single"] = "list"
    occurred: Literal["number", "text"] = "number"
    signs: Literal["body", "json"] = "body"
