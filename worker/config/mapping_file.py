"""A mapping file as people write it: one source, its targets, their attributes, and cases."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, JsonValue, Tag, WithJsonSchema, model_validator

from worker.config.duration import Duration
from worker.config.entry import Text
from worker.config.shape import Strict
from worker.core import transforms
from worker.core.outcome import Word

Plain = Literal["trim", "lower", "upper", "title", "text", "first"]


def _scalar(value: Any) -> Any:
    if isinstance(value, list | dict):
        raise ValueError("a text, a number, true, false or null is needed here")
    return value


Scalar = Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]


class PrefixEntry(Strict):
    """{prefix: "10-"}"""

    prefix: Text


class SuffixEntry(Strict):
    """{suffix: "@example.com"}"""

    suffix: Text


class SplitEntry(Strict):
    """{split: ","}: a text becomes a list."""

    split: Text


class JoinEntry(Strict):
    """{join: ", "}: a list becomes a text."""

    join: str


class TruncateEntry(Strict):
    """{truncate: 40}: to so many characters."""

    truncate: Annotated[int, Field(ge=1)]


class LookupEntry(Strict):
    """{lookup: {OPS: Operations}, default: Other}: without a default a value that is not in the table is parked."""

    lookup: Annotated[dict[str, Scalar], Field(min_length=1)]
    default: Scalar = None


WITH_ARGUMENT = {
    "prefix": PrefixEntry,
    "suffix": SuffixEntry,
    "split": SplitEntry,
    "join": JoinEntry,
    "truncate": TruncateEntry,
    "lookup": LookupEntry,
}
TRANSFORMS = (*transforms.PLAIN, *WITH_ARGUMENT)


def _kind_of_step(value: Any) -> str | None:
    if isinstance(value, str):
        return "<name>"
    return next((f"<{key}>" for key in WITH_ARGUMENT if isinstance(value, dict) and key in value), None)


StepEntry = Annotated[
    Annotated[Plain, Tag("<name>")]
    | Annotated[PrefixEntry, Tag("<prefix>")]
    | Annotated[SuffixEntry, Tag("<suffix>")]
    | Annotated[SplitEntry, Tag("<split>")]
    | Annotated[JoinEntry, Tag("<join>")]
    | Annotated[TruncateEntry, Tag("<truncate>")]
    | Annotated[LookupEntry, Tag("<lookup>")],
    Discriminator(
        _kind_of_step,
        custom_error_type="unknown_form",
        custom_error_message="unknown transform",
        custom_error_context={"known": ", ".join(TRANSFORMS)},
    ),
]


def _form(value: Any) -> str | None:
    return "<short>" if isinstance(value, str) else "<full>" if isinstance(value, dict) else None


_RULE = Discriminator(
    _form,
    custom_error_type="wrong_form",
    custom_error_message="a path is needed here, or a rule: {from: ...}, {value: ...} or {constant: ...}",
)
_POLICY = Discriminator(
    _form, custom_error_type="wrong_form", custom_error_message="park, ignore or {wait: 24h, then: park} is needed here"
)


def _listed(value: Any) -> Any:
    """One of a list may stand without it."""
    return value if isinstance(value, list) else [value]


def _or_one(schema: dict[str, Any]) -> None:
    items = schema.pop("items")
    schema.pop("type")
    schema["anyOf"] = [{"type": "array", "items": items}, items]


class RuleEntry(Strict):
    """One of `from`, `value`, `constant`, and what is done with it."""

    from_: Text = Field(default="", alias="from")
    value: Text = ""
    constant: JsonValue = None
    default: JsonValue = None
    on_null: Literal["ignore", "clear"] = "ignore"
    transform: Annotated[list[StepEntry], BeforeValidator(_listed)] = Field(default_factory=list, json_schema_extra=_or_one)
    write: Literal["always", "if_empty", "once"] = "always"

    @model_validator(mode="after")
    def _one_origin(self) -> RuleEntry:
        given = [
            name
            for name, key in (("from", "from_"), ("value", "value"), ("constant", "constant"))
            if key in self.model_fields_set
        ]
        if len(given) != 1:
            raise ValueError(
                f"a rule has one of `from`, `value`, `constant`; this one has {' and '.join(given) if given else 'none'}"
            )
        if "constant" in self.model_fields_set and self.constant is None:
            raise ValueError("`constant: null` would say nothing; `on_null: clear` at a rule with `from` clears")
        if "default" in self.model_fields_set and self.default is None:
            raise ValueError("`default: null` would say nothing; leave it out")
        if self.write == "once" and self.on_null == "clear":
            raise ValueError("`on_null: clear` and `write: once` contradict each other: what is written once is never cleared")
        return self


class KeyEntry(Strict):
    """A key by which the account is found: search `find` for what stands at `by`."""

    find: Text
    by: Text
    fold: Literal["case"] | None = None


class OnNoAccountEntry(Strict):
    """Look for the account again for so long, and then give up like this."""

    wait: Duration = 0.0
    then: Literal["park", "ignore"]


class TargetEntry(Strict):
    """What a mapping says of one target."""

    account: Annotated[list[KeyEntry], BeforeValidator(_listed), Field(min_length=1, json_schema_extra=_or_one)]
    on_no_account: Annotated[
        Annotated[Literal["park", "ignore"], Tag("<short>")] | Annotated[OnNoAccountEntry, Tag("<full>")], _POLICY
    ] = "park"
    attributes: Annotated[
        dict[str, Annotated[Annotated[Text, Tag("<short>")] | Annotated[RuleEntry, Tag("<full>")], _RULE]],
        Field(min_length=1),
    ]


class GivenEntry(Strict):
    """What the source says, and what the targets hold: target -> attribute -> value."""

    subject: dict[str, JsonValue]
    attributes: dict[str, JsonValue] = Field(default_factory=dict)
    carries: Literal["changes", "snapshot"] | None = None
    event: JsonValue = None
    holds: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)


class ExpectedEntry(Strict):
    """An outcome."""

    is_: Word = Field(alias="is")


class CaseEntry(Strict):
    """expect: target -> attribute -> value, or {is: outcome}.  A target that stands there is compared as a whole."""

    name: Text
    given: GivenEntry
    expect: Annotated[
        dict[
            str,
            dict[
                str,
                Annotated[
                    Annotated[ExpectedEntry, Tag("<outcome>")]
                    | Annotated[JsonValue, Tag("<value>"), WithJsonSchema({"not": {"type": "object", "required": ["is"]}})],
                    Discriminator(lambda value: "<outcome>" if isinstance(value, dict) and "is" in value else "<value>"),
                ],
            ],
        ],
        Field(min_length=1),
    ]


class MappingFile(Strict):
    """Which attributes of one source go where, and how."""

    version: Literal[1]
    source: Text
    when: Text | None = None
    targets: Annotated[dict[str, TargetEntry], Field(min_length=1)]
    cases: list[CaseEntry] = Field(default_factory=list)
