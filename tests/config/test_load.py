"""A folder as a whole: revision, who looks, what goes round."""

from __future__ import annotations

import pytest

from worker.config import ConfigurationError, inspect, load
from worker.config.reference import MISSING
from worker.core.signature import Fault

HINT = "source: {carries: hint, verify: {secrets: ['${SECRET}']}}"
SOURCE = "source: {verify: {secrets: ['${SECRET}']}}"
BACK = """
version: 1
source: one
targets:
  other:
    account: {find: email, by: subject.email}
    attributes: {x: a, y: {value: attributes.b + attributes.c}}
  third:
    account: {find: id, by: subject.id}
    attributes: {x: d}
"""
MORE = "  other: {connector: fake}\n  third: {connector: fake}\n"


def test_the_revision_is_of_what_was_understood(two):
    """Comments and layout do not change it; a rule does; a secret does not enter it."""
    folder = two("a: x")
    revision = folder.load().revision
    path = folder.path / "hr.yaml"
    text = path.read_text()
    path.write_text("# a comment\n" + text.replace("a: x", "a:   x"))
    folder.environ["SECRET"] = "another"
    assert folder.load().revision == revision
    path.write_text(text.replace("a: x", "a: y"))
    assert folder.load().revision != revision


def test_targets_and_sources(two):
    """A system is a target when a mapping names it, a source when its entry has that half."""
    configuration = two("a: x", more=MORE).load()
    assert configuration.targets == {"one"}
    assert configuration.sources == {"hr"}
    assert configuration.mappings.keys() == {"hr"}


def test_what_a_system_says_that_is_also_a_target_is_a_hint(two):
    """And so is what a source says that sends nothing else; a source that is only read is believed."""
    systems = two("a: x", one=SOURCE, more=f"  quiet: {{connector: fake, {HINT}}}\n").load().systems
    assert {name: system.looks for name, system in systems.items()} == {"hr": False, "one": True, "quiet": True}


def test_two_way_attributes_are_those_that_its_mapping_reads(two):
    """Of a system whose accounts we look at; what is read together with another attribute needs the whole account."""
    folder = two("z: x", one=SOURCE, more=MORE).write(one=BACK)
    configuration = folder.load()
    assert configuration.two_way == {"one": {"a", "b", "c", "d"}}
    assert configuration.relay_needs == {"one": {"a", "b", "c"}}, (
        "`a` goes where the account is found by its e-mail; `d` by its id"
    )


def test_a_condition_is_read_with_every_rule(two):
    """Who comes into scope must be seen, and nothing of a relay is in scope without what `when` reads."""
    folder = two("z: x", one=SOURCE, more=MORE).write(one=BACK.replace("source: one", "source: one\nwhen: attributes.w == 1"))
    configuration = folder.load()
    assert configuration.two_way == {"one": {"a", "b", "c", "d", "w"}}
    assert configuration.relay_needs == {"one": {"a", "b", "c", "d", "w"}}


def test_a_source_that_is_believed_has_no_two_way_attributes(two):
    """Nobody looks at its accounts."""
    configuration = two("a: x").load()
    assert configuration.two_way == {}
    assert configuration.relay_needs == {}


def test_other_files_do_not_disturb(two):
    """A README, a folder, a hidden file."""
    folder = two("a: x")
    (folder.path / "README.md").write_text("# x")
    (folder.path / ".hidden.yaml").write_text("{")
    (folder.path / "old.yaml").mkdir()
    folder.load()


def test_without_secrets_it_can_be_looked_over_and_opens_nothing(two):
    """The same revision, and what is missing by its place; but no webhook fits what stands in, and it cannot be loaded to run."""
    folder = two("a: x", one="credentials: {client_id: '${ID}', client_secret: '${SECRET}'}")
    given = {"SECRET": "s3cr3t", "ID": "id"}
    whole, nothing_missing = inspect(folder.path, given, folder.connectors)
    assert nothing_missing == []
    configuration, missing = inspect(folder.path, {}, folder.connectors)
    assert [problem.text for problem in missing] == [
        "the environment variable SECRET is not set", "the environment variable ID is not set",
        "the environment variable SECRET is not set",
    ]  # fmt: skip
    assert (configuration.revision, configuration.warnings) == (whole.revision, whole.warnings)
    for secret in ("s3cr3t", MISSING):
        said = [(b"x-fake", secret.encode())]
        assert (whole.systems["hr"].verifier().verify(said, b"", 0) is Fault.SIGNATURE) == (secret == MISSING)
        assert configuration.systems["hr"].verifier().verify(said, b"", 0) is Fault.SIGNATURE
    with pytest.raises(ConfigurationError) as failed:
        load(folder.path, {}, folder.connectors)
    assert list(failed.value.problems) == missing
