"""A line of the log is one record, and holds no text of an exception: ours and those of libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAYS = """
import asyncio, logging, socket, sys, warnings
import structlog
from worker import logs

logs.configure(sys.argv[1], "info", "worker")
library = logging.getLogger("some.library")

def breaks():
    raise ValueError("s3cr3t")

try:
    breaks()
except ValueError as error:
    structlog.get_logger().error("ours", error="ValueError", exc_info=error)
    library.exception("it broke: %s", error)
    library.error("two lines\\nthe second is s3cr3t")
    library.error("%r of %s", error, "it")
try:
    try:
        open("/nowhere/at/all")
    except OSError as error:
        raise RuntimeError("s3cr3t") from error
except RuntimeError as error:
    library.error("cannot go on: %s", error)
    library.error(error)
library.info("nobody asked for it")
warnings.warn("look here\\nand s3cr3t here")

async def forgets():
    asyncio.create_task(broken())
    await asyncio.sleep(0)

async def broken():
    raise ValueError("s3cr3t")

async def asks_and_leaves():
    loop = asyncio.get_running_loop()
    asked = loop.create_future()
    asked.set_exception(socket.gaierror(socket.EAI_AGAIN, "s3cr3t"))
    del asked

asyncio.run(forgets())
asyncio.run(asks_and_leaves())
"""


def said(style: str) -> str:
    done = subprocess.run([sys.executable, "-c", SAYS, style], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    return done.stderr


def test_every_line_is_one_record() -> None:
    """In the form for machines each line is a JSON object, whoever said it: what was said, where it broke, who said it.  That a
    name did not resolve for which nobody waited any more is no line."""
    lines = [json.loads(line) for line in said("json").splitlines()]
    assert [line["event"] for line in lines] == [
        "ours",
        "it broke: ValueError",
        "two lines",
        "'ValueError' of it",
        "cannot go on: RuntimeError (No such file or directory)",
        "RuntimeError (No such file or directory)",
        "UserWarning: look here",
        "Task exception was never retrieved",
    ]
    assert [line["places"][-1].split()[-1] for line in lines if "places" in line] == ["breaks", "breaks", "broken"]
    assert {line.get("library", "") for line in lines} == {"", "some.library", "py.warnings", "asyncio"}
    assert {line["daemon"] for line in lines} == {"worker"}
    assert all(line["level"] and line["timestamp"].endswith("Z") for line in lines)


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_line_holds_the_text_of_an_exception(style: str) -> None:
    """It may be a value; what is told is the class, and the place.  In both forms all that was said is there."""
    told = said(style)
    assert "s3cr3t" not in told
    assert "Traceback" not in told
    assert "Logging error" not in told
    assert len(told.splitlines()) == 8
