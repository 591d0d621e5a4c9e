"""The standard fields of a portal user: which are shown, which are written, and how the whole is sent back."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Json

SHOWN = ("Active", "Email", "First", "Last", "OrganisationID", "Role", "Provider")
"""What is kept of a user.  A list of what may stay, because `GET /users/{id}` shows the user's own API token (`JWTToken`), and
who knows what the next release will show."""
WRITTEN = ("Email", "First", "Last")
"""The others decide who may log in, where, and as what: no source should reach them."""
NEEDED = frozenset({"Email", "First"})
"""Without these the portal makes no user."""


def shown(user: Mapping[str, Json]) -> dict[str, Json]:
    return {name: user[name] for name in SHOWN if name in user}


def merged(user: Mapping[str, Json], name: str, value: str) -> dict[str, Json]:
    """The body of `PUT /users/{id}`: the user as it is, with one field changed.  Whether fields that are left out survive is
    UNCONFIRMED, so none is; a team is shown as an object and sent as its id."""
    body = shown(user)
    if isinstance(user.get("ResetPassword"), bool):
        body["ResetPassword"] = user["ResetPassword"]
    teams = user.get("Teams")
    if isinstance(teams, list):
        body["Teams"] = [str(team["ID"]) if isinstance(team, dict) and "ID" in team else team for team in teams]
    body[name] = value
    return body
