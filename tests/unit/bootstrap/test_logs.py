"""Lines of log: one JSON object each, or for a terminal; ours and those of libraries alike."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog

from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.settings import LogFormat, Settings


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what is set up for the whole process."""
    root, quiet = logging.getLogger(), logging.getLogger("uvicorn.access")
    handlers, level, disabled = root.handlers[:], root.level, quiet.disabled
    yield
    structlog.reset_defaults()
    root.handlers[:], quiet.disabled = handlers, disabled
    root.setLevel(level)


def configured(stream: StringIO | None = None, **settings: Any) -> StringIO:
    """Set logging up and return where it goes."""
    out = StringIO() if stream is None else stream
    configure_logs(Settings(**settings), out)
    return out


def lines(out: StringIO) -> list[dict[str, Any]]:
    """The lines as objects."""
    return [json.loads(line) for line in out.getvalue().split("\n")[:-1]]


def test_a_line_is_an_object_with_event_level_and_utc_time() -> None:
    out = configured()
    structlog.get_logger("test").info("something_happened", rows=3, request_id="r-1")
    (line,) = lines(out)
    time = datetime.fromisoformat(line.pop("timestamp"))

    assert line == {"event": "something_happened", "level": "info", "rows": 3, "request_id": "r-1"}
    assert time.utcoffset() is not None
    assert str(time.tzinfo) == "UTC"


def test_lines_of_libraries_look_the_same_and_name_their_logger() -> None:
    out = configured()
    logging.getLogger("some.library").warning("took %d s", 7)
    (line,) = lines(out)

    assert (line["event"], line["level"], line["logger"]) == ("took 7 s", "warning", "some.library")
    assert "timestamp" in line


@pytest.mark.parametrize(("debug", "expected"), [(True, 4), (False, 2)])
def test_debug_lines_are_written_only_when_asked_for(debug: bool, expected: int) -> None:
    out = configured(debug=debug)
    for log in (structlog.get_logger("test"), logging.getLogger("some.library")):
        log.debug("fine")
        log.info("coarse")

    assert len(lines(out)) == expected


def test_the_servers_own_access_lines_are_left_out() -> None:
    out = configured()
    logging.getLogger("uvicorn.access").info("GET / 200")

    assert out.getvalue() == ""


def test_values_that_json_has_no_word_for_are_written_as_text() -> None:
    out = configured()
    structlog.get_logger("test").info(
        "odd", path=Path("a/b"), id=UUID(int=1), error=ValueError("no")
    )
    (line,) = lines(out)

    assert line["path"] == "a/b"
    assert line["id"] == "00000000-0000-0000-0000-000000000001"
    assert line["error"] == "no"


def test_what_cannot_be_written_at_all_is_written_as_python_shows_it() -> None:
    out = configured()
    structlog.get_logger("test").info("odd", inner={"a": [Path("b")]}, text="\ud800")
    (line,) = lines(out)

    assert "Path('b')" in line["inner"]
    assert "ud800" in line["text"]


@pytest.mark.parametrize("text", ["\ud800", "a\nb", "\x1b[2J", "\x00", "\u2028", "é"])
def test_no_text_breaks_a_line_or_fails_the_caller(text: str) -> None:
    out = configured()
    structlog.get_logger("test").info("odd", text=text, nested=[text])

    assert out.getvalue().count("\n") == 1
    assert len(lines(out)) == 1


def test_an_exception_is_part_of_its_line() -> None:
    out = configured()
    _fail_and_log()
    (line,) = lines(out)

    assert line["event"] == "failed"
    assert "ZeroDivisionError" in line["exception"]


@pytest.mark.parametrize("chosen", [LogFormat.CONSOLE, LogFormat.JSON])
def test_variables_of_the_code_that_failed_are_never_shown(chosen: LogFormat) -> None:
    """They may hold tokens; a terminal's scroll-back and a log file live long."""
    out = configured(log_format=chosen)
    _fail_and_log()

    assert "ZeroDivisionError" in out.getvalue()
    assert "s3cret" not in out.getvalue()


def _fail_and_log() -> None:
    token = "s3" + "cret"
    try:
        assert 1 / (len(token) - 6)
    except ZeroDivisionError:
        structlog.get_logger("test").exception("failed")


@pytest.mark.parametrize(
    ("chosen", "stream", "is_json"),
    [
        (LogFormat.AUTO, StringIO, True),
        (LogFormat.AUTO, Terminal, False),
        (LogFormat.JSON, Terminal, True),
        (LogFormat.CONSOLE, StringIO, False),
    ],
)
def test_the_format_is_the_chosen_one_else_that_of_the_stream(
    chosen: LogFormat, stream: type[StringIO], is_json: bool
) -> None:
    out = configured(stream(), log_format=chosen)
    structlog.get_logger("test").info("something_happened")

    assert "something_happened" in out.getvalue()
    assert out.getvalue().startswith("{") == is_json


def test_colours_are_for_terminals_only() -> None:
    plain = configured(StringIO(), log_format=LogFormat.CONSOLE)
    structlog.get_logger("test").info("something_happened")

    assert "\x1b" not in plain.getvalue()


def test_setting_up_again_replaces_the_first_set_up() -> None:
    first, second = configured(), configured()
    logging.getLogger("some.library").info("once")

    assert first.getvalue() == ""
    assert len(lines(second)) == 1


def test_events_can_be_left_out_by_name() -> None:
    out = StringIO()
    configure_logs(Settings(), out, without=frozenset({"problem"}))
    structlog.get_logger("test").info("problem", code="x")
    structlog.get_logger("test").info("snapshot_taken")

    assert [line["event"] for line in lines(out)] == ["snapshot_taken"]


@pytest.mark.parametrize("chosen", [LogFormat.JSON, LogFormat.CONSOLE])
def test_nothing_in_a_value_steers_a_terminal(chosen: LogFormat) -> None:
    out = configured(log_format=chosen)
    structlog.get_logger().info("event", name="Zürich\x1b]0;owned\x07\x9b2J\u202e")

    written = out.getvalue()
    assert "Zürich" in written
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(written)
