"""What every command shares: how it fails, how it prints, how it comes to the store.

Data goes to stdout, talk to stderr.  Values are masked unless `--reveal`, which is recorded.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from worker.engine.engine import Engine

T = TypeVar("T")


class Exit(IntEnum):
    """What the exit code says; the list stands in `lockstep --help` and docs/commands.md."""

    DONE = 0
    WRONG = 1
    USAGE = 2
    CONFIGURATION = 3
    STORE = 4
    NOT_FOUND = 5


class Failure(Exception):
    """Ends a command with a text for the operator, and an exit code."""

    def __init__(self, text: str, code: Exit = Exit.WRONG) -> None:
        super().__init__(text)
        self.code = code


def not_found(text: str) -> NoReturn:
    raise Failure(text, Exit.NOT_FOUND)


def guarded(command: click.Command) -> NoReturn:
    """Run the command line; every expected failure is a sentence on stderr and an exit code, never a stack."""
    from redis.exceptions import RedisError

    from worker.config import ConfigurationError
    from worker.settings import SettingsError
    from worker.store.errors import Unavailable
    from worker.store.keyring import WrongKeys

    try:
        command.main(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        _end("stopped", 130)
    except Failure as error:
        _end(str(error), error.code)
    except SettingsError as error:
        _end("the environment cannot be used:\n" + "\n".join(f"  {problem}" for problem in error.problems), Exit.CONFIGURATION)
    except ConfigurationError as error:
        _end("\n".join(str(problem) for problem in error.problems), Exit.CONFIGURATION)
    except WrongKeys as error:
        _end(str(error), Exit.CONFIGURATION)
    except Unavailable as error:
        _end(f"the store cannot be used: {error.reason}", Exit.STORE)
    except RedisError as error:
        _end(f"the store cannot be used: {type(error).__name__}", Exit.STORE)
    sys.exit(Exit.DONE)


def _end(text: str, code: int) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(code)


def run(story: Coroutine[Any, Any, T]) -> T:
    """Run one command's story in an event loop of its own."""
    return asyncio.run(story)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
reveal_option = click.option("--reveal", is_flag=True, help="Show values. That you did is recorded.")
apply_option = click.option("--apply", "act", is_flag=True, help="Do it. Without this nothing is changed.")
reason_option = click.option("--reason", required=True, help="Why; recorded with your name.")


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def address_of(listen: str) -> tuple[str, int]:
    """What `--listen` gives, as host and port.  Raises BadParameter."""
    from worker.settings import address

    try:
        return address(listen)
    except ValueError as error:
        raise click.BadParameter(f"it {error}", param_hint="--listen") from None


def say(text: str) -> None:
    """Talk, on stderr."""
    click.echo(text, err=True)


def operator() -> str:
    """Who acts: LOGNAME or the system's name for the user, `@` and the host."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = str(os.getuid())
    return f"{name}@{os.uname().nodename}"


@asynccontextmanager
async def engine() -> AsyncIterator[Engine]:
    """The engine of an operator's command: the configuration in force and the store, but no line to any system.  Raises
    SettingsError, ConfigurationError, Unavailable."""
    from worker import wiring

    settings = wiring.settings()
    configuration = wiring.configuration(settings)
    async with wiring.operators_engine(settings, configuration) as opened:
        yield opened


def with_engine(story: Callable[[Engine], Coroutine[Any, Any, T]]) -> T:
    """Run a story that needs the engine."""

    async def opened() -> T:
        async with engine() as each:
            return await story(each)

    return run(opened())
