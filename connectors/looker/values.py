"""What the values of user attributes mean: whose they are, whether they can be read, and how yes and no are spelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from connectors.contract import Json, Refused
from connectors.looker.attributes import UserAttribute
from connectors.looker.settings import Options, Words

Record = Mapping[str, Json]
"""A `UserAttributeWithValue` of `GET /users/{id}/attribute_values`: the first value on the way user, groups, default."""

YESNO = "yesno"


class Origin(Enum):
    """Whose value it is."""

    OWN = "own"
    """The user's: it was set for this user, and a DELETE takes it away."""
    INHERITED = "inherited"
    """A group's or the default, or there is none: nothing is set for this user."""
    UNKNOWN = "unknown"
    """`source` says a word that we do not know."""


def origin(record: Record, options: Options) -> Origin:
    source = record.get("source")
    if not isinstance(source, str):
        return Origin.UNKNOWN
    if source.casefold() == options.own_source.casefold():
        return Origin.OWN
    if any(source.casefold().startswith(other.casefold()) for other in options.inherited_sources):
        return Origin.INHERITED
    return Origin.UNKNOWN


def hidden(record: Record) -> bool:
    return record.get("value_is_hidden") is True


def read(records: Iterable[tuple[str, Record]], options: Options) -> tuple[dict[str, Json], frozenset[str]]:
    """The user's own values by name, spelled as there, and the names that cannot be read.  What is neither is nothing."""
    own: dict[str, Json] = {}
    unreadable = set()
    for name, record in records:
        value, whose = record.get("value"), origin(record, options)
        if hidden(record):
            unreadable.add(name)
        elif value in (None, "") or whose is Origin.INHERITED:
            continue
        elif whose is Origin.UNKNOWN:
            unreadable.add(name)
        else:
            own[name] = value
    return own, frozenset(unreadable)


def may_be_yesno(value: Json, words: Words | None) -> bool:
    """Whether it is spelled like one of the words: then the type decides what it is."""
    return words is not None and isinstance(value, str) and value.casefold() in (words.yes.casefold(), words.no.casefold())


def shown(value: Json, kind: str, words: Words | None) -> Json:
    """A value as mappings know it: of a yesno attribute, true or false."""
    if words is None or kind != YESNO or not may_be_yesno(value, words):
        return value
    return "true" if str(value).casefold() == words.yes.casefold() else "false"


def spelled(value: Json, attribute: UserAttribute, words: Words | None) -> Json:
    """A value as Looker takes it.  Raises Refused, which blames the attribute."""
    if words is None or attribute.type != YESNO:
        return value
    match str(value).casefold():
        case "true":
            return words.yes
        case "false":
            return words.no
        case _:
            raise Refused("a yesno attribute takes true or false", attribute.name)
