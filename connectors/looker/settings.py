"""What an entry of `systems.yaml` may say of a Looker instance."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from connectors.address import BaseUrl
from connectors.contract import Secret, Section

Text = Annotated[str, Field(min_length=1)]


def _without_path(base_url: str) -> str:
    if urlsplit(base_url).path:
        raise ValueError("base_url has no path: /api/4.0 is added to it")
    return base_url


class Credentials(Section):
    """An API key of the user (or service account) that Lockstep acts as."""

    client_id: Text
    client_secret: Secret


class Words(Section):
    """How a user attribute of the type yesno spells true and false."""

    yes: Text = "yes"
    no: Text = "no"

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.yes.casefold() == self.no.casefold():
            raise ValueError("the words for yes and no are two")
        return self


class Options(Section):
    """Switches for what Looker's documents leave open.

    own_source         what `source` says of a value that is the user's own
    inherited_sources  how it begins where the value is a group's or the default, or where there is none.  A source that is
                       neither makes the value unreadable: nothing is concluded from it
    yesno              the words of a yesno attribute; in mappings its values are true and false.  null: values pass as they are
    profile_clear      what clears a name or the locale: null or ""
    """

    own_source: Text = "User"
    inherited_sources: Annotated[tuple[Text, ...], Field(min_length=1)] = ("Default", "Group", "No Value")
    yesno: Words | None = Words()
    profile_clear: Literal[""] | None = None

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if any(self.own_source.casefold().startswith(source.casefold()) for source in self.inherited_sources):
            raise ValueError("own_source begins like one of inherited_sources: the two cannot be told apart")
        return self


class Settings(Section):
    """base_url: https://acme.cloud.looker.com, or with the API's port where it has one of its own: https://looker.acme.com:19999."""

    base_url: Annotated[BaseUrl, AfterValidator(_without_path)]
    credentials: Credentials
    options: Options = Options()
