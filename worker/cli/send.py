"""`lockstep send`: events from a file, through the same door as webhooks."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

import click

from worker.cli._acting import Follow, counted, progress, record, table, with_operator
from worker.cli._frame import Exit, Failure, json_option, print_json, say

if TYPE_CHECKING:
    from worker.engine.engine import Engine
    from worker.operate.send import Summary


LARGEST = 4 * 1024 * 1024
"""Bytes of a file that is read once more to say what is wrong with it."""


@click.command(name="send")
@click.argument("file", type=click.File("rb"))
@click.option("--source", metavar="SYSTEM", required=True, help="Who says it.")
@click.option("--dry-run", is_flag=True, help="Only read: say what each line is, and accept nothing.")
@click.option("--reason", metavar="TEXT", default="", help="Why; recorded with your name.")
@json_option
def command(file: IO[bytes], source: str, dry_run: bool, reason: str, as_json: bool) -> None:
    """Accept events from a file.  FILE (`-` for what is piped in) has JSON, one webhook body a line, as SOURCE
    would send it, without its signature.  For the first fill of a new target, and for tests.

    A file may be sent again: an event that has an id is then a duplicate and does nothing.  Live events go first:
    while many wait, this waits too.  Ends with 1 if a line was refused or an event cannot be used.

    \b
    Examples:
      lockstep send people.jsonl --source hr --dry-run
      lockstep send people.jsonl --source hr
      lockstep send people.jsonl --source hr --json --reason "first fill"
    """
    name = "-" if file.name in ("<stdin>", "-") else os.path.basename(file.name)  # noqa: PTH119 - click gives a name, no path

    async def story(engine: Engine) -> Summary:
        from worker.operate.named import known_source
        from worker.operate.send import send

        known_source(engine.configuration, source)
        if not dry_run:
            await record(engine, "send", reason, source=source, file=name)
        with progress(_size(file)) as bar:
            return await send(engine, source, file, act=not dry_run, told=_following(bar, file))

    summary = with_operator(story)
    if as_json:
        print_json({
            "lines": summary.lines, "words": summary.words, "accepted": not dry_run,
            "refused": [{"line": line, "why": why} for line, why in summary.refused],
            "parked": [{"line": line, "why": why} for line, why in summary.parked],
        })  # fmt: skip
    else:
        click.echo(f"{summary.lines:,} {'line' if summary.lines == 1 else 'lines'}: {counted(summary.words)}")
        table([(f"line {line}", word, why) for line, word, why in sorted(_faults(summary))])
    wrong = summary.words["refused"] + summary.words["parked"]
    if wrong > len(summary.refused) + len(summary.parked):
        say(f"the first {len(summary.refused) + len(summary.parked)} of {wrong:,} faults are shown")
    if dry_run:
        say("nothing was accepted; without --dry-run it is")
    if wrong:
        if summary.words["refused"] > 1 and _one_document(file):
            say("the file is one JSON document over many lines; a line must hold a whole body: jq -c . FILE")
        others = summary.words.total() - wrong
        rest = "" if dry_run or not others else "; the others were accepted"
        raise Failure(f"{wrong:,} cannot be used{rest}", Exit.WRONG)


def _one_document(file: IO[bytes]) -> bool:
    """Whether the lines make sense together only.  False for what is piped in, which cannot be read again."""
    try:
        file.seek(0)
        json.loads(file.read(LARGEST))
    except (OSError, ValueError):
        return False
    return True


def _faults(summary: Summary) -> Iterator[tuple[int, str, str]]:
    yield from ((line, "refused", why) for line, why in summary.refused)
    yield from ((line, "parked", why) for line, why in summary.parked)


def _size(file: IO[bytes]) -> int | None:
    """Bytes of a regular file; None for what is piped in."""
    try:
        status = os.fstat(file.fileno())
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _following(bar: Follow, file: IO[bytes]) -> Callable[[Summary], None]:
    measured = _size(file) is not None

    def told(summary: Summary) -> None:
        text = f"{summary.lines:,} lines: {counted(summary.words)}"
        bar(f"{text}; many events wait, and so do we" if summary.waits else text, file.tell() if measured else None)

    return told
