"""What a sender is answered, and what is kept: nothing unless the answer is the sender's 2xx or its retry is harmless."""

import json

import pytest

from worker.core.outcome import Word
from worker.core.strict import NUMBER
from worker.endpoint.ingress import CHALLENGE
from worker.store.errors import Unavailable


def test_an_event_is_kept_and_then_acknowledged(endpoint):
    """The first delivery answers 202 with what was accepted, and says that there is work."""
    answer = endpoint.send({"id": "e1", "attributes": {"department": "Sales"}})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "duplicates": 0})
    entry = endpoint.shelf.kept["hr:msg_1"]
    assert json.loads(entry.body) == {"id": "e1", "attributes": {"department": "Sales"}}
    assert (entry.subject, entry.verdict, endpoint.hints) == ("u-1", None, [1])


def test_a_retry_gets_the_same_status_and_does_nothing(endpoint):
    """A thousand deliveries are one event; there is one hint."""
    answers = [endpoint.send({"id": "e1"}) for _ in range(1_000)]
    assert {answer.status_code for answer in answers} == {202}
    assert answers[-1].json() == {"accepted": 0, "duplicates": 1}
    assert (len(endpoint.shelf.kept), endpoint.hints) == (1, [1])


def test_a_retry_that_is_written_differently_is_the_same(endpoint):
    """White space and the order of names are not content."""
    endpoint.send(b'{"id":"e1","note":[1,2]}')
    assert endpoint.send(b'{ "note": [1, 2],\n "id": "\\u0065\\u0031" }').json() == {"accepted": 0, "duplicates": 1}


def test_an_id_with_another_content_is_refused_visibly(endpoint):
    """409, nothing changes, and there is one security event in the log, without a value."""
    endpoint.send({"note": "canary-1"})
    answer = endpoint.send({"note": "canary-2"})
    assert answer.status_code == 409
    assert [json.loads(entry.body) for entry in endpoint.shelf.kept.values()] == [{"note": "canary-1"}]
    assert [line for line in endpoint.logs if line.get("security")] == [
        {"event": "event id reused", "security": True, "source": "hr", "id": "msg_1", "log_level": "warning"}
    ]
    assert "canary" not in repr(endpoint.logs) + answer.text


@pytest.mark.parametrize(("to", "status", "body"), [("okta", 200, b'{"accepted":1,"duplicates":0}'), ("quiet", 204, b"")])
def test_each_sender_gets_the_2xx_that_it_expects(endpoint, to, status, body):
    """The status is the source's; a 204 is empty."""
    for _ in range(2):
        answer = endpoint.send({"id": "e1"}, to=to)
        assert (answer.status_code, answer.content) == (status, body)
        body = body.replace(b'"accepted":1,"duplicates":0', b'"accepted":0,"duplicates":1')


# ---------------------------------------------------------------- several events in one body


def test_each_event_of_a_body_is_accepted_by_itself(endpoint):
    """In order, each under its own id; one hint for all; what is known already is a duplicate."""
    endpoint.send({"events": [{"id": "a"}]}, to="okta")
    answer = endpoint.send({"events": [{"id": "b"}, {"id": "a"}, {"id": "c"}]}, to="okta")
    assert answer.json() == {"accepted": 2, "duplicates": 1}
    assert [entry.id for entry in endpoint.shelf.asked] == ["a", "b", "a", "c"]
    assert endpoint.hints == [1, 3]


def test_an_element_that_cannot_be_used_is_parked_and_the_others_go_on(endpoint):
    """It is recorded with the reason and without an answer of its own; one alert, once."""
    for _ in range(2):
        assert endpoint.send({"events": [{"id": "a"}, {"id": "b", "subject": {}}, 7]}, to="okta").status_code == 200
    verdicts = {entry.id: entry.verdict for entry in endpoint.shelf.kept.values()}
    assert [verdict and verdict.word for verdict in verdicts.values()] == [None, Word.PARKED, Word.PARKED]
    alerts = [line for line in endpoint.logs if line.get("alert")]
    assert [(line["id"], line["reason"]) for line in alerts] == [
        ("b", "the subject's id is absent, or neither text nor an integer"),
        (list(verdicts)[2], "the event is no object"),
    ]


def test_one_of_several_with_a_used_id_is_parked_beside_it(endpoint):
    """The first keeps the id; the other is recorded under id and digest, once, and the rest go on."""
    endpoint.send({"events": [{"id": "a", "note": 1}, {"id": "b"}]}, to="okta")
    for expected in ({"accepted": 2, "duplicates": 0}, {"accepted": 0, "duplicates": 2}):
        answer = endpoint.send({"events": [{"id": "a", "note": 2}, {"id": "c"}]}, to="okta")
        assert (answer.status_code, answer.json()) == (200, expected)
    (twin,) = [entry for entry in endpoint.shelf.kept.values() if "!" in entry.id]
    assert twin.id == f"a!{twin.digest[:12]}"
    assert (twin.verdict.word, twin.verdict.reason) == (Word.PARKED, "the id is known with another content")
    assert json.loads(endpoint.shelf.kept["okta:a"].body)["note"] == 1
    assert len([line for line in endpoint.logs if line.get("alert")]) == 1
    assert len([line for line in endpoint.logs if line.get("security")]) == 2


def test_two_contents_under_one_id_in_one_body(endpoint):
    """The first is the event, the second is parked."""
    assert endpoint.send({"events": [{"id": "a", "note": 1}, {"id": "a", "note": 2}]}, to="okta").json()["accepted"] == 2
    assert [entry.verdict is None for entry in endpoint.shelf.kept.values()] == [True, False]


def test_what_asks_for_nothing_is_recorded(endpoint):
    """`ignored` is an outcome, not a silence, and no reason to alert anybody."""
    assert endpoint.send({"id": "e1", "ignored": "another event type"}).status_code == 202
    assert endpoint.shelf.kept["hr:msg_1"].verdict.word is Word.IGNORED
    assert not [line for line in endpoint.logs if line.get("alert")]


def test_a_list_without_events_is_acknowledged(endpoint):
    """Senders probe with empty batches."""
    answer = endpoint.send({"events": []}, to="okta")
    assert (answer.status_code, answer.json(), endpoint.hints) == (200, {"accepted": 0, "duplicates": 0}, [])


def test_a_delivery_is_known_by_the_id_in_its_header(endpoint):
    """The same content under another id is another event, a retry is none, and another content under that id is refused."""
    answers = [endpoint.deliver(b'{"note":1}', id_).json()["accepted"] for id_ in ("d-1", "d-2", "d-1")]
    assert (answers, [*endpoint.shelf.kept]) == ([1, 1, 0], ["chat:d-1", "chat:d-2"])
    assert endpoint.deliver(b'{"note":2}', "d-1").status_code == 409
    assert endpoint.deliver(b'{"events":[{"id":"a"},{"note":1}]}', "d-3").json()["accepted"] == 2
    assert [*endpoint.shelf.kept][2:] == ["chat:a", "chat:d-3#1"]


def test_a_delivery_without_its_id_is_refused(endpoint):
    """Nothing is kept; the sender hears what every stranger hears, the log says which header is meant."""
    stranger = endpoint.deliver(b'{"note":1}', "d-1", signed=b"other")
    for delivery in ((), ("d-1", "d-1"), ("d 1",)):
        answer = endpoint.deliver(b'{"note":1}', *delivery)
        assert (answer.status_code, answer.content) == (stranger.status_code, stranger.content) == (401, stranger.content)
    assert endpoint.shelf.kept == {}
    reasons = [line["reason"] for line in endpoint.logs if line["event"] == "refused"]
    assert ["id_header" in reason for reason in reasons] == [False, True, True, False]
    assert "the webhook id is not 1 to 64" in reasons[3]


def test_a_body_that_was_signed_as_compact_json_is_the_same_event(endpoint):
    """However it is spelled on the way."""
    assert endpoint.deliver(b'{ "note": [1, 2] }', "d-1", signed=b'{"note":[1,2]}').json()["accepted"] == 1
    assert endpoint.deliver(b'{"note":[1,2]}', "d-1").json()["duplicates"] == 1


def test_hints_of_a_system_that_we_write_are_not_deduplicated_by_content(endpoint):
    """A system without ids that says the same again has changed again."""
    for moment in (1, 2):
        endpoint.now = moment
        assert endpoint.send({"note": 1}, to="both").json()["accepted"] == 1


# ---------------------------------------------------------------- refusals


MALFORMED = [
    *(b"", b"{", b"[1,]", b"nul", b'{"a":1,"a":2}', b'"\\u0000"', b'"\\ud800"', b"\xef\xbb\xbf{}", b"\xff", b"NaN", b"1e999"),
    *(b"[" * 50_000, b"9" * (NUMBER + 1), b'{"events":7}', b'{"events":null}'),
    b"{" + b",".join(b'"%d":1' % n for n in range(1_001)) + b"}",
    b'{"events":[' + b",".join([b"1"] * 1_001) + b"]}",
]


@pytest.mark.parametrize("raw", MALFORMED, ids=lambda raw: repr(raw[:20]))
def test_a_malformed_body_is_400_with_a_reason_and_nothing_is_kept(endpoint, raw):
    """Whatever is no JSON, above a limit or not this source's shape."""
    answer = endpoint.send(raw)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert endpoint.shelf.asked == []


def test_a_malformed_body_is_not_quoted(endpoint):
    """Neither in the answer nor in the log."""
    assert "canary" not in endpoint.send(b'{"canary": canary}').text
    assert "canary" not in repr(endpoint.logs)
    assert "line 1, column 12" in repr(endpoint.logs)


UNSIGNED = [
    *({"webhook-signature": value} for value in ("v1,AAAA", "v9,AAAA", "", "v1," * 5_000)),
    *({"webhook-id": value} for value in ("other", "a.b", "")),
    *({"webhook-timestamp": value} for value in ("1700000001", "x", "1600000000", "1800000000")),
]


@pytest.mark.parametrize("fault", UNSIGNED, ids=repr)
def test_every_fault_of_a_signature_has_one_answer(endpoint, fault):
    """401 with one body; the reason is for our log, and the JSON is not even read."""
    answer = endpoint.send(b"{no json", headers=fault)
    missing = endpoint.client.post("/hooks/hr", content=b"{}")
    assert (
        (answer.status_code, answer.content)
        == (missing.status_code, missing.content)
        == (401, b'{"error":"the signature is not accepted"}')
    )
    assert "www-authenticate" in answer.headers
    assert dict(answer.headers) == dict(missing.headers)
    assert endpoint.shelf.asked == []
    assert [line["outcome"] for line in endpoint.logs] == ["signature", "signature"]
    assert all(line["reason"] for line in endpoint.logs)


def test_the_same_bytes_under_another_source_are_refused(endpoint):
    """A signature is good for one source's secret only."""
    raw = b'{"id":"e1"}'
    for to in ("git", "okta", "quiet"):
        assert endpoint.client.post(f"/hooks/{to}", content=raw, headers=endpoint.signed(raw)).status_code == 401


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "path", ["/hooks/nobody", "/hooks/", "/hooks", "/hooks/hr/", "/hooks/hr/x", "/hooks/HR", "/", "/hooks/hr%2Fx", "/hooks/%00"]
)
def test_what_is_not_there_has_one_answer(endpoint, method, path):
    """404 with one body for every method, no redirect, and nothing of the request in it."""
    answer = endpoint.client.request(method, path, headers={"host": "evil.example"})
    assert answer.status_code == 404
    assert answer.content == (b"" if method == "HEAD" else b'{"error":"there is nothing here"}')
    assert "location" not in answer.headers


@pytest.mark.parametrize(("source", "allow"), [("hr", "HEAD, POST"), ("okta", "GET, HEAD, POST")])
def test_other_methods_are_405_with_those_that_are_answered(endpoint, source, allow):
    """And a GET without the challenge is one of them."""
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = endpoint.client.request(method, f"/hooks/{source}")
        assert (answer.status_code, answer.headers["allow"]) == (405, allow)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 202), ("application/json; charset=utf-8", 202), ("Application/JSON", 202), ("text/json", 202),
     ("", 202), ("application/cloudevents+json", 202), ("application/scim+json;x=1", 202), ("application/vnd.a-b.c+json", 202),
     ("text/plain", 415), ("application/xml", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data", 415),
     ("application/jsonp", 415), ("text/html, application/json", 415), ("application/+json", 415)],
)  # fmt: skip
def test_content_types(endpoint, kind, status):
    """JSON under any of its names, or none given."""
    assert endpoint.send({"id": "e1"}, headers={"content-type": kind}).status_code == status


def test_no_content_type_at_all(endpoint):
    """Some senders give none."""
    raw = b"{}"
    headers = endpoint.signed(raw)
    del headers["content-type"]
    assert endpoint.client.post("/hooks/hr", content=raw, headers=headers).status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "gzip, identity", "x"])
def test_an_encoded_body_is_refused(endpoint, encoding):
    """A small body that becomes a large one is a bomb."""
    answer = endpoint.send({"id": "e1"}, headers={"content-encoding": encoding})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert endpoint.send({"id": "e1"}, headers={"content-encoding": "identity"}).status_code == 202


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_not(endpoint):
    """256 KiB, whether the length is declared or not."""
    at = b'{"note":[' + b",".join([b'"%s"' % (b"x" * 16_000)] * 16)
    at += b" " * (256 * 1024 - len(at) - 2) + b"]}"
    assert len(at) == 256 * 1024
    assert endpoint.send(at).status_code == 202
    over = at + b" "
    assert endpoint.send(over, "msg_2").status_code == 413
    chunks = iter([over[:100_000], over[100_000:]])
    assert endpoint.client.post("/hooks/hr", content=chunks, headers=endpoint.signed(over, "msg_3")).status_code == 413
    assert list(endpoint.shelf.kept) == ["hr:msg_1"]


@pytest.mark.parametrize("declared", ["262145", "314572800", "9" * 30, "-1", "x"])
def test_a_declared_length_is_believed_when_it_is_too_large(endpoint, declared):
    """Not a byte of the body is waited for."""
    assert endpoint.send({}, headers={"content-length": declared}).status_code == 413


# ---------------------------------------------------------------- when we cannot


def test_a_store_that_is_away_is_503_with_its_time(endpoint, unavailable):
    """The sender keeps the event; the same request afterwards is a first delivery."""
    endpoint.shelf.fault = unavailable(7)
    answer = endpoint.send({"id": "e1"})
    assert (answer.status_code, answer.headers["retry-after"], endpoint.hints) == (503, "7", [])
    endpoint.shelf.fault = None
    assert endpoint.send({"id": "e1"}).json() == {"accepted": 1, "duplicates": 0}


def test_a_store_that_is_away_is_told_once(endpoint, unavailable):
    """Not once a webhook; and that it is back."""
    endpoint.shelf.fault = unavailable(7)
    for _ in range(3):
        endpoint.send({"id": "e1"})
    endpoint.shelf.fault = None
    for _ in range(2):
        endpoint.send({"id": "e1"})
    told = [(line["log_level"], line["event"]) for line in endpoint.logs if "the store" in line["event"]]
    assert told == [("warning", "the store is away"), ("info", "the store is back")]
    assert not [line for line in endpoint.logs if line["log_level"] == "error"]


def test_a_full_backlog_is_429_with_a_time(endpoint):
    """Back-pressure that no sender takes for the last word."""
    endpoint.shelf.full = True
    answer = endpoint.send({"id": "e1"})
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0, endpoint.hints) == (429, True, [])


@pytest.mark.parametrize("how", ["fault", "full"])
def test_a_body_of_which_a_part_was_kept_is_repeated_whole(endpoint, how):
    """The retry finds what was kept, accepts the rest, and what was kept did not wait for it."""
    setattr(endpoint.shelf, how, Unavailable("away") if how == "fault" else True)
    endpoint.shelf.only = frozenset({"b"})
    batch = {"events": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}
    assert endpoint.send(batch, to="okta").status_code == {"fault": 503, "full": 429}[how]
    assert (list(endpoint.shelf.kept), endpoint.hints) == (["okta:a", "okta:c"], [2])
    endpoint.shelf.only = frozenset()
    assert endpoint.send(batch, to="okta").json() == {"accepted": 1, "duplicates": 2}


def test_an_alert_is_not_lost_with_a_part(endpoint, unavailable):
    """What was parked while its neighbour failed is told then: the retry finds it known."""
    endpoint.shelf.fault, endpoint.shelf.only = unavailable(5), frozenset({"a"})
    assert endpoint.send({"events": [{"id": "a"}, {"id": "b", "subject": {}}]}, to="okta").status_code == 503
    assert [line["id"] for line in endpoint.logs if line.get("alert")] == ["b"]


@pytest.mark.parametrize("where", ["journal", "connector"])
def test_our_own_failure_is_503_and_logged_without_its_text(endpoint, where):
    """Never a 500: a sender may take it for the last word; and an exception's text may hold a value."""
    if where == "journal":
        endpoint.shelf.fault = RuntimeError("canary")
        answer = endpoint.send({"id": "e1"})
    else:
        answer = endpoint.send({"bug": "canary"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert endpoint.shelf.kept == {}
    (line,) = [line for line in endpoint.logs if line["log_level"] == "error"]
    assert line["error"] == ("RuntimeError" if where == "journal" else "KeyError")
    assert "canary" not in answer.text + str({name: value for name, value in line.items() if name != "exc_info"})


def test_a_lost_hint_is_not_the_senders_business(endpoint):
    """The event is on disk: 202, and the tick will find it."""
    endpoint.hint_fault = ConnectionError("broker")
    assert endpoint.send({"id": "e1"}).status_code == 202


# ---------------------------------------------------------------- handshakes and probes


def test_a_handshake_is_answered(endpoint):
    """The challenge comes back under the agreed name, as text."""
    answer = endpoint.client.get("/hooks/okta", headers={"x-challenge": '<b>"x"</b>'})
    assert (answer.status_code, answer.json()) == (200, {"verification": '<b>"x"</b>'})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("challenge", [b"x" * (CHALLENGE + 1), b"\xff\xfe", b"a\tb"])
def test_a_strange_challenge_is_refused(endpoint, challenge):
    """Only short printable text is given back."""
    assert endpoint.client.get("/hooks/okta", headers={b"x-challenge": challenge}).status_code == 400


def test_a_source_without_handshake_answers_none(endpoint):
    """A GET is refused; a HEAD says that the source is known."""
    assert endpoint.client.get("/hooks/hr", headers={"x-challenge": "x"}).status_code == 405
    assert endpoint.client.head("/hooks/hr").status_code == 200


def test_the_probes(endpoint):
    """`/healthz` only lives; `/readyz` names each problem and is 503 with any."""
    assert endpoint.client.get("/healthz").json() == {"alive": True}
    assert endpoint.client.get("/readyz").json() == {"ready": True, "problems": [], "warnings": []}
    endpoint.health.notes = ["nobody has checked the disk"]
    assert endpoint.client.get("/readyz").json() == {"ready": True, "problems": [], "warnings": ["nobody has checked the disk"]}
    endpoint.health.wrong = ["the store is not durable"]
    answer = endpoint.client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"ready": False, "problems": ["the store is not durable"], "warnings": []},
    )
    endpoint.health.fault = RuntimeError("canary")
    assert endpoint.client.get("/readyz").status_code == 503
    assert endpoint.client.get("/healthz").status_code == 200
    assert endpoint.client.head("/healthz").status_code == 200
    assert endpoint.client.post("/readyz").status_code == 405


def test_no_log_line_holds_a_value_or_a_secret(endpoint):
    """Through every kind of answer, neither bodies nor credentials stand in a line."""
    endpoint.send({"attributes": {"x": "canary"}, "subject": {"id": "canary"}})
    endpoint.send({"attributes": {"x": "canary2"}})
    endpoint.send({"events": [{"note": "canary"}, {"subject": {"id": ["canary"]}}, "canary"]}, "msg_2")
    endpoint.send(b'{"canary":canary}', "msg_3")
    endpoint.client.post("/hooks/okta", content=b"canary", headers={"authorization": "Bearer canary"})
    endpoint.client.get("/hooks/okta?canary=canary", headers={"x-challenge": "canary"})
    assert len(endpoint.logs) > 5
    assert "canary" not in repr(endpoint.logs)
