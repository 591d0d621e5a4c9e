"""What the commands that act share: they say what would happen, write down who wants it and why, and only then act."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from worker.cli._frame import Failure, not_found, operator, say, with_engine

if TYPE_CHECKING:
    from worker.engine.engine import Engine

T = TypeVar("T")

why_option = click.option("--reason", metavar="TEXT", default="", help="Why; recorded with your name. Needed with --apply.")
limit_option = click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Show at most so many.")


def with_operator(story: Callable[[Engine], Coroutine[Any, Any, T]]) -> T:
    """Run a story; a name that is not there ends the command with 5, what cannot be done with 1."""
    from worker.operate.named import NotPossible, Unknown

    async def told(engine: Engine) -> T:
        try:
            return await story(engine)
        except Unknown as error:
            not_found(str(error))
        except NotPossible as error:
            raise Failure(str(error)) from None

    return with_engine(told)


async def record(engine: Engine, act: str, why: str, **what: str | int | bool | tuple[str, ...]) -> None:
    """Write the act down, before it is done."""
    from worker.store.acts import Acts

    await Acts(engine.store).record(act, by=operator(), why=why, **what)


def need_reason(act: bool, reason: str) -> None:
    if act and not reason.strip():
        raise click.UsageError("--apply needs --reason: it is recorded with your name")


def remind(act: bool) -> None:
    """The last word of a command that only looked."""
    if not act:
        say("nothing was changed; with --apply it is done")


def counted(counts: Mapping[str, int]) -> str:
    """`3 read first, 1 sealed`, the most first."""
    return ", ".join(f"{many:,} {word}" for word, many in sorted(counts.items(), key=lambda each: (-each[1], each[0]))) or "none"


def table(rows: Iterable[Sequence[str]]) -> None:
    """Rows as columns that line up, on stdout."""
    rows = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


class Follow(Protocol):
    """Says how far it is: a text, and how much of the whole is done, if that is known."""

    def __call__(self, text: str, done: int | None = None, /) -> None: ...


@contextmanager
def progress(total: int | None = None) -> Iterator[Follow]:
    """A bar on stderr while this lasts; nothing where stderr is no terminal.  total: None if it is not known."""
    if not sys.stderr.isatty():
        yield lambda _, __=None: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda text, done=None: bar.update(task, description=text, completed=done)
