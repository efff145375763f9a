"""What is logged: one bounded line an event, whoever logs it, and none is lost at the end."""

import json
import subprocess
import sys
from types import TracebackType

import pytest

from launcher.logs import LONGEST, brief

PROGRAM = """
import logging, structlog
from launcher.logs import as_lines
with as_lines():
    logging.getLogger("library").warning("%s of a library", "word")
    try:
        raise LookupError("lost")
    except LookupError as error:
        structlog.get_logger().error("unforeseen", exc_info=error)
        logging.getLogger("library").exception("a library's error")
"""


def test_every_event_is_one_line_of_json_also_the_last() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)  # noqa: S603
    word, ours, others = (json.loads(line) for line in ended.stdout.splitlines())
    assert (word["event"], word["level"]) == ("word of a library", "warning")
    assert (ours["event"], ours["level"], others["event"]) == ("unforeseen", "error", "a library's error")
    for told in (ours, others):
        assert told["exception"].endswith("LookupError: lost\n")
    assert ended.stderr == ""


def fail(depth: int) -> None:
    secret = "held in a local"
    if depth:
        fail(depth - 1)
    raise LookupError(len(secret))


def fail_for_many_reasons(count: int) -> None:
    try:
        fail(count)
    except LookupError as error:
        if count:
            fail_for_many_reasons(count - 1)
        raise LookupError("x" * 10_000) from error


def caught(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    return type(error), error, error.__traceback__


def test_a_traceback_shows_where_it_failed_and_holds_no_values() -> None:
    with pytest.raises(LookupError) as found:
        fail(500)
    text = brief(caught(found.value))
    assert "raise LookupError(len(secret))" in text
    assert text.endswith("LookupError: 15\n")
    assert "held in a local" not in text


def test_the_longest_chain_of_errors_is_bounded() -> None:
    with pytest.raises(LookupError) as found:
        fail_for_many_reasons(30)
    assert len(brief(caught(found.value))) <= LONGEST + len("\n…\n")
