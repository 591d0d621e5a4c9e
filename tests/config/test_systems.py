"""`systems.yaml`: shared keys, the connector's own, secrets and references."""

from __future__ import annotations

import pytest

from connectors.contract import Budget
from connectors.registry import CONNECTORS
from worker.config.system import BudgetHeaders, Handshake, Retry
from worker.core.signature import Hmac, StandardWebhooks, StaticHeader


def entry(text: str, name: str = "s") -> str:
    return f"version: 1\nsystems:\n  {name}:\n    connector: fake\n" + "".join(f"    {line}\n" for line in text.splitlines())


def test_what_is_left_out_has_a_default(folder):
    """The connector's capabilities give the budget and the late window; all else is the product's."""
    system = folder.write(systems=entry("")).load().systems["s"]
    assert (system.name, system.connector, system.source, system.verify, system.mode) == ("s", "fake", None, None, "apply")
    assert (system.budget, system.late_window, system.share) == (Budget(10, 1.0), 7.0, "s")
    assert system.budget_headers == BudgetHeaders("X-Left", "X-Reset", "epoch")
    assert (system.deadline, system.in_flight, system.min_interval, system.max_age) == (15.0, 8, 0.25, None)
    assert system.retry == Retry(1.0, 900.0, 30, 259200.0)
    assert system.looks is False
    assert system.base_url == "https://fake.example"


def test_what_is_said_goes_before_the_default(folder):
    """Every shared key."""
    (folder.path / "ca.pem").write_text("x")
    text = """
        ca: ca.pem
        budget: {calls: 600, per: 1m, share: both, headers: {remaining: A, reset: B, reset_is: seconds}}
        deadline: 3s
        late_window: 1s
        in_flight: 2
        min_interval: 0ms
        retry: {first: 2s, tries: 3}
        max_age: 7d
        target: {mode: observe}
        source: {verify: {secrets: ["${SECRET}"]}, handshake: {get: x-challenge, answer: verification}}
    """
    system = folder.write(systems=entry("\n".join(line.strip() for line in text.strip().splitlines()))).load().systems["s"]
    assert (system.budget, system.share) == (Budget(600, 60.0), "both")
    assert system.budget_headers == BudgetHeaders("A", "B", "seconds")
    assert (system.deadline, system.late_window, system.in_flight, system.min_interval) == (3.0, 1.0, 2, 0.0)
    assert system.retry == Retry(2.0, 900.0, 3, 259200.0)
    assert (system.max_age, system.mode, system.ca) == (604800.0, "observe", folder.path / "ca.pem")
    assert system.handshake == Handshake("x-challenge", "verification")
    assert system.acknowledge == 204


@pytest.mark.parametrize(
    ("verify", "kind"),
    [
        ("{secrets: ['${SECRET}']}", StaticHeader([b"s3cr3t"], "X-Fake")),
        (
            "{scheme: header, header: X-Other, secrets: ['${SECRET}', '${ONELOGIN_ID}']}",
            StaticHeader([b"s3cr3t", b"id"], "X-Other"),
        ),
        (
            "{scheme: hmac, header: X-S, encoding: base64, prefix: v0=, timestamp_header: X-T, signed: '{timestamp}.{body}', "
            "tolerance: 1m, secrets: ['${SECRET}']}",
            Hmac([b"s3cr3t"], "X-S", "sha256", "base64", "v0=", "X-T", "{timestamp}.{body}", 60.0),
        ),
        (
            "{scheme: hmac, header: X-S, id_header: X-D, over: json, secrets: ['${SECRET}']}",
            Hmac([b"s3cr3t"], "X-S", id_header="X-D", over="json"),
        ),
        ("{id_header: X-D, secrets: ['${SECRET}']}", StaticHeader([b"s3cr3t"], "X-Fake", "X-D")),
    ],
)
def test_the_signature_schemes(folder, verify, kind):
    """The connector's own scheme needs only its secrets; another one is written out."""
    system = folder.write(systems=entry(f"source: {{verify: {verify}}}")).load().systems["s"]
    assert system.verifier() == kind


def test_standard_webhooks_keys_are_decoded(folder):
    """The secret is `whsec_` and base64; what is none is an error of the load, which does not show it."""
    made = folder.write(systems=entry("source: {verify: {scheme: standard-webhooks, secrets: ['${HR_SECRET}']}}")).load()
    assert isinstance(made.systems["s"].verify, StandardWebhooks)
    folder.environ["HR_SECRET"] = "s3cr3t!"
    (problem,) = folder.problems()
    assert problem.startswith("systems.yaml:5:14: systems.s.source.verify: a Standard Webhooks secret")
    assert "s3cr3t" not in problem


def test_no_secret_in_a_repr(folder):
    """Configurations end in tracebacks."""
    folder.write(
        systems=entry('credentials: {client_id: x, client_secret: "${SECRET}"}\nsource: {verify: {secrets: ["${SECRET}"]}}')
    )
    assert "s3cr3t" not in repr(folder.load())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "credentials: {client_id: x, client_secret: s3cr3t}",
            "systems.yaml:5:33: systems.s.credentials.client_secret: a secret is never written",
        ),
        (
            "source: {verify: {secrets: [s3cr3t]}}",
            "systems.yaml:5:33: systems.s.source.verify.secrets[0]: a secret is never written",
        ),
        ('deadline: "${SECRET}"', "systems.yaml:5:5: systems.s.deadline: a duration is"),
        ('target: {mode: "${SECRET}"}', "systems.yaml:5:14: systems.s.target.mode: unknown word; known: `apply`, `observe`"),
        ('base_url: "x${SECRET}"', "systems.yaml:5:5: systems.s.base_url: a reference is the whole value"),
        (
            'base_url: "${SECRIT}"',
            "systems.yaml:5:5: systems.s.base_url: the environment variable SECRIT is not set - did you mean `SECRET`?",
        ),
        ('deadline: "${NOWHERE}"', "systems.yaml:5:5: systems.s.deadline: the environment variable NOWHERE is not set"),
        ('base_url: "${EMPTY}"', "systems.yaml:5:5: systems.s.base_url: the environment variable EMPTY is empty"),
        ('base_url: "file:nowhere"', "systems.yaml:5:5: systems.s.base_url: the file FOLDER/nowhere: No such file"),
        ('base_url: "file:empty"', "systems.yaml:5:5: systems.s.base_url: the file FOLDER/empty is empty"),
        ('base_url: "file:binary"', "systems.yaml:5:5: systems.s.base_url: the file FOLDER/binary is not UTF-8"),
        ("base_ulr: x", "systems.yaml:5:5: systems.s.base_ulr: unknown key `base_ulr` - did you mean `base_url`?"),
        ("deadlin: 3s", "systems.yaml:5:5: systems.s.deadlin: unknown key `deadlin` - did you mean `deadline`?"),
        ("budget: {cals: 1, per: 1s}", "systems.yaml:5:14: systems.s.budget.cals: unknown key `cals` - did you mean `calls`?"),
        ("budget: {calls: 1}", "systems.yaml:5:5: systems.s.budget: `calls` and `per` go together"),
        ("budget: {calls: 0, per: 1s}", "systems.yaml:5:14: systems.s.budget.calls: more than 0 is needed here"),
        ("deadline: 0s", "systems.yaml:5:5: systems.s.deadline: a duration above zero"),
        ("deadline: 15", "systems.yaml:5:5: systems.s.deadline: a duration is a whole number and a unit"),
        ("in_flight: '8'", "systems.yaml:5:5: systems.s.in_flight: a whole number is needed here, without quotation marks"),
        ("source: {verify: {secrets: '${SECRET}'}}", "systems.yaml:5:23: systems.s.source.verify.secrets: a list is needed here"),
        ("mode: observe", "systems.yaml:5:5: systems.s.mode: unknown key `mode`; it stands under `target`"),
        ("Deadline: 5s", "systems.yaml:5:5: systems.s.Deadline: unknown key `Deadline` - did you mean `deadline`?"),
        ("max_age: nevr", "systems.yaml:5:5: systems.s.max_age: a duration is"),
        ("retry: {tries: 0}", "systems.yaml:5:13: systems.s.retry.tries: at least 1 is needed here"),
        ("target: {mod: apply}", "systems.yaml:5:14: systems.s.target.mod: unknown key `mod` - did you mean `mode`?"),
        ("target: {mode: aply}", "systems.yaml:5:14: systems.s.target.mode: unknown word `aply` - did you mean `apply`?"),
        ("ca: nowhere.pem", "systems.yaml:5:5: systems.s.ca: there is no file nowhere.pem"),
        ("source: {}", "systems.yaml:5:5: systems.s.source.verify: `secrets` is missing"),
        (
            "source: {verify: {scheme: hmca, secrets: ['${SECRET}']}}",
            "systems.yaml:5:14: systems.s.source.verify: unknown scheme `hmca` - did you mean `hmac`?",
        ),
        (
            "source: {verify: {scheme: hmac, secrets: ['${SECRET}']}}",
            "systems.yaml:5:14: systems.s.source.verify: `header` is missing",
        ),
        ("source: {verify: {secrets: []}}", "systems.yaml:5:23: systems.s.source.verify.secrets: at least one is needed"),
        (
            "source: {verify: {secrets: ['${SECRET}']}, hanshake: {get: a}}",
            "systems.yaml:5:48: systems.s.source.hanshake: unknown key `hanshake` - did you mean `handshake`?",
        ),
        (
            "source: {verify: {secrets: ['${SECRET}']}, keep: 'event.'}",
            "systems.yaml:5:48: systems.s.source.keep: at character 7: it ends too early",
        ),
        (
            "source: {verify: {id_header: x-fake, secrets: ['${SECRET}']}}",
            "systems.yaml:5:14: systems.s.source.verify: `id_header` must be another header",
        ),
        (
            "source: {verify: {scheme: hmac, header: X, signed: '{timestamp}', secrets: ['${SECRET}']}}",
            "systems.yaml:5:14: systems.s.source.verify: `signed` must contain {body} once",
        ),
        (
            "source: {verify: {secrets: ['${SECRET}']}, poll: 5m}",
            "systems.yaml:5:48: systems.s.source.poll: a system of kind `fake` lists nothing that could be polled",
        ),
        (
            "source: {verify: {secrets: ['${SECRET}']}, poll: 9s}",
            "systems.yaml:5:48: systems.s.source.poll: a feed is read every 10s at most",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(folder, text, problem):
    """File, line, column, path, the nearest known word, and never the value of a secret."""
    folder.environ["EMPTY"] = ""
    (folder.path / "empty").write_text("\n")
    (folder.path / "binary").write_bytes(b"\xff")
    problems = folder.write(systems=entry(text)).problems()
    assert any(p.startswith(problem.replace("FOLDER", str(folder.path))) for p in problems), problems
    assert len(problems) == 1, problems
    assert "s3cr3t" not in " ".join(problems)


def test_all_problems_of_all_files_at_once(folder):
    """A tired operator mends them in one go."""
    folder.write(
        systems=(
            "version: 2\nsystems:\n  a: {connector: fak}\n  b: {connector: fake, deadlin: 1s, base_url: 7}\n  'c d': "
            "{connector: fake}\n  e: 7\n  outbox: {connector: fake}"
        ),
        hr="version: 1\nsource: a\nwhen: 'x +'\ntargets: {x: {account: {find: email, by: email}, attributes: {d: {from: a..b}}}}",
        other="version: 1\nsorce: a",
        authority="version: 1\nauthority: {b: {d: newst}}",
    )
    (folder.path / "old.yml").write_text("version: 1")
    problems = folder.problems()
    for expected in (
        "authority.yaml:2:17: authority.b.d: a list of all writers is needed here, as [hr, payroll], or newest",
        "hr.yaml:3:1: when: ",
        "hr.yaml:4:11: targets.x: unknown system `x`",
        "hr.yaml:4:38: targets.x.account.by: `by` is a path that begins with `subject.` or `attributes.`",
        "hr.yaml:4:67: targets.x.attributes.d.from: an attribute name expected at character 3",
        "old.yml: would not be read; rename it to .yaml",
        "other.yaml:1:1: `source` is missing",
        "other.yaml:2:1: sorce: unknown key `sorce` - did you mean `source`?",
        "systems.yaml:1:1: version: `version: 1` is needed here",
        "systems.yaml:3:7: systems.a.connector: unknown connector `fak` - did you mean `fake`?",
        "systems.yaml:4:24: systems.b.deadlin: unknown key",
        "systems.yaml:4:37: systems.b.base_url: a text is needed here; quote it",
        "systems.yaml:5:3: systems.c d: `c d` cannot be the name of a system",
        "systems.yaml:6:3: systems.e: an entry is a mapping",
        "systems.yaml:7:3: systems.outbox: `outbox` cannot be the name of a system",
    ):
        assert any(p.startswith(expected) for p in problems), (expected, problems)
    assert problems == sorted(problems, key=lambda p: p.split(":")[0]), "in the order of the files"


def test_a_missing_folder_or_file_is_named(folder):
    """Not a traceback."""
    assert folder.problems()[0].startswith("systems.yaml: not found in")
    folder.path = folder.path / "nowhere"
    assert "no such folder" in folder.problems()[0]


def test_systems_with_one_credential_have_one_budget(folder):
    """Two budgets for one credential would each let through what the other counts."""
    a, b = "{connector: fake, budget: {share: x, calls: 1, per: 1s}}", "{connector: fake, budget: {share: x}}"
    text = f"version: 1\nsystems:\n  a: {a}\n  b: {b}\n"
    (problem,) = folder.write(systems=text).problems()
    assert problem.startswith("systems.yaml:4:24: systems.b.budget: it shares the credential `x` with `a`")


def test_a_file_reference_is_relative_to_the_folder_and_loses_one_newline(folder):
    """Secrets as files, as containers mount them."""
    (folder.path / "token").write_text("s3cr3t\n")
    system = folder.write(systems=entry('source: {verify: {secrets: ["file:token"]}}')).load().systems["s"]
    assert system.verifier() == StaticHeader([b"s3cr3t"], "X-Fake")


@pytest.mark.parametrize(("text", "seconds"), [("", None), (", poll: never", None), (", poll: 5m", 300.0), (", poll: 10s", 10.0)])
def test_a_feed_is_polled_as_often_as_is_said(folder, text, seconds):
    """Never, unless it is said; of a system that has a feed, `onelogin` for one."""
    folder.connectors = CONNECTORS
    source = "{verify: {secrets: ['${SECRET}']}" + text + "}"
    credentials = "{client_id: x, client_secret: '${SECRET}'}"
    system = "version: 1\nsystems:\n  s:\n    connector: onelogin\n    base_url: https://acme.onelogin.com\n"
    loaded = folder.write(systems=f"{system}    credentials: {credentials}\n    source: {source}\n").load()
    assert loaded.systems["s"].poll == seconds
