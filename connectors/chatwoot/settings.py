"""What an entry of `systems.yaml` may say of a Chatwoot installation: its users, or the contacts of one account."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from connectors.address import BaseUrl
from connectors.contract import Acknowledge, Secret, Section


class Credentials(Section):
    """Access tokens; they do not expire.

    access_token  of `kind: user` a platform app's (Super Admin, Platform Apps); of `kind: contact` a user's (Profile Settings)
    agents_token  of `kind: user`: a user's in the account `account_id`, with which its agents are listed
    """

    access_token: Secret
    agents_token: Secret | None = None


class Options(Section):
    """Switches for what Chatwoot's documents leave open, and for what nobody should get unasked.

    find_with         contacts are found by `filter` (compares the whole value) or by `search` (compares parts of it, every page
                      is read and the value compared here), for a Chatwoot whose filter does not know a key
    find_by_creating  users are found by asking to create them.  Whoever is there may be touched by the platform app from then on,
                      and counts as confirmed; see the README before you switch it on
    """

    find_with: Literal["filter", "search"] = "filter"
    find_by_creating: bool = False


class SourceSettings(Section):
    """acknowledge: Chatwoot takes any 2xx.  carries: `changes`, what changed and to what; `hint`, each event is a look."""

    acknowledge: Acknowledge = 200
    carries: Literal["changes", "hint"] = "changes"


class Settings(Section):
    """base_url: where Chatwoot is, https://chat.example.com.  account_id: the number in the dashboard's address."""

    base_url: BaseUrl
    kind: Literal["user", "contact"] = "user"
    account_id: Annotated[int, Field(ge=1, lt=10**18)] | None = None
    credentials: Credentials
    options: Options = Options()
    source: SourceSettings | None = None

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        match self.kind:
            case "contact":
                if self.account_id is None:
                    raise ValueError("`kind: contact` needs `account_id`: contacts belong to an account")
                if self.credentials.agents_token is not None or self.options.find_by_creating:
                    raise ValueError("`agents_token` and `find_by_creating` find users; they go with `kind: user`")
            case "user":
                if (self.account_id is None) != (self.credentials.agents_token is None):
                    raise ValueError("`account_id` and `credentials.agents_token` go together: they list the agents")
                if self.account_id is not None and self.options.find_by_creating:
                    raise ValueError("users are found among the agents of an account or with `find_by_creating`, not both")
                if self.options.find_with != "filter":
                    raise ValueError("`find_with` finds contacts; it goes with `kind: contact`")
                if self.source is not None:
                    raise ValueError("no webhook tells of a change of a user; `source` goes with `kind: contact`")
        return self
