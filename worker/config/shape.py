"""How a pydantic model and a document lie upon one another: validate the one by the other, with our own words for what is
wrong, at its place in the file."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from inspect import isclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, SecretBytes, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from connectors.contract import Json
from worker.config.document import Document
from worker.config.problem import Where, did_you_mean, spelled

M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """Of our own files: JSON's types exactly, no other key."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is known of the references in a document.  found: their places, whose values are not shown.  lost: those that lead
    nowhere; that is told elsewhere."""

    found: AbstractSet[Where] = frozenset()
    lost: AbstractSet[Where] = frozenset()


NO_REFERENCES = Resolved()
NOTHING_ELSE: Mapping[Where, AbstractSet[str]] = {}


def validate(
    model: type[M],
    value: Json,
    document: Document,
    where: Where = (),
    *,
    references: Resolved = NO_REFERENCES,
    also: Mapping[Where, AbstractSet[str]] = NOTHING_ELSE,
) -> M | None:
    """The model made of the value, None if it does not fit; then the problems are in the document, one for a place.  also: keys
    that are known beside the model's, by the place where they may stand; for `did you mean`."""
    unread = {problem.path for problem in document.problems}
    try:
        # As JSON, so that text stays text and a list may be a tuple: what the file says, no more.
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place, missing = _place(value, detail)
            if where + place in references.lost or spelled(where + place) in unread:
                continue
            if detail["type"] == "extra_forbidden":
                key, inside = str(place[-1]), place[:-1]
                known = known_keys(model, value, inside) | also.get(inside, frozenset())
                beside = (str(deeper[-1]) for deeper, keys in also.items() if deeper[:-1] == inside and key in keys)
                below = _below(model, value, inside, key) or next(beside, "")
                near = f"; it stands under `{below}`" if below else did_you_mean(key, known)
                document.report(where + place, f"unknown key `{key}`{near}")
            else:
                document.report(where + place, _said(detail, missing, shown=where + place not in references.found))
        return None


def _place(value: Json, detail: ErrorDetails) -> tuple[Where, str]:
    """The part of an error's location that stands in the document (a union's tags do not), and what is missing there."""
    place: Where = ()
    missing = ""
    loc = detail["loc"]
    for index, part in enumerate(loc):
        if isinstance(value, dict) and part in value and not _is_tag(value, loc[index:], missing=detail["type"] == "missing"):
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            missing = str(part)
            continue
        place = (*place, part)
        missing = ""
    return place, missing


def _is_tag(value: dict[str, Json], loc: tuple[int | str, ...], *, missing: bool) -> bool:
    """A tag may be called like a key beside the one that is meant: `header` in {scheme: header, header: X, secrets: []}."""
    if len(loc) < 2 or isinstance(value[str(loc[0])], dict | list):
        return False
    return loc[1] in value or (missing and len(loc) == 2)


def _said(detail: ErrorDetails, missing: str, *, shown: bool) -> str:
    """Our own words; the value itself never stands in them, but for a word of a closed list."""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return f"`{missing}` is missing"
        case "literal_error" | "enum":
            return _unknown("word", detail["input"], str(context.get("expected", "")), shown)
        case "union_tag_invalid":
            what = str(context.get("discriminator", "word")).strip("'")
            return _unknown(what, context.get("tag"), str(context.get("expected_tags", "")), shown)
        case "union_tag_not_found":
            return f"`{str(context.get('discriminator', 'kind')).strip(chr(39))}` is missing"
        case "unknown_form":
            word = next(iter(detail["input"]), "") if isinstance(detail["input"], dict) else ""
            return _unknown("transform", word, str(context.get("known", "")), shown)
        case "string_type":
            return "a text is needed here" + ("; quote it" if isinstance(detail["input"], int | float) else "")
        case "too_short":
            return "at least one is needed here"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "a mapping of keys to values is needed here"
        case "value_error":
            return str(context.get("error", "not allowed"))
        case "wrong_form":
            return detail["msg"]
        case "list_type" | "tuple_type":
            return "a list is needed here: [...]"
        case "int_type" | "int_from_float":
            return "a whole number is needed here, without quotation marks"
        case "bool_type":
            return "true or false is needed here, without quotation marks"
        case "greater_than_equal":
            return f"at least {context['ge']} is needed here"
        case "greater_than":
            return f"more than {context['gt']} is needed here"
        case "less_than_equal":
            return f"at most {context['le']} is needed here"
        case _:
            return detail["msg"].replace("Input should", "the value should").replace("String should", "the text should")


def _unknown(what: str, given: Any, expected: str, shown: bool) -> str:
    """expected: the known words, as pydantic lists them."""
    known = [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
    word = given if isinstance(given, str) else json.dumps(given)
    if not shown or len(word) > 40:
        return f"unknown {what}; known: {', '.join(f'`{w}`' for w in known)}"
    return f"unknown {what} `{word}`{did_you_mean(word, known)}"


# ---------------------------------------------------------------- walking the two side by side


def known_keys(annotation: Any, value: Json, where: Where) -> set[str]:
    """The keys that may stand at this place."""
    known: set[str] = set()
    for leaf, inner, place in _walk(annotation, value, ()):
        if place == where and isclass(leaf) and issubclass(leaf, BaseModel) and isinstance(inner, dict):
            known |= _keys(leaf)
    return known


def _below(annotation: Any, value: Json, where: Where, key: str) -> str:
    """Where a key belongs that stands one level too high: `mode` of a system stands under `target`."""
    for leaf, inner, place in _walk(annotation, value, ()):
        if place == where and isclass(leaf) and issubclass(leaf, BaseModel) and isinstance(inner, dict):
            for name, field in leaf.model_fields.items():
                if any(key in _keys(model) for model in _models(field.annotation)):
                    return field.alias or name
    return ""


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a value of this type may be, itself."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Annotated, Union, types.UnionType):
        for arm in get_args(annotation):
            yield from _models(arm)


def secret_places(annotation: Any, value: Json, where: Where = ()) -> set[Where]:
    """Where a text stands in a field that is a secret."""
    return {
        place
        for leaf, inner, place in _walk(annotation, value, where)
        if isclass(leaf) and issubclass(leaf, SecretStr | SecretBytes) and isinstance(inner, str)
    }


def _walk(annotation: Any, value: Json, where: Where) -> Iterator[tuple[Any, Json, Where]]:
    """Every plain type of the annotation with the value that stands under it.  Of a union the arms that the value's own words
    (`scheme: hmac`) do not rule out."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _walk(get_args(annotation)[0], value, where)
    elif origin in (Union, types.UnionType):
        for arm in get_args(annotation):
            yield from _walk(arm, value, where)
    elif origin is not None and isinstance(value, list):
        for inner in get_args(annotation)[:1]:
            for index, element in enumerate(value):
                yield from _walk(inner, element, (*where, index))
    elif origin is not None and isinstance(value, dict):
        for inner in get_args(annotation)[1:2]:
            for key, element in value.items():
                yield from _walk(inner, element, (*where, key))
    else:
        yield annotation, value, where
        if isclass(annotation) and issubclass(annotation, BaseModel) and isinstance(value, dict) and _may_be(annotation, value):
            for name, field in annotation.model_fields.items():
                key = field.alias or name
                if key in value:
                    yield from _walk(field.annotation, value[key], (*where, key))


def _may_be(model: type[BaseModel], value: dict[str, Json]) -> bool:
    """False if a field of the model is one word and the value has another."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        if len(words) == 1 and key in value and value[key] not in words:
            return False
    return True
