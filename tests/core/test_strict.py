"""What is no JSON, and what JSON leaves open, is refused; everything else is read as it stands."""

import contextlib
import gc
import json
import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.contract import Json
from worker.core.strict import NUMBER, Limits, Malformed, encode, parse

STRUCTURE = [
    *rb"""
    [ ] { } [[ []] [} {] {]} [{]} [[] {{}} [1 [1, [1,] [,1] [,] [, [1,,2] [1;2] [1:2] [:] ["a":1] [1]x [1][2] [1], [1]] []#
    ["a" <.> <null> [<null>] [*] /**/[] [1]//x (1) [1) @ & * = ! ? `1` - + . : , \ \n[]
    """.split(),
    b'', b' ', b'\n', b'[1 2]', b'["a",\n4\n,1', b'[] []', b'1 2', b'[\n', b'["a"\n', b'[\x0b]', b'[\x0c]', b'\x0c[]',
    b'[\xa0]', b'[\xe2\x81\xa0]', b'[\xe3\x80\x80]', b'[\x00]', b'\x00', b'[]\x00', b'[1/* x */]', b'#x\n1',
]  # fmt: skip
OBJECTS = [
    *rb"""
    {1:1} {a:1} {'a':1} {null:null} {true:1} {[]:1} {{}:1} {"a"} {"a":} {"a",1} {"a"::1} {:1} {:"b"} {,} {,"a":1} {"a":1,}
    {"a":1,,} {"a":1,,"b":2} {"a":1;} {"a":1 {"a": {"a" {"a {"a":1}} {"a":1}# {"a":1}/**/ {"a":1}// {"a"=1} {"a":[}
    {"a":(1)}
    """.split(),
    b'{"a" 1}', b'{"a":1 "b":2}', b'{"a":a 1}', b'{"a":"b" c}', b'{"a":1 2}', b'{\xf0\x9f\x98\xb9}',
]  # fmt: skip
STRINGS = [
    *rb"""
    " "a "\ "\" 'a' a "a"b "\x00" "\a" "\'" "\0" "\u" "\u0" "\u00" "\u00A" "\u00G0" "\U0041" "\u{41}" "\u+041" "\uD834\
    "\uD834\u" ["a\"] ["\\""] \u0041 \"a\"
    """.split(),
    b'"\n"', b'"\t"', b'"\r"', b'"\x00"', b'"\x01"', b'"\x1f"', b'"\\\n"', b'"\\\xe5"', b'"\\u 041"',
    b'"\\\xf0\x9f\x8c\x80"', b'\xe2\x80\x9ca\xe2\x80\x9d', b'"""',
]  # fmt: skip
NUMBERS = [
    *rb"""
    01 -01 00 -00 012 +1 ++1 --1 1. -1. .1 -.1 1.e1 .e1 1e 1E 1e+ 1e- 1E+ 1.5e 1e1.5 1.2.3 1e1e1 1eE2 0e 0e+ 0x1 0X1F 0b1
    0o7 1_000 1,000 1a -a 1-1 1+1 1/2 NaN -NaN nan Infinity -Infinity +Infinity inf -inf Inf [NaN] {"a":Infinity} 1e999
    -1e999 [1.0e400] 0.4e5000
    """.split(),
    b'- 1', b'1 000', b'\xef\xbc\x91', b'\xd9\xa1', b"9" * 4300, b"[" + b"9" * 5000 + b"]", b"-" + b"1" * 4300,
    b"1." + b"0" * 5000, b"9" * (NUMBER + 1),
]  # fmt: skip
WORDS = [
    *rb"""
    nul nulll Null NULL none None nil undefined tru truee True TRUE fals False yes on [nul] truefalse null, t f n
    """.split(),
    b'[true false]', b'null null',
]  # fmt: skip
BYTES = [
    b'\xef\xbb\xbf[]', b'\xef\xbb\xbf', b'\xef\xbb[]', b'\xff\xfe1\x00', b'[\x001\x00]\x00', b'\x00[\x001\x00]',
    b'[\x00\x00\x001\x00\x00\x00]\x00\x00\x00', b'\xff\xfe[\x001\x00]\x00', b'\xff', b'\xfe\xff', b'[\xff]', b'"\xe9"',
    b'"\xc3"', b'"\xc3("', b'"\xc0\x80"', b'"\xc0\xaf"', b'"\xe0\x80\xaf"', b'"\xed\xa0\x80"', b'"\xed\xbf\xbf"',
    b'"\xf0(\x8c("', b'"\xf4\x90\x80\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\x80"', b'"\xe2\x82"', b'["\xe5\x00"]', b'1\xe5',
]  # fmt: skip
LEFT_OPEN = rb"""
    {"a":1,"a":1} {"a":1,"a":2} {"a":1,"\u0061":2} {"b":{"a":1,"b":{},"a":2}} [{"":1,"":1}] "\u0000" {"\u0000":1}
    ["a\u0000b"] "\ud800" "\uDFFF" "\udc00\ud800" "\ud800\ud800" "\ud800a" "\ud800\u0041" "\ud800\n" {"\udead":1}
    ["\uD888\u1234"]
""".split()
TOO_MUCH = [
    b"[" * 33 + b"]" * 33,
    b"[" * 100_000, b'{"a":' * 33 + b"1" + b"}" * 33, b'[{"a":' * 50_000,
    b"[" * 16 + b'{"a":[' * 9 + b"]}" * 9 + b"]" * 16,
    b"{" + b",".join(b'"%d":0' % n for n in range(1_001)) + b"}", b"[" + b",".join([b'{"a":0}'] * 1_001) + b"]",
    b'"' + b"a" * 16_385 + b'"', b'{"' + b"a" * 16_385 + b'":1}',
    b'["\\n' + b"a" * 16_384 + b'"]', '"{}"'.format("é" * 8_193).encode(),
    b'["' + b"\\u00e9" * 8_193 + b'"]',
]  # fmt: skip
REFUSED = [*STRUCTURE, *OBJECTS, *STRINGS, *NUMBERS, *WORDS, *BYTES, *LEFT_OPEN, *TOO_MUCH]


@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: repr(raw[:40]))
def test_hostile_documents_are_refused_with_a_place(raw: bytes):
    """Each is refused as Malformed, and by nothing else, and the reason names a place."""
    with pytest.raises(Malformed) as refused:
        parse(raw)
    assert "line" in refused.value.reason or "byte" in refused.value.reason


def test_the_corpus_is_large_and_has_no_twins():
    """At least two hundred and fifty different documents are refused."""
    assert len(set(REFUSED)) == len(REFUSED) >= 250


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b" [ ] \n", []),
        (b"\t{\r\n}", {}),
        (b'""', ""),
        (b"-0", 0),
        (b"-0.0", -0.0),
        (b"1E+2", 100.0),
        (b"1e-999", 0.0),
        (b"9" * NUMBER, int("9" * NUMBER)),
        (b"18446744073709551616", 2**64),
        (b'"\\u00e9\\/\\b\\f\\n\\r\\t\\"\\\\"', 'é/\b\f\n\r\t"\\'),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
        ("\"\u2028\u2029\x7f\ufeff\uffff\U0010ffff\"".encode(), "\u2028\u2029\x7f\ufeff\uffff\U0010ffff"),
        (b'{"a":{"a":1},"b":[{"a":1},{"a":2}]}', {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}),
        (b'{"NaN":"NaN","Infinity":"[[[[{{{{"}', {"NaN": "NaN", "Infinity": "[[[[{{{{"}),
    ],
)  # fmt: skip
def test_good_documents_are_read_as_they_stand(raw: bytes, value: object):
    """Nothing is normalised."""
    assert repr(parse(raw)) == repr(value)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 32 + b"]" * 32,
        b"[" + b"[" * 31 + b"]" * 31 + b"," + b",".join([b"[]"] * 1000) + b"]",
        b"{" + b",".join(b'"%d":":"' % n for n in range(1_000)) + b"}",
        b'["' + b"a" * 16_384 + b'"]',
        b'["\\u00e9' + b"a" * 16_382 + b'"]',
        b"[" + b",".join([b'"[{\\"[{"'] * 400) + b"]",
    ],
)
def test_a_document_at_the_limit_is_accepted(raw: bytes):
    """A limit is the largest that is accepted, and what stands inside strings does not count."""
    assert parse(raw) == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":\n  [1,\n  2', "line 3, column 4"),
        (b'{"a": 1,\n "a": 2}', "a name repeated in one object at line 2, column 2"),
        (b'[1,\n\n   NaN]', "a number that is not finite at line 3, column 4"),
        (b'["x", "\\ud800"]', "a lone surrogate in a string at line 1, column 7"),
        (b"[" * 40, "nested deeper than 32 at line 1, column 33"),
        (b'"abc\xff"', "not UTF-8 at byte 4"),
        (b"\xef\xbb\xbf1", "a byte order mark at line 1, column 1"),
    ],
)  # fmt: skip
def test_the_reason_names_the_place(raw: bytes, reason: str):
    """Line and column, counted from one, where a person would look."""
    with pytest.raises(Malformed, match=reason):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"canary":1,"canary":2}',
        b'["canary\\ud800"]',
        b'["canary" canary]',
        b'"canary\\q"',
        b"[canary]",
        b'"canary\xff"',
        b'"canary\n"',
    ],
)
def test_a_refusal_never_quotes_the_document(raw: bytes):
    """Neither names nor values stand in the reason."""
    with pytest.raises(Malformed) as refused:
        parse(raw)
    assert "canary" not in str(refused.value)


def test_limits_are_arguments():
    """Tighter limits refuse what the ordinary ones take."""
    for raw, tight in [(b"[[]]", Limits(depth=1)), (b'{"a":1,"b":2}', Limits(keys=1)), (b'"abc"', Limits(string=2))]:
        parse(raw)
        with pytest.raises(Malformed):
            parse(raw, tight)


def work(raw: bytes) -> float:
    """Seconds of CPU for one document, the best of three: of this thread, and without the collector, which looks at all that the
    tests before have left."""
    spent = []
    gc.disable()
    try:
        for _ in range(3):
            started = time.thread_time()
            with contextlib.suppress(Malformed):
                parse(raw)
            spent.append(time.thread_time() - started)
    finally:
        gc.enable()
    return min(spent)


@pytest.mark.parametrize(
    ("begins", "again", "times", "ends"),
    [
        (b"", b"[", 262_144, b""),
        (b"", b'"', 262_144, b""),
        (b'"', b"\\", 262_143, b""),
        (b'["', b'\\"', 131_000, b""),
        (b"[", b"[],", 87_000, b"[]]"),
        (b"", b'{"a":', 52_000, b""),
        (b'["', b"\\ud83d\\ude00", 21_000, b'"]'),
        (b"[", b'"\\ud83d\\ude00",', 16_000, b"1]"),
        (b"", b"9", 262_144, b""),
        (b"", b" ", 262_143, b"1"),
        (b'"a"', b" ", 262_000, b"x"),
    ],
)
def test_time_is_linear_in_the_size(begins: bytes, again: bytes, times: int, ends: bytes):
    """Nothing of a webhook's size holds the endpoint up: four times the size costs four times as much, not sixteen times."""
    quarter, whole = (begins + again * (times // part) + ends for part in (4, 1))
    assert work(whole) < 10 * max(work(quarter), 0.005)


@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
def test_any_bytes_are_read_or_malformed(raw: bytes):
    """No other exception leaves the parser, and what it reads is what the standard library reads."""
    try:
        value = parse(raw)
    except Malformed:
        return
    assert repr(value) == repr(json.loads(raw))


@given(st.text(alphabet='{}[]",:\\ud8e10NaIty \n-.', max_size=60))
def test_text_of_json_is_read_or_malformed(text: str):
    """Grammar-like input finds no other exception either, and nothing is accepted that the standard library refuses."""
    try:
        value = parse(text.encode())
    except Malformed:
        return
    assert repr(value) == repr(json.loads(text))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_good_json_is_accepted_however_it_is_spelt(value: object, ascii_: bool, indent: int | None):
    """A sender's way of escaping and indenting does not matter."""
    assert repr(parse(json.dumps(value, ensure_ascii=ascii_, indent=indent).encode())) == repr(value)


@given(JSON, st.booleans())
@example([[[1]]], False)
@example({"a": 1, "b": {"c": 1, "d": 2}}, False)
@example("ééé", True)
@example(["a:::::"], True)
def test_limits_hold_exactly(value: object, ascii_: bool):
    """With any limits a document is accepted if and only if its value is within them, however it is spelt."""
    raw = json.dumps(value, ensure_ascii=ascii_).encode()
    tight = Limits(depth=2, keys=3, string=5)
    depth, keys, string = measures(value)
    if depth <= tight.depth and keys <= tight.keys and string <= tight.string:
        assert repr(parse(raw, tight)) == repr(value)
    else:
        with pytest.raises(Malformed):
            parse(raw, tight)


def measures(value: object) -> tuple[int, int, int]:
    """Depth, names and the longest string of a value, the plain way."""
    match value:
        case str():
            return 0, 0, len(value.encode())
        case list() | dict():
            names = list(value) if isinstance(value, dict) else []
            inner = [measures(each) for each in (value.values() if isinstance(value, dict) else value)]
            inner += [measures(name) for name in names]
            return (
                1 + max((depth for depth, _, _ in inner), default=0),
                len(names) + sum(keys for _, keys, _ in inner),
                max((string for _, _, string in inner), default=0),
            )
        case _:
            return 0, 0, 0


@given(JSON)
def test_encode_is_one_spelling(value: Json):
    """It is read back as the same content, and the order of names does not show in it."""
    written = encode(value)
    assert parse(written) == value
    assert encode(parse(written)) == written
    assert encode(reversed_names(value)) == written


def reversed_names(value: Json) -> Json:
    match value:
        case dict():
            return {name: reversed_names(inner) for name, inner in reversed(value.items())}
        case list():
            return [reversed_names(inner) for inner in value]
        case _:
            return value


def test_encode_refuses_what_is_no_json():
    """NaN has no spelling."""
    with pytest.raises(ValueError):
        encode(math.nan)
