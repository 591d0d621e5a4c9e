"""What a sandbox begins with, as plain JSON: the keyword arguments of its class, read by their annotations."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, create_model

from connectors.contract import Json

S = TypeVar("S")


class UnfitSeed(Exception):
    """The JSON is no seed of this sandbox.  The text names each place and never a value."""


def made(sandbox: Callable[..., S], seed: Mapping[str, Json]) -> S:
    """A sandbox that begins with this seed.  An argument that is a dataclass is an object in the seed; its annotation says of
    which class.  Raises UnfitSeed."""
    model = _model(sandbox)
    try:
        given = model.model_validate_json(json.dumps(seed), strict=True)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise UnfitSeed("; ".join(_told(each, model) for each in problems)) from None
    try:
        return sandbox(**{name: getattr(given, name) for name in given.model_fields_set})
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # Accounts are JSON as the system shows it, and what a sandbox needs of one, only the sandbox knows.
        raise UnfitSeed(f"an account is not as this system shows one ({type(error).__name__}): does each have its id?") from None


def number_of(account: Mapping[str, Json], name: str = "id") -> int:
    """The id of an account, at systems that number theirs.  Raises LookupError, TypeError."""
    number = account[name]
    if not isinstance(number, int):
        raise TypeError(f"{name} is an integer")
    return number


def object_of(account: Mapping[str, Json], name: str) -> dict[str, Json]:
    """What an account holds below this name; nothing where it is absent or null.  Raises TypeError."""
    inside = account.get(name) or {}
    if not isinstance(inside, dict):
        raise TypeError(f"{name} is an object")
    return inside


def _model(sandbox: Callable[..., Any]) -> type[BaseModel]:
    """The parameters as fields, except for functions, which JSON cannot hold.  Our `Json` refers to itself, which pydantic cannot
    resolve: its own `JsonValue` stands in."""
    kinds = get_type_hints(sandbox.__init__ if inspect.isclass(sandbox) else sandbox, localns={"Json": JsonValue})
    fields: dict[str, Any] = {
        name: (kinds[name], Field(... if parameter.default is parameter.empty else None))
        for name, parameter in inspect.signature(sandbox).parameters.items()
        if get_origin(kinds[name]) is not Callable
    }
    return create_model("Seed", __config__=ConfigDict(extra="forbid", hide_input_in_errors=True), **fields)


def _told(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    place = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1:
        return f"{place}: there is no such key; known are {', '.join(model.model_fields)}"
    return f"{place}: {problem['msg']}"
