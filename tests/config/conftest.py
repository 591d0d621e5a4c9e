"""A folder of configuration, and connectors of every ability, for the tests of the loader."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from connectors.contract import (
    Account,
    Authentication,
    Budget,
    Call,
    Capabilities,
    Carries,
    Compiler,
    Definition,
    Element,
    Flow,
    Found,
    Json,
    NoAccount,
    Refused,
    Request,
    Said,
    Secret,
    Token,
    Wire,
)
from connectors.registry import CONNECTORS
from worker.config import Configuration, ConfigurationError, load


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Credentials(Model):
    client_id: str
    client_secret: Secret


class SourceHalf(Model):
    carries: Carries = "changes"
    keep: str = "true"


class Settings(Model):
    """able: what the system can do, so that a test can choose it in YAML."""

    base_url: str = "https://fake.example"
    credentials: Credentials | None = None
    able: dict[str, Any] = {}
    source: SourceHalf | None = None


class Static:
    def obtain(self) -> Flow[Token] | None:
        return None

    def sign(self, request: Request, token: Token | None) -> None:
        """Nothing to prove."""


class FakeTarget:
    authentication: Authentication = Static()

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    def find(self, key: str, value: str) -> Flow[Sequence[Found]]:
        raise NotImplementedError

    def read(self, account: str) -> Flow[Account]:
        raise NotImplementedError

    def write(self, account: str, changes: Mapping[str, Json], before: Account | None = None) -> Sequence[Call]:
        if "refused" in changes:
            raise Refused("no such attribute here", "refused")
        if "gone" in changes:
            raise NoAccount("not there")
        return ()

    def definitions(self) -> Flow[Sequence[Definition]]:
        raise NotImplementedError


class FakeSource:
    acknowledge = 204

    def __init__(self, carries: Carries) -> None:
        self.carries = carries

    def split(self, body: Json) -> Sequence[Element]:
        return [body]

    def read(self, element: Element) -> Said:
        return Said({"id": "1"}, carries=self.carries)


class Fake:
    """A system of any ability: `able` in its entry says which."""

    name = "fake"
    settings: type[BaseModel] = Settings
    verify: Mapping[str, Json] | None = {"scheme": "header", "header": "X-Fake"}
    budget_headers: Mapping[str, str] | None = {"remaining": "X-Left", "reset": "X-Reset", "reset_is": "epoch"}
    base = Capabilities(finds=frozenset({"email", "external_id"}), budget=Budget(10, 1.0), late_window=7.0)

    def target(self, settings: BaseModel, compiler: Compiler) -> FakeTarget:
        assert isinstance(settings, Settings)
        able: dict[str, Any] = {
            name: frozenset(value) if isinstance(value, list) else value for name, value in settings.able.items()
        }
        if "wire" in able:
            able["wire"] = Wire(able["wire"])
        return FakeTarget(dataclasses.replace(self.base, **able))

    def source(self, settings: BaseModel, compiler: Compiler) -> FakeSource | None:
        assert isinstance(settings, Settings)
        if settings.source is None:
            return None
        compiler.condition(settings.source.keep)
        return FakeSource(settings.source.carries)


class Looker(Fake):
    """What the examples need of a system whose connector comes later."""

    name = "looker"
    base = Capabilities(finds=frozenset({"email"}), wire=Wire.TEXT, clears=True)


ENVIRON = {
    "HR_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "SECRET": "s3cr3t",
    "ONELOGIN_ID": "id",
    "LOOKER_ID": "id",
}


@pytest.fixture
def connectors() -> Mapping[str, Any]:
    """The real connectors, and the fakes."""
    return {**CONNECTORS, "fake": Fake(), "looker": Looker()}


class Folder:
    """A folder that a test writes into and loads."""

    def __init__(self, path: Path, connectors: Mapping[str, Any]) -> None:
        self.path, self.connectors = path, connectors
        self.environ = dict(ENVIRON)

    def write(self, **files: str) -> Folder:
        """`systems="..."` writes systems.yaml."""
        for name, text in files.items():
            (self.path / f"{name}.yaml").write_text(textwrap.dedent(text))
        return self

    def load(self) -> Configuration:
        return load(self.path, self.environ, self.connectors)

    def problems(self) -> list[str]:
        """What is wrong, each as it is shown; the load must fail."""
        with pytest.raises(ConfigurationError) as raised:
            self.load()
        return [str(problem) for problem in raised.value.problems]

    def warnings(self) -> list[str]:
        return [str(problem) for problem in self.load().warnings]


@pytest.fixture
def folder(tmp_path: Path, connectors: Mapping[str, Any]) -> Folder:
    return Folder(tmp_path, connectors)


SOURCE = "source: {verify: {secrets: ['${SECRET}']}}"


@pytest.fixture
def two(folder: Folder) -> Callable[..., Folder]:
    """A folder with a source `hr` and a target `one`; the arguments are YAML: rules, more of the systems, more of the mapping."""

    def make(rules: str, *, hr: str = SOURCE, one: str = "", when: str = "", cases: str = "[]", more: str = "") -> Folder:
        return folder.write(
            systems=f"version: 1\nsystems:\n  hr: {{connector: fake, {hr}}}\n  one: {{connector: fake, {one}}}\n{more}",
            hr=(
                f"version: 1\nsource: hr\n{when}\ntargets:\n  one:\n    account: {{find: email, by: subject.email}}\n"
                f"    attributes:\n{textwrap.indent(textwrap.dedent(rules).strip(), '      ')}\ncases: {cases}\n"
            ),
        )

    return make
