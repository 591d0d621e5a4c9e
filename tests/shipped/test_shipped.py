"""The folder `mappings/`, which people start from: it is whole, its cases see each rule, and over the five sandboxes it does what
its comments promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.registry import CONNECTORS
from tests.shipped.shipped import ANA, DAN, FOLDER, KIM, SYSTEMS, Shipped, secrets
from worker.config import inspect, run_cases
from worker.core.outcome import Word
from worker.store.connection import Store

NUMBER = {
    "onelogin": "custom_attributes.employee_number", "descope": "customAttributes.employeeNumber", "tyk": "employee-number",
    "looker": "employee_number",
}  # fmt: skip


# ---------------------------------------------------------------- the folder


def test_whoever_has_no_secret_can_look_it_over() -> None:
    """On a fresh clone it is whole but for the secrets, each a file that compose mounts; every case passes, and all that lint has
    to say is that numbers go round, as the comments tell."""
    configuration, missing = inspect(FOLDER, {}, CONNECTORS)
    named = {problem.text.partition(": ")[0].removeprefix("the file /run/secrets/systems/") for problem in missing}
    assert named == set(secrets())
    assert len(named) == len(missing) == 10
    assert [result for result in run_cases(configuration) if not result.passed] == []
    rings = [str(warning).partition("a ring of systems: ")[2].partition(";")[0] for warning in configuration.warnings]
    assert rings == ["chatwoot -> onelogin -> chatwoot", "descope -> onelogin -> descope"]


def test_it_has_every_system() -> None:
    """All kinds there are; the five are written, and those that can speak do."""
    configuration, _ = inspect(FOLDER, {}, CONNECTORS)
    assert {system.connector for system in configuration.systems.values()} == set(CONNECTORS)
    assert configuration.targets == {*SYSTEMS}
    assert configuration.sources == {*configuration.mappings} == {"hr", *SYSTEMS} - {"looker"}


def test_a_start_writes_nothing() -> None:
    """Every target begins by observing."""
    configuration, _ = inspect(FOLDER, {}, CONNECTORS)
    assert {configuration.systems[name].mode for name in SYSTEMS} == {"observe"}


def test_every_rule_has_a_case() -> None:
    """One that expects a value of it; of `once` also one that is sealed, of `if_empty` one that is ignored."""
    configuration, _ = inspect(FOLDER, {}, CONNECTORS)
    for source, mapping in configuration.mappings.items():
        expected = [case.expect for case in configuration.cases[source]]
        for target in mapping.targets:
            for rule in target.rules:
                said = [each[target.target][rule.attribute] for each in expected if rule.attribute in each.get(target.target, {})]
                assert any(not isinstance(value, Word) for value in said), f"{source}: {target.target} {rule.attribute}"
                if rule.policy == "once":
                    assert Word.SEALED in said, rule.attribute
                if rule.policy == "if_empty":
                    assert Word.IGNORED in said, rule.attribute


# ---------------------------------------------------------------- at work


@pytest.fixture
def shipped(store: Store, tmp_path: Path) -> Shipped:
    return Shipped(store, tmp_path)


async def test_hr_reaches_all_five(shipped: Shipped) -> None:
    """Codes become words, what is empty is filled, a choice stays, and a number that is there already is kept and told."""
    told = await shipped.hr("e1", "E-1", ANA, number="010442", department=" R&D ", job_title="Engineer", unit="7", country="DE")
    assert told == {
        ("onelogin", NUMBER["onelogin"]): "applied", ("onelogin", "department"): "applied", ("onelogin", "title"): "applied",
        ("descope", NUMBER["descope"]): "applied", ("descope", "customAttributes.department"): "applied",
        ("tyk", NUMBER["tyk"]): "applied", ("tyk", "cost-center"): "applied",
        ("looker", NUMBER["looker"]): "sealed", ("looker", "cost_center"): "applied", ("looker", "locale"): "ignored",
        ("chatwoot", "custom_attributes.colleague"): "applied",
    }  # fmt: skip
    assert shipped.held("onelogin", "1001")["department"] == "Research"
    assert shipped.held("descope", "U2ana")["customAttributes"] == {"employeeNumber": "010442", "department": "research"}
    assert shipped.held("chatwoot", "501")["custom_attributes"] == {"colleague": True, "title": "Engineer"}


async def test_a_number_is_written_once(shipped: Shipped) -> None:
    """Whatever HR says later, and also when it takes it away."""
    await shipped.hr("e1", "E-1", ANA, number="010442")
    before = shipped.writes()
    again = await shipped.hr("e2", "E-1", ANA, number="010424")
    assert {again[system, name] for system, name in NUMBER.items()} == {"sealed"}
    gone = await shipped.hr("e3", "E-1", ANA, number=None)
    assert {gone[system, name] for system, name in NUMBER.items()} == {"ignored"}
    assert shipped.writes() == before


@pytest.mark.parametrize(
    ("system", "account", "name"),
    [("onelogin", "1001", "phone"), ("descope", "U2ana", "phone"), ("chatwoot", "501", "phone_number")],
)
async def test_a_phone_travels_from_each_to_the_others(shipped: Shipped, system: str, account: str, name: str) -> None:
    """One write at each of the two others; corrected once more, likewise; HR, which only fills a gap, does not undo it."""
    for turn, phone in enumerate(("+442079460001", "+442079460002"), 1):
        await shipped.person(system, account, **{name: phone})
        held = [shipped.held("onelogin", "1001")["phone"], shipped.held("descope", "U2ana")["phone"]]
        assert [*held, shipped.held("chatwoot", "501")["phone_number"]] == [phone] * 3
        assert shipped.writes() == 2 * turn
    told = await shipped.hr("e1", "E-1", ANA, phone="+49301234567")
    assert told["onelogin", "phone"] == "ignored"
    assert shipped.held("descope", "U2ana")["phone"] == "+442079460002"


async def test_hr_has_the_say_on_titles(shipped: Shipped) -> None:
    """What somebody changes against it is put back; of whom HR has never spoken it stays, and goes on to the help desk."""
    await shipped.hr("e1", "E-1", ANA, job_title="Engineer")
    await shipped.person("onelogin", "1001", title="Queen")
    assert shipped.held("onelogin", "1001")["title"] == "Engineer"
    assert shipped.held("chatwoot", "501")["custom_attributes"]["title"] == "Engineer"
    contractor = await shipped.hr("e2", "C-7", KIM, employment="contractor", job_title="Guest")
    assert set(contractor.values()) == {"ignored"}
    await shipped.person("onelogin", "1003", title="Consultant")
    assert shipped.held("onelogin", "1003")["title"] == "Consultant"
    assert shipped.held("chatwoot", "503")["custom_attributes"]["title"] == "Consultant"


async def test_somebody_who_has_no_account_yet(shipped: Shipped) -> None:
    """It is waited for where the policy says so, and found at once when HR speaks again with the address that IT has entered."""
    told = await shipped.hr("e1", "E-9", "new@example.com", number="010449", department="OPS")
    assert told["onelogin", "department"] == told["tyk", NUMBER["tyk"]] == "pending"
    assert told["chatwoot", "custom_attributes.colleague"] == "ignored"
    directory = shipped.sandboxes["onelogin"].directory
    directory.users[1009] = {**directory.users[1003], "id": 1009, "email": "new.one@example.com", "username": None}
    await shipped.hr("e2", "E-9", "new.one@example.com", job_title="Clerk")
    held = shipped.held("onelogin", "1009")
    assert (held["department"], held["title"], held["custom_attributes"]["employee_number"]) == ("Operations", "Clerk", "010449")
    assert (await shipped.told("hr:e1"))["onelogin", "department"] == "applied"


async def test_a_sign_up_reaches_the_help_desk(shipped: Shipped) -> None:
    """With the company, and with the name where the help desk has none."""
    await shipped.person("tyk", "4", Active=True)
    contact = shipped.held("chatwoot", "504")
    assert (contact["name"], contact["additional_attributes"]["company_name"]) == ("Dan Dunes", "Dunes")
    assert contact["email"] == DAN


async def test_observed_first(store: Store, tmp_path: Path) -> None:
    """As shipped every decision is recorded and nothing is written."""
    shipped = Shipped(store, tmp_path, apply=False)
    told = await shipped.hr("e1", "E-1", ANA, number="010442", department="OPS", job_title="Engineer")
    assert told["onelogin", "department"] == told["tyk", NUMBER["tyk"]] == "observed"
    assert shipped.writes() == 0
