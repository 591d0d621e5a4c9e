"""The environment: read whole, refused whole, documented in one table."""

from __future__ import annotations

import base64
import dataclasses
import ipaddress
from pathlib import Path

import pytest

from worker import keyfile
from worker.settings import VARIABLES, Settings, SettingsError, next_database, table

SECRET = base64.b64encode(b"a secret of thirty-two bytes....").decode()
ROOT = Path(__file__).parent.parent


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The least that a daemon needs."""
    (tmp_path / "keys").write_text(f"# two keys\nnew:{SECRET}\n\nold:{base64.b64encode(bytes(40)).decode()}\n")
    return {
        "LOCKSTEP_REDIS_URL": "redis://:hunter2@store:6379/0",
        "LOCKSTEP_FINGERPRINT_KEYS": str(tmp_path / "keys"),
        "LOCKSTEP_HOME": str(tmp_path / "home"),
        "PATH": "/usr/bin",
    }


def problems(environ: dict[str, str], *, offline: bool = False) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(environ, offline=offline)
    return caught.value.problems


def test_the_least_environment_gets_the_documented_defaults(environ: dict[str, str]) -> None:
    """Two variables are enough for a daemon; the others have the defaults of the table."""
    settings = Settings.from_environ(environ)
    assert settings.broker_url == "redis://:hunter2@store:6379/1"
    assert list(settings.fingerprint_keys) == ["new", "old"]
    assert settings.fingerprint_keys["new"] == base64.b64decode(SECRET)
    assert settings.config == Path("mappings").absolute()
    assert (settings.durability, settings.egress, settings.log, settings.log_level) == ("auto", "public", "json", "info")
    assert (settings.retention, settings.backlog, settings.concurrency) == (30 * 86_400, 100_000, 8)
    assert settings.listen == ("127.0.0.1", 8080)


def test_every_variable_has_one_field_and_every_field_one_variable() -> None:
    """What is not in the table cannot be set, and what is in it arrives."""
    assert {each.field for each in VARIABLES} == {each.name for each in dataclasses.fields(Settings)}


def test_the_documentation_prints_the_table_of_the_code() -> None:
    """docs/configuration.md holds the very table that the code reads from (`python -m worker.settings` prints it)."""
    assert table() in (ROOT / "docs/configuration.md").read_text()


def test_an_empty_variable_is_an_absent_one(environ: dict[str, str]) -> None:
    """A compose file that passes a variable on as an empty text changes nothing."""
    empty = {each.name: "" for each in VARIABLES if each.name not in environ}
    assert Settings.from_environ(environ | empty) == Settings.from_environ(environ)


def test_all_problems_are_told_at_once_and_each_names_its_variable(environ: dict[str, str]) -> None:
    """An operator who made five mistakes needs one start to learn of them."""
    told = problems(
        environ
        | {
            "LOCKSTEP_LISTEN": "8080",
            "LOCKSTEP_RETENTION": "6d",
            "LOCKSTEP_LOG": "jsn",
            "LOCKSTEP_BACKLOG": "many",
            "LOCKSTEP_BROKER_UL": "x",
        }
    )
    assert {line.split(":")[0] for line in told} == {
        "LOCKSTEP_LISTEN", "LOCKSTEP_RETENTION", "LOCKSTEP_LOG", "LOCKSTEP_BACKLOG", "LOCKSTEP_BROKER_UL",
    }  # fmt: skip
    assert any("did you mean LOCKSTEP_BROKER_URL?" in line for line in told)
    assert any("did you mean json?" in line for line in told)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LOCKSTEP_REDIS_URL", "postgres://app:hunter2@db/0"),
        ("LOCKSTEP_REDIS_URL", "redis://app:hunter2@db:port/0"),
        ("LOCKSTEP_REDIS_URL", "redis://"),
        ("LOCKSTEP_REDIS_URL", "redis://app:hunter2@db/name"),
        ("LOCKSTEP_BROKER_URL", "hunter2"),
        ("LOCKSTEP_DURABILITY", "hunter2"),
        ("LOCKSTEP_RETENTION", "hunter2"),
        ("LOCKSTEP_RETENTION", "-30d"),
        ("LOCKSTEP_BACKLOG", "0"),
        ("LOCKSTEP_BACKLOG", "1e3"),
        ("LOCKSTEP_BACKLOG", "\N{ARABIC-INDIC DIGIT FIVE}"),
        ("LOCKSTEP_LISTEN", "localhost:65536"),
        ("LOCKSTEP_LISTEN", "::1:8080"),
        ("LOCKSTEP_EGRESS", "10.0.0.1/8"),
        ("LOCKSTEP_EGRESS", "10.0.0.0/8,"),
        ("LOCKSTEP_LOG_LEVEL", "INFO"),
        ("LOCKSTEP_CONCURRENCY", "257"),
        ("LOCKSTEP_HUNTER2", "hunter2"),
    ],
)
def test_a_wrong_value_is_refused_and_never_repeated(environ: dict[str, str], name: str, text: str) -> None:
    """The message names the variable and the fix; the value may be a secret in the wrong place."""
    told = problems(environ | {name: text})
    assert len(told) == 1
    assert "hunter2" not in told[0]


def test_a_store_and_keys_are_needed_unless_the_command_can_do_without(environ: dict[str, str]) -> None:
    """A daemon without a store or keys does not start; `check` reads the rest all the same."""
    del environ["LOCKSTEP_REDIS_URL"], environ["LOCKSTEP_FINGERPRINT_KEYS"]
    assert [line.split(":")[0] for line in problems(environ)] == ["LOCKSTEP_REDIS_URL", "LOCKSTEP_FINGERPRINT_KEYS"]
    settings = Settings.from_environ(environ, offline=True)
    assert (settings.redis_url, settings.broker_url, settings.fingerprint_keys) == ("", "", {})


def test_a_url_may_stand_in_a_file(environ: dict[str, str], tmp_path: Path) -> None:
    """A password belongs into a secret file; one that is missing is a problem, one with another content too."""
    (tmp_path / "url").write_text("rediss://app:hunter2@store:6380/2\n")
    settings = Settings.from_environ(environ | {"LOCKSTEP_REDIS_URL": f"file:{tmp_path}/url"})
    assert settings.redis_url == "rediss://app:hunter2@store:6380/2"
    assert settings.broker_url == "rediss://app:hunter2@store:6380/3"
    assert "cannot be read" in problems(environ | {"LOCKSTEP_REDIS_URL": "file:/nonexistent/url"})[0]
    (tmp_path / "url").write_text("hunter2")
    assert "hunter2" not in problems(environ | {"LOCKSTEP_REDIS_URL": f"file:{tmp_path}/url"})[0]


def test_no_secret_stands_in_the_repr(environ: dict[str, str]) -> None:
    """A settings value that lands in a log or a traceback gives nothing away."""
    shown = repr(Settings.from_environ(environ))
    assert "hunter2" not in shown
    assert "thirty-two bytes" not in shown


@pytest.mark.parametrize(
    ("store", "broker"),
    [
        ("redis://store", "redis://store/1"),
        ("redis://store:6379/3", "redis://store:6379/4"),
        ("redis://store:6379?db=3", "redis://store:6379/4"),
        ("rediss://u:p%40ss@store/0?ssl_cert_reqs=required", "rediss://u:p%40ss@store/1?ssl_cert_reqs=required"),
        ("unix:///run/store.sock", "redis+socket:///run/store.sock?virtual_host=1"),
        ("unix:///run/store.sock?db=6", "redis+socket:///run/store.sock?virtual_host=7"),
    ],
)
def test_the_broker_is_the_next_database_of_the_stores_server(store: str, broker: str) -> None:
    """Store and broker never share a database by default, however the store is spelled."""
    assert next_database(store) == broker


def test_listen_takes_both_families() -> None:
    """An IPv6 address stands in brackets, as in an URL."""
    read = next(each.read for each in VARIABLES if each.name == "LOCKSTEP_LISTEN")
    assert read("[::1]:8080") == ("::1", 8080)
    assert read("0.0.0.0:80") == ("0.0.0.0", 80)


def test_egress_is_public_any_or_networks() -> None:
    """Networks are given as they are written elsewhere, comma between."""
    read = next(each.read for each in VARIABLES if each.name == "LOCKSTEP_EGRESS")
    assert read("any") == "any"
    assert read("10.0.0.0/8, fd00::/8") == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        SECRET,
        f"a.b:{SECRET}",
        f"k1:{SECRET}\nk1:{SECRET}",
        "k1:" + base64.b64encode(b"short but secret").decode(),
        "k1:#secret#",
    ],
)
def test_a_key_file_that_cannot_be_used_is_refused_without_showing_a_key(tmp_path: Path, text: str) -> None:
    """No key, no name, a name twice, a short key, no base64: each is a problem with its line, and the key stays out of it."""
    path = tmp_path / "keys"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        keyfile.read(path)
    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "secret" not in str(caught.value).removeprefix(str(path))


def test_a_key_file_that_is_not_there_is_a_problem_with_the_command_that_makes_it(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """A tired operator copies the line."""
    (told,) = problems(environ | {"LOCKSTEP_FINGERPRINT_KEYS": str(tmp_path / "none")})
    assert "head -c 32 /dev/urandom | base64" in told


def test_a_made_key_file_can_be_read_and_is_never_made_again(tmp_path: Path) -> None:
    """Keys are for ever: making a file that is there leaves it, and only its owner can read it."""
    path = tmp_path / "keys"
    keyfile.make(path)
    first = keyfile.read(path)
    keyfile.make(path)
    assert keyfile.read(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["keys"]
