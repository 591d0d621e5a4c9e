"""Configurations as people write them load, and their cases pass."""

from __future__ import annotations

from pathlib import Path

from worker.config import run_cases
from worker.core.mapping import Facts, SearchKey, route
from worker.core.rules import NoAccount

HR_AND_LOOKER = """
version: 1
systems:
  hr:
    connector: http
    source:
      verify: {scheme: standard-webhooks, secrets: ["${HR_SECRET}", "file:hr_old"], tolerance: 5m}
      event: {id: id, time: occurred_at, subject: {id: employee.id, email: employee.email}, attributes: employee}
      carries: changes
  onelogin:
    connector: onelogin
    base_url: https://acme.onelogin.com
    credentials: {client_id: "${ONELOGIN_ID}", client_secret: "file:onelogin"}
    budget: {calls: 5000, per: 1h}
    source: {verify: {scheme: header, header: Authorization, secrets: ["file:onelogin_hook"]}}
  looker:
    connector: looker
    base_url: "https://acme.cloud.looker.com"
    credentials: {client_id: "${LOOKER_ID}", client_secret: "file:looker"}
"""

MAPPING = """
version: 1
source: hr
when: '!has(attributes.employment) || attributes.employment != "contractor"'
targets:
  onelogin:
    account: [{find: external_id, by: subject.id}, {find: email, by: subject.email, fold: case}]
    on_no_account: {wait: 24h, then: park}
    attributes:
      custom_attributes.employee_number: {from: number, write: once}
      department:
        {from: department, transform: [trim, {lookup: {"R&D": Research, OPS: Operations}, default: Other}], on_null: clear}
      title: job_title
  looker:
    account: [{find: email, by: subject.email, fold: case}]
    on_no_account: park
    attributes:
      employee_number: {from: number, write: once}
      cost_center: {value: '"10-" + attributes.unit'}
      locale: {constant: de_DE, write: if_empty}
cases:
  - name: a new engineer; Looker already has a number
    given:
      subject: {id: E-1, email: Ana@Example.com}
      attributes: {number: "010442", department: " R&D ", unit: "7"}
      holds: {looker: {employee_number: "9"}}
    expect:
      onelogin: {custom_attributes.employee_number: "010442", department: Research}
      looker: {employee_number: {is: sealed}, cost_center: "10-7", locale: de_DE}
"""


def secrets(folder: Path) -> None:
    for name in ("onelogin", "onelogin_hook", "looker", "okta", "okta_hook"):
        (folder / name).write_text("s3cr3t\n")
    (folder / "hr_old").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")


def test_a_source_and_two_targets(folder):
    """A mapping reads as it is meant: keys in order, policies, an outcome beside values."""
    secrets(folder.path)
    configuration = folder.write(systems=HR_AND_LOOKER, hr=MAPPING).load()
    assert [result.differences for result in run_cases(configuration)] == [()]
    one, looker = route(
        configuration.mappings["hr"], Facts("hr", {"id": "E-1", "email": "A@x"}, {"number": 10442, "department": None})
    )
    assert one.keys == (SearchKey("external_id", "E-1", ""), SearchKey("email", "A@x", "case"))
    assert (one.on_no_account, looker.on_no_account) == (NoAccount(24 * 60 * 60 * 1000, "park"), NoAccount(0, "park"))
    assert [(w.attribute, w.value, w.policy) for w in one.wants] == [
        ("custom_attributes.employee_number", "10442", "once"),
        ("department", None, "always"),
    ]
    assert [(w.attribute, w.value, w.policy) for w in looker.wants] == [
        ("employee_number", "10442", "once"),
        ("locale", "de_DE", "if_empty"),
    ]


OKTA = """
version: 1
systems:
  okta:
    connector: http
    base_url: https://acme.okta.com
    auth: {header: Authorization, prefix: "SSWS ", value: "file:okta"}
    budget: {calls: 600, per: 1m, headers: {remaining: X-Rate-Limit-Remaining, reset: X-Rate-Limit-Reset, reset_is: epoch}}
    account:
      id: id
      find: {email: {get: "/api/v1/users?search=profile.email eq \\"{value}\\"", each: "", holds: profile.email}}
      read: {get: "/api/v1/users/{id}", attributes: profile}
    source:
      verify: {scheme: header, header: Authorization, secrets: ["file:okta_hook"]}
      handshake: {get: x-okta-verification-challenge, answer: verification}
      acknowledge: 200
      each: data.events
      event:
        keep: 'event.eventType == "user.account.update_profile"'
        id: uuid
        time: published
        carries: hint
        subject: {id: 'target[type eq "User"].id', email: 'target[type eq "User"].alternateId'}
    target:
      write: {post: "/api/v1/users/{id}", body: profile, many: true, clear: null}
"""


def test_a_system_described_and_not_programmed(folder):
    """Any JSON API, source and target at once; paths and conditions are compiled at load."""
    secrets(folder.path)
    okta = folder.write(systems=OKTA).load().systems["okta"]
    assert (okta.looks, okta.carries, okta.acknowledge, okta.writable) == (True, "hint", 200, True)
    assert okta.target is not None
    assert okta.target.capabilities.finds == {"email"}
    assert okta.source is not None
    (element,) = okta.source.split(
        {
            "data": {
                "events": [
                    {
                        "eventType": "user.account.update_profile",
                        "uuid": "e1",
                        "published": "2026-11-20T10:00:00.123Z",
                        "target": [{"type": "App", "id": "a"}, {"type": "User", "id": "u", "alternateId": "u@x"}],
                    }
                ]
            }
        }
    )
    said = okta.source.read(element)
    assert (said.subject, said.id, said.carries) == ({"id": "u", "email": "u@x"}, "e1", "hint")


def test_a_mistake_in_a_described_system_is_told_at_its_place(folder):
    """A path that the connector compiles is found again in the file."""
    secrets(folder.path)
    folder.write(systems=OKTA.replace('target[type eq "User"].alternateId', 'target[type eq "User"'))
    assert folder.problems() == [
        "systems.yaml:23:52: systems.okta.source.event.subject.email: `and`, `or` or `]` expected at character 22"
    ]
