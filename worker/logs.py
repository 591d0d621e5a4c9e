"""Logs: one JSON object a line, on stderr.  No attribute value and no secret ever stands in one: what is logged is chosen
field by field where it is logged, and exceptions are named by their class and, where the system said no, by its word for that.
What libraries log comes out alike: its first line."""

from __future__ import annotations

import logging
import socket
import sys
import warnings
from types import TracebackType
from typing import Literal

import structlog

from worker.cause import named

PLACES = 8
"""Of a stack: the innermost."""


def configure(style: Literal["json", "console"], level: str, daemon: str = "") -> None:
    """Set up structlog, the standard library's logging and its warnings for this process.  daemon: which one it is, and each line
    says so; "" for what is none."""
    number = getattr(logging, level.upper())
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        *([_said_by(daemon)] if daemon else []),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where_it_broke,
    ]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_library, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    handler.addFilter(_nameless)
    handler.addFilter(_not_told_already)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    warnings.formatwarning = _warning  # type: ignore[assignment] # file and line are not told


def _said_by(daemon: str) -> structlog.typing.Processor:
    """In whichever of its threads: variables of a context would be those of one."""

    def say(_: object, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
        fields["daemon"] = daemon
        return fields

    return say


def _library(_: object, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What follows the first line is a traceback in another guise."""
    fields["library"] = fields["_record"].name
    fields["event"] = str(fields["event"]).strip().partition("\n")[0]
    return fields


def _nameless(record: logging.LogRecord) -> bool:
    """An exception in a message of a library gives its name, not its text."""
    if isinstance(record.msg, BaseException):
        record.msg = named(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(named(each) if isinstance(each, BaseException) else each for each in record.args)
    return True


def _not_told_already(record: logging.LogRecord) -> bool:
    """Whoever asked for the address of a host and stopped waiting has said so; that there was none after all is no news.  The
    event loop tells it once a try."""
    error = record.exc_info[1] if record.exc_info else None
    return not (record.name == "asyncio" and isinstance(error, socket.gaierror))


def _warning(message: Warning | str, category: type[Warning], *_: object) -> str:
    return f"{category.__name__}: {str(message).strip()}"


def _where_it_broke(_: object, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A stack as places: the text of an exception may hold a value, file and line never do."""
    error = fields.pop("exc_info", None)
    error = error[1] if isinstance(error, tuple) else error  # as the standard library gives it
    if isinstance(error, BaseException):
        fields.setdefault("error", type(error).__name__)
        fields["places"] = _places(error.__traceback__)  # `stack` is a text to the console's renderer
    return fields


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-PLACES:]
