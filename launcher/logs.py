"""What the serving processes log: one line of JSON an event, written by a thread of its own."""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from typing import TextIO

import structlog
from structlog.typing import ExcInfo

FRAMES = 12
"""The innermost frames that are told of each exception in a chain."""

LONGEST = 6000
"""Characters that are told of all exceptions in a chain."""


def brief(exc_info: ExcInfo) -> str:
    """A traceback without the values of variables, bounded in frames and length."""
    text = "".join(traceback.format_exception(*exc_info, limit=-FRAMES))
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}\n…\n{text[-half:]}"


class _Handler(QueueHandler):
    """Hands records on as they are: whoever logs on the event loop must not render a traceback there."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Fill in the message only, for its arguments may change meanwhile; structlog's is a dictionary of its own."""
        if isinstance(record.msg, str):
            record.msg, record.args = record.getMessage(), None
        return record


_BEFORE: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_BEFORE,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(brief),
            structlog.processors.JSONRenderer(),
        ],
    )


@contextmanager
def as_lines(stream: TextIO = sys.stdout) -> Iterator[None]:
    """Have all that this process logs, also what its libraries log, written as lines; at the end, what is left."""
    writer = logging.StreamHandler(stream)
    writer.setFormatter(_formatter())
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    logging.basicConfig(level=logging.WARNING, handlers=[_Handler(queue)], force=True)
    structlog.configure(
        processors=[*_BEFORE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    listener = QueueListener(queue, writer)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
