"""A webhook is taken only from somebody who knows a secret, and no sender can make a verifier stumble."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.signature import Fault, Hmac, Signed, StandardWebhooks, StaticHeader, Verifier, webhook_key

NOW = 1614265330.0
BODY = b'{"test": 2432232314}'
KEY = webhook_key(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
STANDARD = StandardWebhooks((KEY,))
# The test vector that the libraries of Standard Webhooks share.
VECTOR = [
    (b"webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
    (b"webhook-timestamp", b"1614265330"),
    (b"webhook-signature", b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
]


def signed(key: bytes = KEY, id_: bytes = b"msg_1", ts: bytes = b"1614265330", body: bytes = BODY) -> list[tuple[bytes, bytes]]:
    mac = base64.b64encode(hmac.digest(key, id_ + b"." + ts + b"." + body, "sha256"))
    return [(b"webhook-id", id_), (b"webhook-timestamp", ts), (b"webhook-signature", b"v1," + mac)]


def replaced(headers: list[tuple[bytes, bytes]], name: bytes, value: bytes) -> list[tuple[bytes, bytes]]:
    return [(line, value if line == name else was) for line, was in headers]


# ---------------------------------------------------------------- Standard Webhooks


def test_the_published_vector_is_accepted():
    """The signature of the specification's own example is right, and the signed id is told."""
    assert STANDARD.verify(VECTOR, BODY, NOW) == Signed("msg_p5jXN8AQM9LWM0D4loKWxJek")


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_every_flipped_bit_is_noticed(position: int, bit: int):
    """No bit of id, timestamp, signature or body can change."""
    parts = [value for _, value in VECTOR] + [BODY]
    whole = bytearray(b"".join(parts))
    whole[position % len(whole)] ^= 1 << bit
    cut, at = [], 0
    for part in parts:
        cut.append(bytes(whole[at : at + len(part)]))
        at += len(part)
    headers = [(name, value) for (name, _), value in zip(VECTOR, cut[:3], strict=True)]
    assert isinstance(STANDARD.verify(headers, cut[3], NOW), Fault)


@pytest.mark.parametrize("off", [-300, -299, 0, 299, 300])
def test_within_the_tolerance_either_way(off: int):
    """A clock that is five minutes off is good enough."""
    assert STANDARD.verify(signed(), BODY, NOW + off) == Signed("msg_1")


@pytest.mark.parametrize("off", [-1e9, -301, 301, 86_400])
def test_outside_the_tolerance_either_way(off: float):
    """What is older, or from the future, is refused."""
    assert STANDARD.verify(signed(), BODY, NOW + off) is Fault.STALE


def test_secrets_rotate_without_a_gap():
    """While old and new are both known, a sender may use either, or both at once; one that is retired is refused."""
    old, new = b"o" * 24, b"n" * 24
    both = StandardWebhooks((new, old))
    assert both.verify(signed(old), BODY, NOW) == both.verify(signed(new), BODY, NOW) == Signed("msg_1")
    twice = replaced(
        signed(old),
        b"webhook-signature",
        dict(signed(old))[b"webhook-signature"] + b" " + dict(signed(new))[b"webhook-signature"],
    )
    assert StandardWebhooks((new,)).verify(twice, BODY, NOW) == Signed("msg_1")
    assert StandardWebhooks((new,)).verify(signed(old), BODY, NOW) is Fault.SIGNATURE


def test_other_versions_are_passed_over():
    """An entry of another version neither helps nor harms."""
    right = dict(VECTOR)[b"webhook-signature"]
    for listed in [b"v1a,zzzz " + right, b"v2," + right[3:] + b" " + right, b"nonsense " + right, b", " + right, b"  " + right]:
        assert STANDARD.verify(replaced(VECTOR, b"webhook-signature", listed), BODY, NOW) == Signed(
            "msg_p5jXN8AQM9LWM0D4loKWxJek"
        )
    for listed in [b"v1a," + right[3:], b"v2," + right[3:], right[3:], b"V1," + right[3:], b"v1" + right[3:]]:
        assert STANDARD.verify(replaced(VECTOR, b"webhook-signature", listed), BODY, NOW) is Fault.SIGNATURE


def test_only_ten_signatures_are_looked_at():
    """The tenth counts, the eleventh does not, and ten thousand cost nothing."""
    right = dict(VECTOR)[b"webhook-signature"]
    for before, expected in [(9, Signed("msg_p5jXN8AQM9LWM0D4loKWxJek")), (10, Fault.SIGNATURE), (10_000, Fault.SIGNATURE)]:
        listed = b"v1,AAAA " * before + right
        assert STANDARD.verify(replaced(VECTOR, b"webhook-signature", listed), BODY, NOW) == expected


@pytest.mark.parametrize("name", [name for name, _ in VECTOR])
def test_each_header_must_stand_once(name: bytes):
    """Missing or repeated, even with the same value, it is refused."""
    assert STANDARD.verify([line for line in VECTOR if line[0] != name], BODY, NOW) is Fault.HEADER
    assert STANDARD.verify([*VECTOR, (name, dict(VECTOR)[name])], BODY, NOW) is Fault.HEADER


@pytest.mark.parametrize("id_", [b"", b"a.b", b"m.1614265330", b"a b", b"a\n", b"a/b", b"a:b", b"\xc3\xa9", b"\x00", b"x" * 65])
def test_ids_that_could_be_cut_differently_are_refused(id_: bytes):
    """Though rightly signed: a dot in an id lets one signature stand for two webhooks."""
    assert STANDARD.verify(signed(id_=id_), BODY, NOW) is Fault.ID


@pytest.mark.parametrize(
    "ts",
    [b"", b"0", b"161426533", b"16142653300", b" 1614265330", b"1614265330 ", b"+614265330", b"-614265330", b"1614265330.0",
     b"16142_6533", b"1614265330\n", b"1e9", "\uff11614265330".encode(), b"NaN", b"inf", b"9" * 5_000],
)  # fmt: skip
def test_a_timestamp_is_ten_digits(ts: bytes):
    """Whatever else a number could be written as is refused, though rightly signed."""
    assert STANDARD.verify(signed(ts=ts), BODY, NOW) is Fault.TIMESTAMP


def test_a_splice_is_refused():
    """A signature over `a.1614265330.{...` does not stand for the id `a.1614265330` and a body that is cut elsewhere."""
    mac = dict(signed(id_=b"a", body=b"1614265330.{}"))[b"webhook-signature"]
    spliced = [(b"webhook-id", b"a.1614265330"), (b"webhook-timestamp", b"1614265330"), (b"webhook-signature", mac)]
    assert STANDARD.verify(spliced, b"{}", NOW) is Fault.ID


@pytest.mark.parametrize(
    ("secret", "why"),
    [(b"whsec_***", "no base64"), (b"whsec_" + b"\xff" * 32, "no base64"), (b"whsec_QUJD", "this one is 3"),
     (base64.b64encode(b"x" * 65), "this one is 65"), (b"", "this one is 0")],
)  # fmt: skip
def test_a_poor_secret_is_refused_when_it_is_read(secret: bytes, why: str):
    """The message says what a secret looks like, and does not show this one."""
    with pytest.raises(ValueError, match=why) as refused:
        webhook_key(secret)
    assert not secret or secret.decode(errors="replace") not in str(refused.value)


def test_a_secret_is_read_with_and_without_its_prefix():
    """Both forms are in use; a newline at the end of a file does not count."""
    assert webhook_key(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == webhook_key(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n") == KEY


# ---------------------------------------------------------------- HMAC in a header


def test_github_style():
    """The published example of X-Hub-Signature-256: lower-case hex after a prefix, over the body alone."""
    verifier = Hmac((b"It's a Secret to Everybody",), header="X-Hub-Signature-256", prefix="sha256=")
    mac = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert verifier.verify([(b"x-hub-signature-256", mac)], b"Hello, World!", NOW) == Signed()
    for wrong in [mac[7:], mac.upper(), mac + b" ", mac[:-1], b"sha256=", b""]:
        assert verifier.verify([(b"x-hub-signature-256", wrong)], b"Hello, World!", NOW) is Fault.SIGNATURE
    assert verifier.verify([], b"Hello, World!", NOW) is Fault.HEADER


def test_base64_and_other_hashes():
    """Encoding and hash are the configuration's."""
    verifier = Hmac((b"k",), header="X-Sig", hash="sha512", encoding="base64")
    assert verifier.verify([(b"x-sig", base64.b64encode(hmac.digest(b"k", BODY, "sha512")))], BODY, NOW) == Signed()
    assert verifier.verify([(b"x-sig", base64.b64encode(hmac.digest(b"k", BODY, "sha256")))], BODY, NOW) is Fault.SIGNATURE


def test_a_signed_timestamp_is_checked():
    """Where the scheme signs a time, it must be ten digits, within the tolerance, and the one that was signed."""
    verifier = Hmac(
        (b"k",), header="X-Sig", timestamp_header="X-Time", signed="v0:{timestamp}:{body}", prefix="v0=", tolerance=60
    )
    mac = b"v0=" + hmac.digest(b"k", b"v0:1614265330:" + BODY, "sha256").hex().encode()
    assert verifier.verify([(b"x-sig", mac), (b"x-time", b"1614265330")], BODY, NOW + 60) == Signed()
    assert verifier.verify([(b"x-sig", mac), (b"x-time", b"1614265330")], BODY, NOW + 61) is Fault.STALE
    assert verifier.verify([(b"x-sig", mac), (b"x-time", b"1614265331")], BODY, NOW) is Fault.SIGNATURE
    assert verifier.verify([(b"x-sig", mac), (b"x-time", b"now")], BODY, NOW) is Fault.TIMESTAMP
    assert verifier.verify([(b"x-sig", mac)], BODY, NOW) is Fault.HEADER


def test_braces_in_a_body_are_bytes():
    """A body that contains the template's words is signed as it stands."""
    verifier = Hmac((b"k",), header="X-Sig", timestamp_header="X-Time", signed="{timestamp}.{body}")
    body = b'{"{timestamp}":"{body}"}'
    mac = hmac.digest(b"k", b"1614265330." + body, "sha256").hex().encode()
    assert verifier.verify([(b"x-sig", mac), (b"x-time", b"1614265330")], body, NOW) == Signed()


@pytest.mark.parametrize(
    ("signed_text", "timestamp_header"),
    [
        ("", ""),
        ("{timestamp}", "T"),
        ("{body}{body}", ""),
        ("{timestamp}.{body}", ""),
        ("{body}", "T"),
        ("{timestamp}{timestamp}{body}", "T"),
    ],
)
def test_a_template_that_proves_too_little_is_refused(signed_text: str, timestamp_header: str):
    """A body that is not signed, or a time that is not, is a fault of the configuration."""
    with pytest.raises(ValueError, match="must contain"):
        Hmac((b"k",), header="X-Sig", signed=signed_text, timestamp_header=timestamp_header)


# ---------------------------------------------------------------- a static header


def test_a_static_header_is_compared_whole():
    """Each of several secrets is accepted, and nothing that is only alike."""
    verifier = StaticHeader((b"Bearer one", b"Bearer two"))
    assert verifier.verify([(b"authorization", b"Bearer one")], BODY, NOW) == Signed()
    assert verifier.verify([(b"authorization", b"Bearer two")], BODY, NOW) == Signed()
    for wrong in [b"", b"Bearer", b"Bearer one ", b"bearer one", b"Bearer three", b"Bearer oneBearer two", b"\xff" * 9_000]:
        assert verifier.verify([(b"authorization", wrong)], BODY, NOW) is Fault.SIGNATURE
    assert verifier.verify([(b"authorization", b"Bearer one")] * 2, BODY, NOW) is Fault.HEADER
    assert verifier.verify([], BODY, NOW) is Fault.HEADER


# ---------------------------------------------------------------- the id in a header of its own


def stamped(body: bytes = BODY, stamp: bytes = b"1614265330") -> list[tuple[bytes, bytes]]:
    mac = b"sha256=" + hmac.digest(b"k", stamp + b"." + body, "sha256").hex().encode()
    return [(b"x-sig", mac), (b"x-time", stamp)]


NAMING = [
    (
        Hmac((b"k",), "X-Sig", prefix="sha256=", timestamp_header="X-Time", signed="{timestamp}.{body}", id_header="X-Id"),
        stamped(),
    ),
    (StaticHeader((b"k",), "X-Token", id_header="X-Id"), [(b"x-token", b"k")]),
]


@pytest.mark.parametrize(("verifier", "headers"), NAMING)
def test_the_id_is_taken_once_the_signature_holds(verifier: Verifier, headers: list[tuple[bytes, bytes]]):
    """Whose signature is wrong hears nothing of an id, right or wrong; whose is right is known by the id's header."""
    named = [*headers, (b"x-id", b"3f0c7a52-9d7e-4c1b-8a4f-0f6f6b1c2d3e")]
    assert verifier.verify(named, BODY, NOW) == Signed("3f0c7a52-9d7e-4c1b-8a4f-0f6f6b1c2d3e")
    for lines in (named, headers, [*headers, (b"x-id", b"a b")]):
        assert verifier.verify([(lines[0][0], b"wrong"), *lines[1:]], BODY, NOW) is Fault.SIGNATURE


@pytest.mark.parametrize(("verifier", "headers"), NAMING)
def test_an_id_that_should_be_there_must_be_there_once(verifier: Verifier, headers: list[tuple[bytes, bytes]]):
    """Missing or repeated it is refused: an event known by its content alone would swallow the same value said again."""
    assert verifier.verify(headers, BODY, NOW) is Fault.UNNAMED
    assert verifier.verify([*headers, (b"x-id", b"a"), (b"x-id", b"a")], BODY, NOW) is Fault.UNNAMED


@pytest.mark.parametrize(("verifier", "headers"), NAMING)
@pytest.mark.parametrize("id_", [b"", b"a.b", b"a#1", b"a b", b"a!b", b"a~1", b"a:b", b"a\n", b"\xc3\xa9", b"\xff", b"x" * 65])
def test_an_id_in_a_header_has_the_grammar_of_the_others(verifier: Verifier, headers: list[tuple[bytes, bytes]], id_: bytes):
    """What we put behind ids (`#1`, `!digest`, `~1`) cannot stand in one, nor what a terminal would obey."""
    assert verifier.verify([*headers, (b"x-id", id_)], BODY, NOW) is Fault.ID
    assert verifier.verify([*headers, (b"x-id", b"x" * 64)], BODY, NOW) == Signed("x" * 64)


def test_an_id_is_never_the_secret():
    """Ids are stored and logged; the header of a secret, a signature or a time cannot be named as theirs, in whatever case."""
    for make in (
        lambda name: StaticHeader((b"k",), "X-Token", name),
        lambda name: Hmac((b"k",), "X-Token", id_header=name),
        lambda name: Hmac((b"k",), "X-S", timestamp_header="X-Token", signed="{timestamp}{body}", id_header=name),
    ):
        assert make("X-Id").id_header == "X-Id"
        with pytest.raises(ValueError, match="must be another header"):
            make("x-toKEN")


# ---------------------------------------------------------------- over the JSON of a body

SPELLED = b'{ "z": "Zo\\u00eb",\n  "a": [1, 1.5, true, null, "\\u0001\\/<&>"],\t"1": {} }'
STRINGIFIED = '{"z":"Zo\u00eb","a":[1,1.5,true,null,"\\u0001/<&>"],"1":{}}'.encode()
"""As `JSON.stringify` of Node 20 writes it; but a name that is a number it puts first."""


def over(what: str, **more: str) -> Hmac:
    return Hmac((b"old", b"new"), header="X-Sig", over=what, **more)  # type: ignore[arg-type]


def marked(signed_bytes: bytes, key: bytes = b"new") -> list[tuple[bytes, bytes]]:
    return [(b"x-sig", hmac.digest(key, signed_bytes, "sha256").hex().encode())]


def test_json_is_verified_as_it_came_or_written_compactly():
    """`json` takes both forms under any of the secrets, `body` one; the names keep their order, so another order is refused."""
    for key in (b"old", b"new"):
        assert over("json").verify(marked(STRINGIFIED, key), SPELLED, NOW) == Signed()
        assert over("json").verify(marked(SPELLED, key), SPELLED, NOW) == Signed()
    assert over("body").verify(marked(SPELLED), SPELLED, NOW) == Signed()
    assert over("body").verify(marked(STRINGIFIED), SPELLED, NOW) is Fault.SIGNATURE
    assert over("json").verify(marked(b'{"a":1,"b":2}'), b'{"b": 2, "a": 1}', NOW) is Fault.SIGNATURE
    assert over("json").verify(marked(STRINGIFIED, b"other"), SPELLED, NOW) is Fault.SIGNATURE


@pytest.mark.parametrize(
    ("signed_bytes", "body"),
    [
        (b'{"a":2}', b'{"a": 1}'),
        (b'{"a":"1"}', b'{"a": 1}'),
        (b'{"a":1}', b'{"a": true}'),
        (b'{"a":" "}', b'{"a": ""}'),
        (b'{"a":2}', b'{"a": 1, "a": 2}'),
        (b'{"a":1}', b'{"a": 1, "a": 2}'),
        (b'{"a":1}', b'{"a": 1} {}'),
        (b'{"a":1}', b'\xef\xbb\xbf{"a": 1}'),
        (b'{"a":"x"}', b'{"a": "x\\u0000"}'),
    ],
)
def test_another_content_is_never_the_signed_one(signed_bytes: bytes, body: bytes):
    """Only spelling is forgiven: a value, a type, a name given twice or what is no JSON is another body."""
    assert over("json").verify(marked(signed_bytes), body, NOW) is Fault.SIGNATURE


def test_a_body_that_is_no_json_may_still_be_signed_as_it_came():
    """It is genuine; what it is good for says whoever reads it."""
    assert over("json").verify(marked(b"not json"), b"not json", NOW) == Signed()


def test_the_time_and_the_id_go_with_either_form():
    """A time stands before the JSON as it would before the body, and is checked; the id is taken after it."""
    verifier = over("json", timestamp_header="X-Time", signed="{timestamp}.{body}", id_header="X-Id")
    lines = [*marked(b"1614265330." + STRINGIFIED), (b"x-time", b"1614265330"), (b"x-id", b"d-1")]
    assert verifier.verify(lines, SPELLED, NOW) == Signed("d-1")
    assert verifier.verify(lines, SPELLED, NOW + 301) is Fault.STALE
    assert verifier.verify(lines[:2], SPELLED, NOW) is Fault.UNNAMED


def test_a_body_that_exhausts_the_reader_is_refused():
    """A stranger's nesting costs no more than a known sender's: the strict reader's limits hold before the signature, too."""
    deep = b"[" * 100_000 + b"]" * 100_000
    assert over("json").verify(marked(b"[]"), deep, NOW) is Fault.SIGNATURE
    assert over("json").verify(marked(b"1"), b"9" * 5_000, NOW) is Fault.SIGNATURE


# ---------------------------------------------------------------- all of them

ALL: list[Verifier] = [
    STANDARD,
    Hmac((b"k" * 24,), header="webhook-signature", timestamp_header="webhook-timestamp", signed="{timestamp}.{body}"),
    Hmac((b"k" * 24,), header="webhook-signature", encoding="base64"),
    Hmac((b"k" * 24,), header="webhook-signature", id_header="webhook-id", over="json"),
    StaticHeader((b"k" * 24,), header="webhook-signature"),
]
NAMES = st.sampled_from([b"webhook-id", b"webhook-timestamp", b"webhook-signature", b"Webhook-Id", b""])
VALUES = st.binary(max_size=80) | st.sampled_from(
    [b"1614265330", b"msg_1", b"v1,", b",", b"v1,=", b"v1,\xff", b" " * 50, b"v1," * 50, b"\x00"]
)


@pytest.mark.parametrize("verifier", ALL, ids=lambda verifier: type(verifier).__name__)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.binary(max_size=40))
def test_no_sender_makes_a_verifier_raise(verifier: Verifier, headers: list[tuple[bytes, bytes]], body: bytes):
    """Whatever the headers and the body are, the answer is a fault."""
    assert isinstance(verifier.verify(headers, body, NOW), Fault)


@pytest.mark.parametrize("verifier", ALL, ids=lambda verifier: type(verifier).__name__)
def test_a_repr_holds_no_secret(verifier: Verifier):
    """A verifier may stand in a log or a traceback."""
    assert "kkk" not in repr(verifier)
    assert repr(KEY)[2:-1] not in repr(verifier)


@pytest.mark.parametrize("secrets", [(), (b"",), (b"good", b"")])
def test_no_scheme_starts_without_a_secret(secrets: tuple[bytes, ...]):
    """An empty secret would be everybody's."""
    for make in (StandardWebhooks, StaticHeader, lambda keys: Hmac(keys, header="X-Sig")):
        with pytest.raises(ValueError, match="secret"):
            make(secrets)
