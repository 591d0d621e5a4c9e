"""User mappings: an administrator's rules, which change a user after somebody else has.

Source: the pages Update User (v2), query parameter `mappings`, and User Mappings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.onelogin.sandbox.directory import Directory, User

RUNS = frozenset({"async", "sync", "disabled"})
"""After the answer, before it, not at all."""


@dataclass(frozen=True, slots=True)
class UserMapping:
    """Where a user holds all of `when`, `then` is set.  By name: `department`, `custom_attributes.employee_number`."""

    when: Mapping[str, str]
    then: Mapping[str, str]


def run(mappings: Sequence[UserMapping], directory: Directory, user: User) -> dict[str, str]:
    """One after the other.  Answers what changed by it."""
    changed: dict[str, str] = {}
    for mapping in mappings:
        if all(directory.held(user, name) == text for name, text in mapping.when.items()):
            for name, text in mapping.then.items():
                if directory.held(user, name) != text:
                    directory.set(user, name, text)
                    changed[name] = text
    return changed
