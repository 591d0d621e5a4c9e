"""Logs: one JSON object a line, on stderr.  No attribute value and no secret ever stands in one: what is logged is chosen
field by field where it is logged, and the exceptions of libraries are named by their class only."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure(style: Literal["json", "console"], level: str) -> None:
    """Set up structlog and the standard library's logging for this process."""
    number = getattr(logging, level.upper())
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_it_broke,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", force=True)


def _where_it_broke(_: object, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A stack as places: the text of an exception may hold a value, file and line never do."""
    error = fields.pop("exc_info", None)
    if isinstance(error, BaseException):
        places = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        fields["stack"] = places[-8:]
    return fields
