"""A body becomes one entry for each event in it, under an id by which a retry finds it again."""

import hashlib
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Carries, Json, NotEvents, Said, Sole, Unusable
from worker.core.event import Entry
from worker.core.intake import ELEMENTS, Receipt, entries, listed, parked_twin
from worker.core.outcome import Outcome, Word

AT = 1_700_000_000_123_456


class Listed:
    """A source whose events say themselves what is to be read from them."""

    acknowledge = 202
    carries: Carries = "changes"

    def split(self, body: Json) -> Sequence[Json]:
        if isinstance(body, dict) and "events" in body:
            events = body["events"]
            if not isinstance(events, list):
                raise NotEvents("no list at events")
            return events
        return [body]

    def read(self, element: Json) -> Said:
        if not isinstance(element, dict):
            raise Unusable("the event is no object")
        said = {
            "subject": {"id": "u-1"},
            "carries": self.carries,
            **{name: value for name, value in element.items() if name != "note"},
        }
        return Said(**said)  # type: ignore[arg-type]


class Hinting(Listed):
    """A source that only says where to look."""

    carries: Carries = "hint"


class Reduced(Listed):
    """A source whose body is one event, of which it does not keep everything."""

    def split(self, body: Json) -> Sole:
        assert isinstance(body, dict)
        return Sole(({name: value for name, value in body.items() if name != "token"},))


class ReducedHint(Reduced):
    """Likewise, one that only says where to look."""

    carries: Carries = "hint"


def taken(body: Json, id_: str = "", *, source: Listed | None = None, looks: bool = False, at: int = AT) -> list[Entry]:
    return list(entries(body, source or Listed(), Receipt("hr", id_, at, looks)))


def digest(element: Json) -> str:
    return hashlib.sha256(json.dumps(element, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def test_a_single_event_is_stored_whole():
    """Everything that `accept` needs is there, and the digest is the stored body's."""
    (entry,) = taken({"id": "e1", "time": 1, "sequence": 7, "attributes": {"b": "é", "a": None}}, "msg_1")
    assert entry == Entry(
        source="hr",
        id="msg_1",
        digest=hashlib.sha256(entry.body).hexdigest(),
        body='{"attributes":{"a":null,"b":"é"},"id":"e1","sequence":7,"time":1}'.encode(),
        subject="u-1",
        time="0000000000000001",
        sequence=7,
    )


@pytest.mark.parametrize(
    ("body", "header", "ids"),
    [
        ({"id": "e1"}, "msg_1", ["msg_1"]),
        ({"id": "e1"}, "", ["e1"]),
        ({"note": 1}, "msg_1", ["msg_1"]),
        ({"note": 1}, "", [f"sha256-{digest({'note': 1})}"]),
        ({"events": [{"id": "a"}, {"id": "b"}]}, "msg_1", ["a", "b"]),
        ({"events": [{"id": "a"}, {"note": 1}]}, "msg_1", ["a", "msg_1#1"]),
        ({"events": [{"id": "a"}]}, "msg_1", ["a"]),
        ({"events": [{"note": 1}]}, "msg_1", ["msg_1#0"]),
        ({"events": [{"note": 1}, 7]}, "", [f"sha256-{digest({'note': 1})}", f"sha256-{digest(7)}"]),
        ({"events": []}, "msg_1", []),
    ],
)
def test_where_the_id_comes_from(body: Json, header: str, ids: list[str]):
    """The webhook's own where the body is the event; else the element's, the webhook's with the place, the content's digest."""
    assert [entry.id for entry in taken(body, header)] == ids


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("e1~1", "e1~1~"),
        ("e1~1~", "e1~1~~"),
        ("~22", "~22~"),
        ("e1~", "e1~"),
        ("e~1x", "e~1x"),
        ("e1~1~~2", "e1~1~~2~"),
        ("1", "1"),
    ],
)
def test_no_event_is_called_like_a_replay(sent: str, kept: str):
    """`ID~1` is the first replay of `ID`: who sends such an id has it with one `~` more, wherever it stands."""
    (whole,) = taken({"id": "e"}, sent)
    (own,) = taken({"id": sent})
    first, _ = taken({"events": [{"id": sent}, {"id": "b"}]}, "msg_1")
    ((entry, _),) = listed([{"id": sent}], Listed(), Receipt("hr", "", AT))
    assert [each.id for each in (whole, own, first, entry)] == [kept] * 4


def test_what_is_kept_of_one_event_has_the_id_of_its_webhook():
    """As if the body were kept whole: a connector that drops a credential changes no id.  Without one its own, or the digest."""
    for source in (Reduced(), ReducedHint()):
        assert [entry.id for entry in taken({"token": "t", "id": "e1"}, "msg_1", source=source)] == ["msg_1"]
        assert [entry.id for entry in taken({"token": "t", "time": -1}, "msg_1", source=source)] == ["msg_1"]
        assert [entry.id for entry in taken({"token": "t", "id": "e1"}, source=source)] == ["e1"]
    assert taken({"token": "t", "note": 1}, source=Reduced())[0].id == f"sha256-{digest({'note': 1})}"


def test_hints_with_an_id_are_known_by_it_alone():
    """The same look under another id is another look; under the same id it is a retry, whenever it comes."""
    first, again, other = (taken({"token": "t"}, id_, source=ReducedHint(), at=AT + n) for n, id_ in enumerate(["a", "a", "b"]))
    assert [entry.id for (entry,) in (first, again, other)] == ["a", "a", "b"]
    assert taken({"token": "t"}, source=ReducedHint())[0].id != taken({"token": "t"}, source=ReducedHint(), at=AT + 1)[0].id


def test_hints_without_an_id_are_never_the_same():
    """The same look asked for again is a look again: of A, B, A the third must not be lost.  Contents are the same event."""
    for how in ({"source": Hinting()}, {"looks": True}):
        assert taken({"note": 1}, **how)[0].id != taken({"note": 1}, at=AT + 1, **how)[0].id
        assert taken({"id": "e"}, **how)[0].id == taken({"id": "e"}, at=AT + 1, **how)[0].id == "e"
    assert taken({"note": 1})[0].id == taken({"note": 1}, at=AT + 1)[0].id


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ("text", "the event is no object"),
        ({"subject": {}}, "the subject's id is absent, or neither text nor an integer"),
        ({"subject": {"id": None}}, "the subject's id is absent, or neither text nor an integer"),
        ({"subject": {"id": True}}, "the subject's id is absent, or neither text nor an integer"),
        ({"subject": {"id": 1.5}}, "the subject's id is absent, or neither text nor an integer"),
        ({"subject": {"id": ["u"]}}, "the subject's id is absent, or neither text nor an integer"),
        ({"subject": {"id": ""}}, "the subject's id is empty"),
        ({"subject": {"id": "u" * 513}}, "the subject's id is longer than 512 bytes"),
        ({"subject": {"id": "u\n1"}}, "the subject's id has control characters"),
        ({"time": -1}, "the event's time is before 1970 or after 2286"),
        ({"time": 10**16}, "the event's time is before 1970 or after 2286"),
        ({"sequence": -1}, "the event's sequence is negative or above 63 bits"),
        ({"sequence": 2**63}, "the event's sequence is negative or above 63 bits"),
        ({"id": "é" * 101}, "the event's id is longer than 200 bytes"),
        ({"id": "a\x1b[2Jb"}, "the event's id has control characters"),
        ({"id": "a\u2028b"}, "the event's id has control characters"),
    ],
)
def test_what_cannot_be_used_is_parked_and_says_why(element: Json, reason: str):
    """It is recorded with its body under an id that a retry finds again, and the events beside it are not touched."""
    good, bad = taken({"events": [{"id": "good"}, element]})
    assert good.verdict is None
    assert bad.verdict == Outcome(Word.PARKED, reason, AT // 1000)
    assert json.loads(bad.body) == element
    assert bad.id == f"sha256-{digest(element)}"
    assert taken({"events": [{"id": "good"}, element]}, at=AT + 1)[1].id == bad.id


def test_a_long_reason_is_cut():
    """A connector's text does not grow the store."""

    class Wordy(Listed):
        def read(self, element: Json) -> Said:
            raise Unusable("x" * 10_000)

    (entry,) = entries({}, Wordy(), Receipt("hr", "m", AT))
    assert entry.verdict is not None
    assert len(entry.verdict.reason) == 200


def test_what_asks_for_nothing_is_ignored_with_its_reason():
    """It has a verdict and is never due; it needs no subject."""
    (entry,) = taken({"id": "e1", "ignored": "another event type", "subject": {}})
    assert (entry.id, entry.verdict) == ("e1", Outcome(Word.IGNORED, "another event type", AT // 1000))


def test_whole_numbers_are_subjects():
    """Many systems number their users; the number's text is the subject."""
    assert taken({"subject": {"id": 4711}})[0].subject == "4711"
    assert taken({"subject": {"id": 10**30}})[0].subject == "1" + "0" * 30


def test_a_body_that_is_not_events_is_told_apart():
    """The source's refusal passes, and so many events in one body are no webhook."""
    with pytest.raises(NotEvents, match="no list at events"):
        taken({"events": 1})
    assert len(taken({"events": [1] * ELEMENTS})) == ELEMENTS
    with pytest.raises(NotEvents, match="more than 1,000 events"):
        taken({"events": [1] * (ELEMENTS + 1)})


def test_a_twin_has_the_id_of_its_content():
    """Two other contents under one known id are two parked events, and a retry of one is the same."""
    first, second = taken({"events": [{"id": "e", "note": 1}, {"id": "e", "note": 2}]})
    twins = [parked_twin(first, AT), parked_twin(second, AT)]
    assert [twin.id for twin in twins] == [f"e!{first.digest[:12]}", f"e!{second.digest[:12]}"]
    assert twins[0].id != twins[1].id
    assert twins[0].verdict == Outcome(Word.PARKED, "the id is known with another content", AT // 1000)
    assert (twins[0].body, twins[0].digest) == (first.body, first.digest)


def test_a_page_of_a_feed():
    """An element without an id is named by its content alone, for it is listed again; only what asks for a look is one; and what
    cannot be kept at all is parked, like what cannot be used, so that the page can be accepted."""
    page: list[Json] = [{"note": 1}, {"id": "g", "deleted": True}, {"ignored": "no"}, 7, {"id": "\ud800"}]
    told = listed(page, Hinting(), Receipt("hr", "", AT, looks=True))
    assert [heard.looks for heard in told] == [True, False, False, False, False]
    assert [heard.entry.id for heard in told[:2]] == [f"sha256-{digest({'note': 1})}", "g"]
    assert all(heard.entry.polled for heard in told)
    words = [heard.entry.verdict.word if heard.entry.verdict else None for heard in told]
    assert words == [None, None, Word.IGNORED, Word.PARKED, Word.PARKED]
    assert told[4].entry.body == b"null"
    assert not any(heard.looks for heard in listed(page, Hinting(), Receipt("hr", "", AT)))


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2))
def test_the_order_of_names_is_not_content(note: dict[str, Json]):
    """A sender that serialises its retry anew sends the same event."""
    (one,) = taken({"note": note, "id": "e"})
    (other,) = taken({"id": "e", "note": dict(reversed(note.items()))})
    assert (one.id, one.digest, one.body) == (other.id, other.digest, other.body)
