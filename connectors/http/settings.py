"""What an entry of `systems.yaml` may say of a system that speaks JSON over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from connectors.address import BaseUrl
from connectors.contract import Acknowledge, Carries, Secret, Section
from connectors.http.template import Template, parse

Text = Annotated[str, Field(min_length=1)]


def _address(*names: str) -> AfterValidator:
    """An address with these placeholders."""

    def checked(text: str) -> str:
        parse(text, *names)
        return text

    return AfterValidator(checked)


OfAccount = Annotated[str, _address("id")]


class Auth(Section):
    """A header that every request carries: `prefix` and then the secret `value`."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")] = "Authorization"
    prefix: str = ""
    value: Secret


class Find(Section):
    """get: an address with {value}.  each: where the accounts stand in the answer, "" if it is the list.  holds: where an
    account shows what was searched for."""

    get: Annotated[str, _address("value")]
    each: str = ""
    holds: Text


class Read(Section):
    """get: an address with {id}.  attributes: where they stand in the answer, "" if it is the account itself."""

    get: OfAccount
    attributes: str = ""


class Account(Section):
    """How an account is known (`id`, a path), found (by key) and read."""

    id: Text = "id"
    find: dict[Text, Find] = Field(default_factory=dict)
    read: Read | None = None

    @model_validator(mode="after")
    def _no_search_by_id(self) -> Account:
        if "id" in self.find:
            raise ValueError("`id` is no key to search by: an id is known")
        return self


class Event(Section):
    """Where things stand in an event; a path each.  keep: a condition, the others are recorded as `ignored`.  deleted: a
    condition, it says that the subject's account is gone."""

    keep: Text | None = None
    deleted: Text | None = None
    id: Text | None = None
    time: Text | None = None
    sequence: Text | None = None
    subject: dict[Text, Text]
    attributes: str | None = None
    carries: Carries | None = None

    @model_validator(mode="after")
    def _named(self) -> Event:
        if "id" not in self.subject:
            raise ValueError("`subject` needs `id`: whom the event is about")
        return self


GENERIC = Event(
    deleted='has(event.type) && event.type == "user.deleted"', id="id", time="timestamp", sequence="sequence",
    subject={"id": "data.id", "email": "data.email"}, attributes="data.attributes",
)  # fmt: skip
"""`{"type", "id", "timestamp", "sequence", "data": {"id", "email", "attributes"}}`; the type matters only where it is
`user.deleted`."""


class SourceSettings(Section):
    """each: where the list of events stands, "" if the body is it; absent, the body is one event."""

    acknowledge: Acknowledge = 202
    each: str | None = None
    event: Event = GENERIC
    carries: Carries | None = None

    @property
    def trust(self) -> Carries:
        return self.event.carries or self.carries or "changes"

    @model_validator(mode="after")
    def _agree(self) -> SourceSettings:
        if self.carries and self.event.carries and self.carries != self.event.carries:
            raise ValueError("`carries` is said twice, and not the same")
        if self.trust != "hint" and self.event.attributes is None:
            raise ValueError("`event` needs `attributes`, or `carries: hint`")
        return self


class Delete(Section):
    """delete: an address with {id} and {attribute}."""

    delete: Annotated[str, _address("id", "attribute")]


def _empty(text: str) -> str:
    if text:
        raise ValueError('`clear` is null, "" or {delete: ADDRESS}')
    return text


Clear = Annotated[
    Annotated[str, AfterValidator(_empty), Tag("text")] | Annotated[Delete, Tag("call")],
    Discriminator(lambda value: "call" if isinstance(value, dict | Delete) else "text"),
]


class Write(Section):
    """put, patch or post: an address with {id}.

    body   where the attributes stand in what is sent (and in the answer), "" if they are all of it
    many   one call carries all attributes; else each is a call of its own
    whole  what is not sent does not survive: the account is read, changed and sent whole
    clear  what is sent to clear an attribute: null, "", or a DELETE of its own
    """

    put: OfAccount | None = None
    patch: OfAccount | None = None
    post: OfAccount | None = None
    body: str = ""
    many: bool = True
    whole: bool = False
    clear: Clear | None = None

    @property
    def call(self) -> tuple[str, Template]:
        """The method and the address."""
        ((method, text),) = [(m, t) for m, t in (("PUT", self.put), ("PATCH", self.patch), ("POST", self.post)) if t is not None]
        return method, parse(text, "id")

    @model_validator(mode="after")
    def _one(self) -> Write:
        if sum(text is not None for text in (self.put, self.patch, self.post)) != 1:
            raise ValueError("one of `put`, `patch`, `post` is needed, with its address")
        if self.whole and not self.many:
            raise ValueError("`whole` sends all attributes in one call: it does not go with `many: false`")
        if self.whole and isinstance(self.clear, Delete):
            raise ValueError("`whole` would send again what `clear: {delete: ...}` removed")
        return self


class TargetSettings(Section):
    write: Write


class Settings(Section):
    base_url: BaseUrl | None = None
    auth: Auth | None = None
    account: Account = Account()
    source: SourceSettings | None = None
    target: TargetSettings | None = None

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.base_url is None and (self.target or self.account.read or self.account.find):
            raise ValueError("`base_url` is needed: accounts are called there")
        if self.target and self.target.write.whole and self.account.read is None:
            raise ValueError("`whole` needs `account.read`: what is not sent does not survive, so it is read first")
        if self.source and self.source.trust == "hint" and self.account.read is None:
            raise ValueError("`carries: hint` needs `account.read`: a hint only says look")
        return self
