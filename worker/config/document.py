"""One YAML document, strictly: scalars are JSON's, keys are text and stand once, and every value knows its place.

Nothing of YAML that has a second meaning is read: no anchor, alias, tag, merge key, second document.  Numbers are JSON's
(RFC 8259 section 6) and everything else is text: `010442`, `no`, `on` and `2026-01-01` are text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import yaml

from connectors.contract import Json
from worker.config import unreadable
from worker.config.problem import Problem, Where, spelled

DEEPEST = 32
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Mark:
    """line, column: from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """value: what it says, None if it could not be read.  places: where each key, and each element of a list, stands."""

    file: str
    value: Json = None
    places: dict[Where, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def mark(self, where: Where) -> Mark:
        """The place of this or, where it does not stand in the file, of what it would stand in."""
        while where and where not in self.places:
            where = where[:-1]
        return self.places.get(where, Mark(1, 1))

    def problem(self, where: Where, text: str) -> Problem:
        mark = self.mark(where)
        return Problem(self.file, mark.line, mark.column, spelled(where), text)

    def report(self, where: Where, text: str) -> None:
        self.problems.append(self.problem(where, text))

    def place(self, where: Where) -> str:
        """`hr.yaml:12`"""
        return f"{self.file}:{self.mark(where).line}"


def read(file: str, content: bytes) -> Document:
    """The document in a file.  What is wrong with it is in `problems`."""
    document = Document(file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        document.problems.append(Problem(file, line, 1, "", "not UTF-8; save the file as UTF-8"))
        return document
    try:
        _Composer(text, document).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        document.problems.append(Problem(file, *place, "", unreadable.said(error)))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.problems.append(Problem(file, line, 1, "", "a character that YAML does not allow"))
    return document


def _mark(event: yaml.Event) -> Mark:
    assert event.start_mark is not None, "the parser marks every event"
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


class _Composer:
    """Events of the parser become JSON values, with their places."""

    def __init__(self, text: str, document: Document) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.document = document

    def compose(self) -> None:
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.complain(event, (), "a second document; one file is one document")
                    return
                if event.version or event.tags:
                    self.complain(event, (), "a directive; leave it out")
            elif isinstance(event, yaml.NodeEvent):
                self.document.value = self.node(event, ())
        if not documents:
            self.document.problems.append(Problem(self.document.file, 0, 0, "", "the file is empty"))

    def complain(self, event: yaml.Event, where: Where, text: str) -> None:
        mark = _mark(event)
        self.document.problems.append(Problem(self.document.file, mark.line, mark.column, spelled(where), text))

    def node(self, event: yaml.NodeEvent, where: Where) -> Json:
        self.document.places.setdefault(where, _mark(event))
        if isinstance(event, yaml.AliasEvent):
            self.complain(event, where, "an alias (`*`); write the value out, or quote a text that begins with `*`")
            return None
        if event.anchor is not None:
            self.complain(event, where, "an anchor (`&`); write the value out, or quote a text that begins with `&`")
        if event.tag is not None:  # type: ignore[attr-defined]
            self.complain(event, where, "a tag (`!`); leave it out, or quote a text that begins with `!`")
            if isinstance(event, yaml.ScalarEvent):
                return None
        if len(where) >= DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST}", problem_mark=cast("yaml.Mark", event.start_mark))
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(where)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(where)
        assert isinstance(event, yaml.ScalarEvent)
        return self.scalar(event, where)

    def sequence(self, where: Where) -> Json:
        values: list[Json] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            assert isinstance(event, yaml.NodeEvent)
            values.append(self.node(event, (*where, len(values))))
        return values

    def mapping(self, where: Where) -> Json:
        values: dict[str, Json] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, where)
            if key in values:
                self.complain(event, (*where, key), "this key stands here twice; one of the two must go")
            self.document.places.setdefault((*where, key), _mark(event))
            value = next(self.events)
            assert isinstance(value, yaml.NodeEvent)
            values[key] = self.node(value, (*where, key))
        return values

    def key(self, event: yaml.Event, where: Where) -> str:
        """Keys are text, however they look."""
        if not isinstance(event, yaml.ScalarEvent):
            self.complain(event, where, "a key must be text")
            assert isinstance(event, yaml.NodeEvent)
            return str(self.node(event, (*where, "?")) is None)
        if event.anchor is not None or event.tag is not None:
            self.complain(event, where, "an anchor or a tag at a key; leave it out, or quote the key")
        if event.value == "<<" and event.style is None:
            self.complain(event, where, "a merge key (`<<`); write the keys out")
        return self.text(event, where)

    def text(self, event: yaml.ScalarEvent, where: Where) -> str:
        text: str = event.value
        if any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
            self.complain(event, where, "a character that is none (a NUL, or half of a pair); write the character itself")
            return "?"
        return text

    def scalar(self, event: yaml.ScalarEvent, where: Where) -> Json:
        text = self.text(event, where)
        if event.style is not None:
            return text
        if text == "":
            self.complain(event, where, 'a value is missing; write null, or "" for empty text')
            return None
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text) and len(text) <= 400:
            number: Json = json.loads(text)
            if isinstance(number, float) and math.isinf(number):
                self.complain(event, where, "a number that is too large")
            return number
        return text
