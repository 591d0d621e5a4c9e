"""What every target promises, held against its own sandbox: a new target passes this, and its own tests are few."""

from __future__ import annotations

import asyncio
import contextlib
import json
import traceback
from collections.abc import Awaitable, Callable, Sequence

import pytest

from connectors.contract import (
    Account,
    Authentication,
    ConnectorError,
    Deferred,
    Directory,
    Failed,
    Flow,
    Halted,
    Json,
    Listed,
    NoAccount,
    Refused,
    Target,
    TokenRefused,
    Unanswered,
)
from connectors.sandbox import Fault
from tests.connectors.stands import SECRET, Stand
from worker.telling.rehearsal import ACCOUNT, drawn

CANARY = "v4lue-canary-0815"


def look_for(stand: Stand) -> Awaitable[object]:
    """Accounts are searched, or all of them are listed: whichever the system can."""
    if stand.target.capabilities.lists and isinstance(stand.target, Directory):
        return stand.talk(stand.target.directory())
    return stand.talk(stand.target.find(*stand.shared))


Verb = Callable[[Stand], Awaitable[object]]
VERBS: dict[str, Verb] = {
    "find": look_for,
    "read": lambda stand: stand.talk(stand.target.read(stand.account)),
    "write": lambda stand: stand.write({stand.names[0]: CANARY}),
}


def steps(verb: str, stand: Stand) -> str:
    """The method with which the verb itself is done, where another one goes before it."""
    return stand.writes if verb == "write" else ""


async def raised(work: Awaitable[object]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await work
    return caught.value


def tells_nothing(error: ConnectorError) -> bool:
    """Neither a value nor a secret stands in its texts, nor in what a traceback would print."""
    texts = [str(error), repr(error), error.reason, error.request_id, *traceback.format_exception(error)]
    return tells_nothing_of(*texts)


def tells_nothing_of(*said: object) -> bool:
    return not any(secret in repr(each) for secret in (SECRET, CANARY) for each in said)


class AccountSuite:
    """Promises of a target once its accounts are known; `stand` is a fixture of the file that runs them."""

    def test_it_is_a_target(self, stand: Stand) -> None:
        """It has every part of the contract, and a key by which an account is found is searched by, or listed."""
        able = stand.target.capabilities
        assert isinstance(stand.target, Target)
        assert isinstance(stand.target.authentication, Authentication)
        assert "id" not in able.finds | able.lists
        assert not able.finds & able.lists
        assert not able.lists or isinstance(stand.target, Directory)
        assert able.finds | able.lists == stand.searches.keys()

    def test_an_id_that_is_not_known_can_be_drawn(self, stand: Stand) -> None:
        """What `explain` says for an account that it does not know is taken for an id: the read and the write can be drawn."""
        changes: dict[str, Json] = dict.fromkeys(stand.names, "one")
        calls = stand.target.write(ACCOUNT, changes, Account({}) if stand.target.capabilities.whole else None)
        requests = [drawn(stand.target.read(ACCOUNT)), *(drawn(call.flow) for call in calls)]
        assert len(requests) > 1
        assert all(request is not None for request in requests)
        assert any(ACCOUNT in request.url or ACCOUNT.encode() in request.body for request in requests if request is not None)

    # ---------------------------------------------------------------- read and write

    async def test_a_write_is_read_back(self, stand: Stand) -> None:
        """What was written is what a read shows, at the path that is the attribute's name."""
        first, second = stand.names
        await stand.write({first: "one", second: "two"})
        assert (await stand.held(first), await stand.held(second)) == ("one", "two")
        assert {value for _, _, value in stand.applied()} >= {"one", "two"}

    async def test_a_write_leaves_the_siblings_alone(self, stand: Stand) -> None:
        """What is not written stays what it is: nothing is sent that was neither wanted nor read."""
        first, second = stand.names
        await stand.write({first: "one", second: "two"})
        await stand.write({first: "three"})
        assert (await stand.held(first), await stand.held(second)) == ("three", "two")

    async def test_what_a_write_shows_is_true(self, stand: Stand) -> None:
        """`shows` has attributes of the call only, with what the system holds now."""
        shows = await stand.write({stand.names[0]: "one"})
        assert shows in ({}, {stand.names[0]: "one"})

    async def test_the_same_write_again_changes_nothing(self, stand: Stand) -> None:
        """A write is idempotent: an unanswered one may be repeated."""
        await stand.write({stand.names[0]: "one"})
        before = await stand.talk(stand.target.read(stand.account))
        await stand.write({stand.names[0]: "one"})
        assert await stand.talk(stand.target.read(stand.account)) == before

    async def test_a_clear_clears(self, stand: Stand) -> None:
        """Where the system can clear, a change to None leaves nothing behind, beside a value in the same write; where it cannot,
        nothing is sent."""
        first, second = stand.names
        if not stand.target.capabilities.clears:
            with pytest.raises(Refused) as caught:
                stand.target.write(stand.account, {first: None}, None)
            assert (caught.value.attribute, stand.requests()) == (first, [])
            return
        await stand.write({first: "one", second: "two"})
        await stand.write({first: None, second: "three"})
        assert (await stand.held(first), await stand.held(second)) == (None, "three")
        await stand.write({second: None})
        assert await stand.held(second) is None

    async def test_calls_carry_each_attribute_once(self, stand: Stand) -> None:
        """The calls of a write share out its attributes; without `many` each has one."""
        first, second = stand.names
        before = await stand.talk(stand.target.read(stand.account)) if stand.target.capabilities.whole else None
        calls = stand.target.write(stand.account, {first: "one", second: "two"}, before)
        assert sorted(name for call in calls for name in call.attributes) == sorted(stand.names)
        if not stand.target.capabilities.many:
            assert all(len(call.attributes) == 1 for call in calls)
        for call in calls:
            call.flow.close()

    async def test_a_call_writes_with_one_request(self, stand: Stand) -> None:
        """Nothing is sent until the flow is stepped, one yield is one request, and of a call the last is the only one that
        changes something: a connector that has to look first only looks."""
        before = await stand.talk(stand.target.read(stand.account)) if stand.target.capabilities.whole else None
        (call,) = stand.target.write(stand.account, {stand.names[0]: "one"}, before)
        yielded, sent = len(stand.talk.sent), len(stand.requests())
        await stand.talk(call.flow)
        methods = [method for method, _ in stand.requests()[sent:]]
        assert len(methods) == len(stand.talk.sent) - yielded
        assert [method == "GET" for method in methods] == [True] * (len(methods) - 1) + [False]

    async def test_an_unknown_attribute_is_refused_and_nothing_is_applied(self, stand: Stand) -> None:
        """A call with an attribute that does not exist applies nothing; where the system says which it is, it is blamed."""
        error = await raised(stand.write_with(stand.unknown, dict.fromkeys((stand.names[0], stand.unknown), CANARY)))
        assert isinstance(error, Refused)
        assert error.attribute == (stand.unknown if stand.blames else None)
        assert stand.applied() == []
        assert tells_nothing(error)

    async def test_a_name_that_is_no_attribute_is_refused_before_anything_is_sent(self, stand: Stand) -> None:
        """A name that cannot be a path into an account is the mapping's fault, and blamed."""
        for name in ("", "..", "a..b", 'emails[type eq "work"', "a b"):
            with pytest.raises(Refused) as caught:
                stand.target.write(stand.account, {name: CANARY}, None)
            assert caught.value.attribute == name
        assert stand.requests() == []

    async def test_an_account_that_is_not_there_is_told(self, stand: Stand) -> None:
        """A read and a write of an absent account say that the link is stale."""
        assert isinstance(await raised(stand.talk(stand.target.read(stand.absent))), NoAccount)
        if not stand.target.capabilities.whole:
            for call in stand.target.write(stand.absent, {stand.names[0]: CANARY}, None):
                assert isinstance(await raised(stand.talk(call.flow)), NoAccount)

    @pytest.mark.parametrize(
        "account",
        ["", ".", "..", "../101", "..\\101", "101/../102", "101?x=1", "101#x", "%2e%2e", "101\r\nX: 1", "101\0", "1" * 300,
         "\ud800", "//evil.example", "@evil.example", "{id}"],
    )  # fmt: skip
    async def test_an_id_never_leaves_its_segment(self, stand: Stand, account: str) -> None:
        """An id is one path segment whatever is in it: refused, or not there; no other address is ever asked."""
        error = await raised(stand.talk(stand.target.read(account)))
        assert isinstance(error, Refused | NoAccount)
        usual = _shape(_address(stand))
        for request in stand.talk.sent:
            path = request.url.raw_path.decode()
            assert request.url.host == stand.talk.sent[-1].url.host
            assert _shape(path) == usual
            assert not {".", ".."} & set(path.partition("?")[0].split("/"))
        assert stand.applied() == []

    async def test_definitions_can_be_asked_for(self, stand: Stand) -> None:
        """What exists is listed by the names under which it is written, or nothing is."""
        listed = await stand.talk(stand.target.definitions())
        assert not listed or set(stand.names) <= {definition.name for definition in listed}

    # ---------------------------------------------------------------- what goes wrong

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize(
        ("fault", "kind", "wait"),
        [
            (Fault(status=429, headers={"Retry-After": "7"}, act=False), Deferred, 7.0),
            (Fault(status=429, act=False), Deferred, None),
            (Fault(status=408, act=False), Deferred, None),
            (Fault(status=500, body=f"<h1>{CANARY}</h1>"), Failed, None),
            (Fault(status=503, headers={"Retry-After": "120"}, act=False), Failed, 120.0),
            (Fault(status=507, act=False), Failed, None),
            (Fault(status=502), Unanswered, None),
            (Fault(status=504), Unanswered, None),
            (Fault(status=202, body="{}"), Unanswered, None),
            (Fault(drop=True), Unanswered, None),
            (Fault(status=302, headers={"Location": f"https://evil.example/{CANARY}"}, act=False), Halted, None),
            (Fault(status=403, body=f'{{"message": "{CANARY}"}}', act=False), Halted, None),
            (Fault(status=422, body=f'{{"message": "{CANARY}", "field": "{CANARY}"}}', act=False), Refused, None),
            (Fault(status=409, act=False), Refused, None),
            (Fault(status=200, headers={"Content-Type": "text/html"}, body=f"<html>{CANARY}</html>", act=False), Failed, None),
        ],
    )  # fmt: skip
    async def test_the_class_of_an_error_is_the_next_step(
        self, stand: Stand, verb: str, fault: Fault, kind: type[ConnectorError], wait: float | None
    ) -> None:
        """Each answer raises the error whose class says what to do; its text tells nothing, its status and wait are kept."""
        await stand.talk(stand.target.definitions())  # there is a token already
        fault = Fault(
            fault.method or steps(verb, stand),
            status=fault.status,
            headers=fault.headers,
            body=fault.body,
            act=fault.act,
            drop=fault.drop,
        )
        stand.sandbox.faults.add(fault)
        error = await raised(VERBS[verb](stand))
        assert type(error) is kind
        assert error.status == fault.status
        assert getattr(error, "wait", None) == wait
        assert getattr(error, "throttled", False) is (fault.status == 429)
        assert tells_nothing(error)
        assert (stand.names[0] in {name for _, name, _ in stand.applied()}) is (verb == "write" and fault.act)

    @pytest.mark.parametrize("verb", ["find", "read"])
    @pytest.mark.parametrize(
        "body", ["", "null", "7", '"x"', "[7]", '[{"id": null}]', '{"a": ', "NaN", "[" * 5000, '{"users": 7}']
    )
    async def test_an_answer_of_another_shape_is_no_answer(self, stand: Stand, verb: str, body: str) -> None:
        """Where the documents promise a shape and another thing comes, nothing is concluded from it."""
        await stand.talk(stand.target.definitions())
        stand.sandbox.faults.add(Fault(status=200, headers={"Content-Type": "application/json"}, body=body))
        assert type(await raised(VERBS[verb](stand))) is Failed

    async def test_a_held_answer_comes_when_it_is_released(self, stand: Stand) -> None:
        """A sandbox can apply a write and keep its answer back: what a kill in the middle of a call needs."""
        await stand.talk(stand.target.definitions())
        stand.sandbox.faults.add(Fault(steps("write", stand), hold=True))
        writing = asyncio.create_task(stand.write({stand.names[0]: "one"}))
        while not stand.applied() and not writing.done():  # noqa: ASYNC110 - the sandbox has no event for it
            await asyncio.sleep(0)
        assert not writing.done()
        stand.sandbox.faults.release()
        await writing

    # ---------------------------------------------------------------- credentials

    async def test_a_refused_credential_is_told_apart(self, stand: Stand) -> None:
        """A credential that is no longer accepted: a token can be renewed (TokenRefused), a static secret cannot (Halted)."""
        await stand.talk(stand.target.read(stand.account))
        stand.sandbox.expire()
        error = await raised(stand.talk(stand.target.read(stand.account)))
        renewable = stand.talk.tokens_asked > 0
        assert type(error) is (TokenRefused if renewable else Halted)
        assert tells_nothing(error)
        if renewable:
            await stand.talk(stand.target.read(stand.account))
            assert stand.talk.tokens_asked == 2

    async def test_the_secret_stands_nowhere_but_in_the_credential(self, stand: Stand) -> None:
        """No address, no body (but the one that asks for a token) and no printed form of a target has the secret in it; the
        sandbox's log masks it."""
        await stand.write({stand.names[0]: "one"})
        for request in stand.talk.sent:
            assert SECRET.encode() not in request.content
        for request in [*stand.talk.sent, *stand.talk.asked]:
            assert SECRET not in str(request.url)
        assert SECRET not in repr(stand.target) + str(vars(stand.target))
        assert SECRET not in repr(stand.sandbox.log.shown())


class TargetSuite(AccountSuite):
    """Promises of a target that can be searched."""

    async def test_find_answers_the_one_account(self, stand: Stand) -> None:
        """By each of its keys, an account is found by its exact value, and shows what it holds there."""
        for key, (value, account) in stand.searches.items():
            (found,) = await stand.talk(stand.target.find(key, value))
            assert (found.id, found.holds) == (account, value)

    async def test_find_answers_nothing_for_nobody(self, stand: Stand) -> None:
        """A value that no account has finds none; so do an empty one and one beside the truth."""
        for value in ("nobody@example.com", "", " ", "ana@example.co", "ana@example.com "):
            assert not await stand.talk(stand.target.find("email", value))

    async def test_find_answers_two_where_there_are_two(self, stand: Stand) -> None:
        """An ambiguous value is seen as one."""
        assert len(await stand.talk(stand.target.find(*stand.shared))) == 2

    @pytest.mark.parametrize("value", ["*", "ana*", "*@example.com", "a*a@example.com"])
    async def test_find_sends_no_wildcard(self, stand: Stand, value: str) -> None:
        """What a system may read as a pattern is not sent: an account that merely matches is not the subject's."""
        assert not await stand.talk(stand.target.find("email", value))
        assert stand.requests() == []

    @pytest.mark.parametrize(
        "value",
        [
            "x&email=ana@example.com", "x#&email=ana@example.com", 'x" or "1"="1', "x' or '1'='1", "x%26email=ana@example.com",
            "x?y=/../z", "x\r\nX-Evil: 1", "x\0", "x;y=z", "é@example.com", "x" * 3000, "\ud800", "{value}", "x+ana@example.com",
        ],
    )  # fmt: skip
    async def test_find_searches_for_nothing_else(self, stand: Stand, value: str) -> None:
        """A value never becomes a part of the search: it is sent whole, or not at all."""
        with contextlib.suppress(Refused):
            assert not await stand.talk(stand.target.find("email", value))
        for request in stand.talk.sent:
            path = request.url.raw_path.decode()
            assert "#" not in path
            if request.headers.get("content-type") == "application/json":
                assert value in _texts(json.loads(request.content))
                assert "?" not in path
            else:
                assert "?" in path
                assert _shape(path) == _shape(_address_of(stand.target.find("email", "plain")))

    async def test_find_finds_odd_characters(self, stand: Stand) -> None:
        """An address with `'`, `+` and `&` in it is found as it is."""
        (found,) = await stand.talk(stand.target.find("email", "o'brien+x&y@example.com"))
        assert found.holds == "o'brien+x&y@example.com"

    async def test_find_by_an_unknown_key_is_refused(self, stand: Stand) -> None:
        """Only declared keys are searched by."""
        assert isinstance(await raised(stand.talk(stand.target.find("shoe_size", "44"))), Refused)
        assert stand.requests() == []


class DirectorySuite(AccountSuite):
    """Promises of a target that can only list its accounts."""

    async def listed(self, stand: Stand) -> Sequence[Listed]:
        assert isinstance(stand.target, Directory)
        return await stand.talk(stand.target.directory())

    async def test_every_account_is_listed_once(self, stand: Stand) -> None:
        """All pages of it, however the system cuts them."""
        ids = [entry.id for entry in await self.listed(stand)]
        assert len(ids) == len(set(ids))
        assert set(ids) == set(stand.sandbox.accounts())

    async def test_an_account_is_listed_with_what_it_holds(self, stand: Stand) -> None:
        """By each key the account is the one that holds the value, as it is; nothing but those keys is kept of it."""
        entries = await self.listed(stand)
        for key, (value, account) in stand.searches.items():
            assert [entry.id for entry in entries if entry.keys.get(key) == value] == [account]
        assert "o'brien+x&y@example.com" in [entry.keys.get("email") for entry in entries]
        assert {key for entry in entries for key in entry.keys} <= stand.target.capabilities.lists
        assert tells_nothing_of(entries)

    async def test_two_with_one_value_are_both_listed(self, stand: Stand) -> None:
        """An ambiguous value is seen as one."""
        key, value = stand.shared
        assert len([entry for entry in await self.listed(stand) if entry.keys.get(key) == value]) == 2

    async def test_find_by_a_key_that_is_only_listed_is_refused(self, stand: Stand) -> None:
        """Nothing is searched where nothing can be searched: a list is the worker's to keep."""
        for key in (*stand.target.capabilities.lists, "shoe_size"):
            assert isinstance(await raised(stand.talk(stand.target.find(key, "ana@example.com"))), Refused)
        assert stand.requests() == []


def _address(stand: Stand) -> str:
    """Where an account is read."""
    return _address_of(stand.target.read(stand.account))


def _address_of(flow: Flow[object]) -> str:
    """Where the first request of a flow goes."""
    path = next(flow).url.raw_path.decode()
    flow.close()
    return path


def _shape(path: str) -> list[int]:
    """How many parts an address has, of each kind."""
    return [path.count(mark) for mark in "/?&=#"]


def _texts(value: Json) -> list[str]:
    """Every text in a JSON document that is no key."""
    if isinstance(value, dict | list):
        return [text for inner in (value.values() if isinstance(value, dict) else value) for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
