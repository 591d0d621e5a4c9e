"""docker-compose.yml and the Dockerfile, held to what a deployment must be; the servers are started as the file says."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from kombu import Connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.registry import CONNECTORS
from worker.config import load, run_cases
from worker.settings import VARIABLES, Settings
from worker.store.embedded import server_binary

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SANDBOXES = ("onelogin", "directory")
OURS = ("endpoint", "worker", "tick")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
every = pytest.mark.parametrize("name", SERVICES)


def mebibytes(text: str) -> int:
    number, unit = re.fullmatch(r"([0-9]+)([mg])b?", text).groups()  # type: ignore[union-attr]
    return int(number) * {"m": 1, "g": 1024}[unit]


def options(service: str) -> dict[str, str]:
    """The server's options of a service's command, by name."""
    program, *words = SERVICES[service]["command"]
    assert program == "valkey-server"
    return {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that `make secrets` makes."""
    folder = tmp_path_factory.mktemp("compose")
    make_secrets(folder)
    return folder / "secrets"


def make_secrets(folder: Path) -> None:
    command = ["make", "-s", "-C", str(folder), "-f", str(ROOT / "Makefile"), "secrets", "SANDBOX=1"]
    subprocess.run(command, check=True, capture_output=True)


def _listens(path: Path) -> bool:
    """The socket is there before it takes connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@contextmanager
def started(service: str, secrets: Path, folder: Path) -> Iterator[Path]:
    """The server of a service with the very options of the file, on a socket in place of its port."""
    given = options(service) | {
        "dir": str(folder),
        "aclfile": str(secrets / "users.acl"),
        "port": "0",
        "unixsocket": str(folder / "s"),
    }
    command = [str(server_binary())]
    for option, value in given.items():
        command += [f"--{option}", value]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not _listens(folder / "s"):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield folder / "s"
        finally:
            process.terminate()


def connected(path: Path, user: str | None = None, password: str | None = None) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(path), username=user, password=password, retry=Retry(NoBackoff(), 0))


def password_of(secrets: Path, file: str) -> str:
    match = re.fullmatch(r"redis://lockstep:([^@]{32})@(store|broker):6379/0\n", (secrets / file).read_text())
    assert match is not None
    return match[1]


def test_the_services_are_these() -> None:
    """State store, broker, endpoint, worker and tick; the sandboxes only when they are asked for."""
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {"store", "broker", *OURS}
    assert all(SERVICES[name]["profiles"] == ["sandbox"] for name in SANDBOXES)


def test_old_and_new_compose_read_it() -> None:
    """docker-compose 1.29 refuses a top-level `name`, and a `version` would make it read the file by older rules."""
    assert not {"name", "version"} & COMPOSE.keys()


@every
def test_nobody_is_root_and_nothing_can_be_written_or_gained(name: str) -> None:
    """Not root, root file system read-only, scratch space without programs, no capability, no way to new ones."""
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(
        {"noexec", "nosuid", "nodev"} <= set(each.partition(":")[2].split(",")) and "size=" in each for each in service["tmpfs"]
    )


@every
def test_nobody_can_take_the_machine_and_everybody_comes_back(name: str) -> None:
    """Memory, processes and logs are bounded, an init reaps, who ends is started again and has time to end well."""
    service = SERVICES[name]
    assert mebibytes(service["mem_limit"]) <= 1024
    assert 0 < service["pids_limit"] <= 256
    assert service["init"] is True
    assert service["restart"] in ("always", "unless-stopped")
    assert re.fullmatch(r"[0-9]+s", service["stop_grace_period"])
    assert service["logging"]["options"]["max-size"]


@every
def test_every_service_has_a_health_check_of_its_own(name: str) -> None:
    """A check asks that very part whether it works; none of them always says yes."""
    check = SERVICES[name]["healthcheck"]
    if name in ("store", "broker"):
        assert "valkey-cli" in check["test"][1]
    else:
        assert check["test"] == ["CMD", "lockstep", "health", "sandbox" if name in SANDBOXES else name]
    assert {"interval", "timeout", "retries"} <= check.keys()


@every
def test_no_secret_stands_in_the_file(name: str) -> None:
    """Passwords and keys come as files; the environment only says where they are, and all that it says exists."""
    for variable, value in SERVICES[name].get("environment", {}).items():
        assert variable in {each.name for each in VARIABLES}
        assert not re.search(r"://|:[^/]*@", value), "an URL may have a password in it: file:/run/secrets/..."
        if "/run/secrets/" in value:
            assert value.rpartition("/")[2] in SERVICES[name]["secrets"]
    for secret in SERVICES[name].get("secrets", ()):
        assert COMPOSE["secrets"][secret] == {"file": f"./secrets/{secret}"}


def test_only_the_endpoint_is_published_and_only_on_loopback() -> None:
    """A proxy with TLS stands in front of it; sandboxes show their controls; store and broker are where nothing leads to."""
    assert {name for name in SERVICES if "ports" in SERVICES[name]} == {"endpoint", *SANDBOXES}
    assert all(port.startswith("127.0.0.1:") for service in SERVICES.values() for port in service.get("ports", ()))
    assert SERVICES["store"]["networks"] == SERVICES["broker"]["networks"] == SERVICES["tick"]["networks"] == ["state"]
    assert COMPOSE["networks"]["state"]["internal"] is True


def test_any_number_of_workers_may_run() -> None:
    """Nothing in the service is there once only: no fixed name, no port, no volume that is written."""
    worker = SERVICES["worker"]
    assert not {"container_name", "ports", "hostname"} & worker.keys()
    assert all(volume.endswith(":ro") for volume in worker["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_ours_start_when_the_store_is_healthy(name: str) -> None:
    """Not before: a store that is still reading its file accepts nothing."""
    assert SERVICES[name]["depends_on"] == {"store": {"condition": "service_healthy"}, "broker": {"condition": "service_healthy"}}
    assert SERVICES[name]["image"] == "lockstep"
    assert SERVICES[name]["build"] == "."


def test_the_environment_of_ours_is_accepted(secrets: Path) -> None:
    """The settings that compose gives are the ones that the daemons take (its own variables at their defaults)."""
    for name in OURS:
        environ = {
            variable: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value).replace("/run/secrets", str(secrets))
            for variable, value in SERVICES[name]["environment"].items()
        }
        settings = Settings.from_environ(environ)
        assert settings.durability == "always"
        assert list(settings.fingerprint_keys) == ["k1"]
        assert settings.redis_url != settings.broker_url


def test_the_store_as_composed_is_durable_and_evicts_nothing(secrets: Path, tmp_path: Path) -> None:
    """A real server takes these options, keeps every write on disk, refuses a damaged file, and has room to rewrite it."""
    with (
        started("store", secrets, tmp_path) as socket,
        connected(socket, "lockstep", password_of(secrets, "store_url")) as client,
    ):
        wanted = {
            "appendonly": "yes",
            "appendfsync": "always",
            "no-appendfsync-on-rewrite": "no",
            "aof-load-truncated": "no",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
        most = int(client.config_get("maxmemory")["maxmemory"]) / 2**20
        assert 0 < most <= 0.8 * mebibytes(SERVICES["store"]["mem_limit"])
        client.set("a", "1")
        assert client.execute_command("WAITAOF", 1, 0, 1000)[0] == 1
    assert SERVICES["store"]["volumes"] == ["store:/data"]
    assert "store" in COMPOSE["volumes"]
    assert options("store")["dir"] == "/data"


def test_the_broker_as_composed_keeps_nothing_and_serves_celery(secrets: Path, tmp_path: Path) -> None:
    """It carries hints: no file, no volume, and what Celery's client asks for is allowed."""
    assert "volumes" not in SERVICES["broker"]
    with started("broker", secrets, tmp_path) as socket:
        password = password_of(secrets, "broker_url")
        with connected(socket, "lockstep", password) as client:
            assert client.config_get("appendonly") == {"appendonly": "no"}
            assert client.config_get("save") == {"save": ""}
        with Connection(f"redis+socket://lockstep:{password}@{socket}") as broker:
            queue = broker.SimpleQueue("q")
            queue.put({"hint": "x"})
            message = queue.get(timeout=30)
            message.ack()
            queue.close()
            assert message.payload == {"hint": "x"}
    assert not (tmp_path / "appendonlydir").exists()


def test_who_has_no_password_can_only_ask_whether_the_server_lives(secrets: Path, tmp_path: Path) -> None:
    """The health check's user may ping and ask for its state; a stranger may nothing; ours administers nothing."""
    with started("store", secrets, tmp_path) as socket:
        with connected(socket, "health", "-") as client:
            assert client.ping()
            assert client.info("persistence")["aof_last_write_status"] == "ok"
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.get("a")
        with connected(socket) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()
        with connected(socket, "lockstep", password_of(secrets, "store_url")) as client:
            for forbidden in ("FLUSHALL", "CONFIG SET appendonly no", "SHUTDOWN", "ACL LIST", "MONITOR"):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    client.execute_command(*forbidden.split())


def test_secrets_are_made_once(secrets: Path) -> None:
    """Made again they would lose seals: what is there stays, in a folder that only its owner enters."""
    before = {path.name: path.read_bytes() for path in secrets.rglob("*") if path.is_file()}
    make_secrets(secrets.parent)
    assert {path.name: path.read_bytes() for path in secrets.rglob("*") if path.is_file()} == before
    assert {path.name for path in secrets.iterdir() if path.is_file()} == COMPOSE["secrets"].keys()
    assert secrets.stat().st_mode & 0o777 == 0o700


def test_the_sandboxes_fit_their_mappings(secrets: Path, tmp_path: Path) -> None:
    """sandbox/ passes its check on the made files alone, calls only services that are there, and asks for no other secret."""
    for file in (ROOT / "sandbox").iterdir():
        (tmp_path / file.name).write_text(file.read_text().replace("/run/secrets", str(secrets)))
    configuration = load(tmp_path, {}, CONNECTORS)
    assert configuration.warnings == ()
    assert [each.name for each in run_cases(configuration) if not each.passed] == []
    assert set(re.findall(r"base_url: http://(\w+):9000", (tmp_path / "systems.yaml").read_text())) == set(SANDBOXES)
    made = {path.name for path in (secrets / "systems").iterdir()}
    assert set(re.findall(r"systems/(\w+)", (tmp_path / "systems.yaml").read_text())) == made


def test_the_image_is_what_the_lock_says_and_does_not_run_as_root() -> None:
    """Hashes, wheels only, no compiler left behind (two stages), a user by number, and a builder that sees no secret."""
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert "--require-hashes -r requirements.lock" in stages[0]
    assert "--only-binary :all:" in stages[0]
    assert "pip install" not in stages[1]
    assert "USER 10001:10001" in stages[1]
    assert not re.search(r"^(ARG|ENV) .*(SECRET|TOKEN|PASSWORD|KEY)", DOCKERFILE, re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert allowed[1] == "*"
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()}
    assert {line.removeprefix("!") for line in allowed if line.startswith("!")} == copied
