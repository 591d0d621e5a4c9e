"""Findings on the screen: one line each, how it is, what was found and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from worker.cli._frame import Exit, Failure, print_json

if TYPE_CHECKING:
    from worker.telling.doctor import Finding


def show(found: Sequence[Finding], *, as_json: bool) -> None:
    """Print them.  Raises Failure if anything is wrong."""
    if as_json:
        print_json([{"what": each.what, "state": str(each.state), "says": each.says, "do": each.do} for each in found])
    else:
        width = max((len(each.what) for each in found), default=0)
        for each in found:
            click.echo(f"{each.state:<5}  {each.what:<{width}}  {each.says}{f'  ->  {each.do}' if each.do else ''}")
    wrong = [each for each in found if each.state == "wrong"]
    if wrong:
        raise Failure(f"{len(wrong)} of {len(found)} {'is' if len(wrong) == 1 else 'are'} wrong", Exit.WRONG)
