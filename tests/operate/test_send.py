"""What a file says enters as a webhook would, line by line, and each line that does not is named."""

import asyncio
import json
from collections.abc import Sequence

from tests.company import Company
from worker.operate.send import LINES, Summary, send


def line(ident: str, subject: str = "E-1", **attributes: object) -> bytes:
    body = {"id": ident, "timestamp": "2026-01-01T00:00:01Z", "data": {"id": subject, "attributes": attributes}}
    return json.dumps(body).encode()


async def sent(company: Company, lines: Sequence[bytes], *, act: bool = True) -> Summary:
    return await send(company.engine, "hr", lines, act=act)


async def test_a_file_is_accepted_line_by_line(company: Company):
    """Good lines go on whatever stands beside them; a refused one is told with its number and why, never with its content."""
    lines = [
        line("e1", department="Sales"), b"", b"{no json", line("e1", department="Sales"), line("e1", department="Legal"), b"[1]",
        line("e2", subject="", department="Sales"),
    ]  # fmt: skip
    summary = await sent(company, lines)
    assert summary.words == {"new": 1, "duplicate": 1, "refused": 3, "parked": 1}
    assert sorted(number for number, _ in summary.refused) == [3, 5, 6]
    assert (5, "the id is known with another content") in summary.refused
    assert [number for number, _ in summary.parked] == [7]
    assert "Sales" not in repr(summary)
    await company.run()
    assert company.crm.accounts["E-1"] == {"unit": "Sales"}


async def test_sent_twice_is_accepted_once(company: Company):
    """The second time everything is a duplicate, and nothing is written again."""
    lines = [line(f"e{number}", f"E-{number % 2 + 1}", department=f"D{number}") for number in range(3 * LINES)]
    assert (await sent(company, lines)).words == {"new": 3 * LINES}
    await company.run()
    writes = company.crm.writes
    assert (await sent(company, lines)).words == {"duplicate": 3 * LINES}
    await company.run()
    assert company.crm.writes == writes


async def test_reading_accepts_nothing(company: Company):
    """A dry run finds the same faults and leaves the journal empty."""
    summary = await sent(company, [line("e1", department="Sales"), b"{"], act=False)
    assert summary.words == {"readable": 1, "refused": 1}
    assert await company.engine.journal.newest() == []


async def test_lines_without_a_time_are_stamped_in_their_order(company: Company):
    """The last line of a file is the newest, though all were accepted together."""
    bodies = [{"id": f"e{n}", "data": {"id": "E-1", "attributes": {"department": f"D{n}"}}} for n in range(50)]
    await sent(company, [json.dumps(body).encode() for body in bodies])
    await company.run()
    assert company.crm.accounts["E-1"]["unit"] == "D49"


async def test_a_flood_waits(company: Company):
    """While many events wait nothing more is taken, whoever follows is told, and it goes on by itself."""
    company.engine.journal.backlog = 4
    told: list[bool] = []

    drains: list[asyncio.Task[None]] = []

    def follow(summary: Summary) -> None:
        told.append(summary.waits)
        if summary.waits and len(told) == 2:
            drains.append(asyncio.get_running_loop().create_task(company.run()))

    lines = [line(f"e{number}", department="Sales") for number in range(3)] + [b" "] * LINES + [line("e9", department="Legal")]
    first = await sent(company, lines[:3])
    assert first.words == {"new": 3}
    summary = await send(company.engine, "hr", lines[3:], act=True, told=follow)
    await asyncio.gather(*drains)
    assert told[:2] == [True, True]
    assert summary.words == {"new": 1}
