"""Results and words go their separate ways, and no document moves the cursor."""

from __future__ import annotations

import io
import json

import pytest

from app.commands.console import Console, clip, duration, printable, size, width


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_results_and_words_go_their_ways() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(out, err)
    console.emit({"질문": "무엇?"})
    console.say("끝")
    assert json.loads(out.getvalue()) == {"질문": "무엇?"}
    assert err.getvalue() == "끝\n"


def test_no_number_that_json_lacks_is_printed() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Console(io.StringIO(), io.StringIO()).emit({"score": float("nan")})


def test_a_bar_is_wiped_before_words() -> None:
    err = Terminal()
    console = Console(io.StringIO(), err)
    console.show("reading", 0.5)
    console.say("done")
    bar, rest = err.getvalue().split("\r", 1)
    assert "50%" in bar
    assert rest.endswith("\rdone\n")


def test_without_a_terminal_there_are_plain_lines() -> None:
    err = io.StringIO()
    console = Console(io.StringIO(), err)
    console.show("one", 0.1)
    console.show("two", 0.2)
    console.show("three", 1.0, force=True)
    assert err.getvalue() == "one\nthree\n"


def test_a_draft_is_wiped_from_a_terminal_and_absent_elsewhere() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        with Console(io.StringIO(), stream).draft() as draft:
            draft("첫 줄\n둘째")
    assert terminal.getvalue() == "첫 줄\n둘째\r\x1b[1A\x1b[J"
    assert pipe.getvalue() == ""


def test_control_characters_are_shown_not_obeyed() -> None:
    assert printable("a\x1b[2Jb\x07c\ud800") == "a\ufffd[2Jb\ufffdc\ufffd"
    assert printable("줄\n바꿈\t탭") == "줄\n바꿈\t탭"


def test_hangul_is_two_columns_wide() -> None:
    assert width("ab가나") == 6
    assert clip("가나다라", 5) == "가나…"
    assert clip("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (491_400_064, "491 MB"), (1_117_320_768, "1.1 GB")],
)
def test_sizes_read_well(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00"),
        (42.4, "0:42"),
        (185, "3:05"),
        (3720, "1:02:00"),
        (None, "-:--"),
        (float("nan"), "-:--"),
        (float("inf"), "-:--"),
    ],
)
def test_times_read_well(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown
