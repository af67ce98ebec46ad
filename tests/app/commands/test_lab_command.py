"""`coursemate lab`: the list, a run with its figures saved, wrong settings in one sentence."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.commands.lab import Report, _settings
from app.labs.base import Code, Figure, Said, Score, Shown, Table
from app.labs.running import labs
from models.errors import InputError

SMALL = next((name for name, lab in labs().items() if getattr(lab, "small", None)), "")


def test_the_list_names_every_lab(cli: Any) -> None:
    ended = cli("lab", "--json")
    assert ended.code == 0
    assert [row["name"] for row in ended.rows] == list(labs())
    assert all(row["title"] and row["goal"] for row in ended.rows)
    assert len(cli("lab").out.splitlines()) == len(labs())


def test_wrong_settings_are_told_in_one_sentence(cli: Any) -> None:
    name = next(iter(labs()))
    for given in (["nothing"], [name, "--set", "steps"], [name, "--set", "no_such=1"]):
        ended = cli("lab", *given)
        assert ended.code == 2 and not ended.out
        assert len(ended.err.strip().splitlines()) == 1 and "Traceback" not in ended.err


@pytest.mark.skipif(not SMALL, reason="no lab offers small settings")
def test_a_run_prints_and_saves_what_it_showed(cli: Any, tmp_path: Path) -> None:
    lab, out = labs()[SMALL], tmp_path / "out"
    settings = [part for key, value in lab.small.items() for part in ("--set", f"{key}={value}")]
    ended = cli("lab", SMALL, *settings, "--out", out, "--json")
    assert ended.code == 0, ended.err
    shown = [row for row in ended.rows if row["event"] == "Shown"]
    figures = {row["block"]["name"] for row in shown if row["kind"] == "Figure"}
    tables = {row["block"]["name"] for row in shown if row["kind"] == "Table"}
    assert {path.stem for path in out.glob("*.html")} == figures
    assert {path.stem for path in out.glob("*.csv")} == tables
    for path in out.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "Plotly.newPlot" in page and 'src="' not in page[-3000:]


def test_settings_are_names_and_values() -> None:
    assert _settings(["a=1", " b =x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(InputError, match="'steps'"):
        _settings(["steps"])


class Spoken:
    """A console that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def result(self, line: str = "", end: str = "\n") -> None:
        self.lines.append(line)

    say = result


@pytest.fixture
def report() -> Report:
    from types import SimpleNamespace

    lab = next(iter(labs().values()))
    context: Any = SimpleNamespace(console=Spoken(), lang="ko")
    return Report(lab, context)


def test_a_later_block_takes_the_place_of_the_one_before(report: Report, tmp_path: Path) -> None:
    report.take(Shown(Table("rows", ("a", "값"), (("하나", 1.25),))))
    report.take(Shown(Code("same", "print(1)")))
    report.take(Shown(Table("rows", ("a", "값"), (("둘", 12345),))))
    report.take(Shown(Figure("loss", [{"y": [1]}])))
    report.take(Shown(Said("told", "title")))
    report.close()
    said = "\n".join(report.context.console.lines)
    assert "둘  12,345" in said and "하나" not in said
    assert report.save(tmp_path / "deep" / "out") == 3
    assert (tmp_path / "deep" / "out" / "rows.csv").read_bytes() == "\ufeffa,값\r\n둘,12345\r\n".encode()
    assert (tmp_path / "deep" / "out" / "same.py").read_text(encoding="utf-8") == "print(1)"


def test_a_score_outside_says_where_it_usually_is(report: Report) -> None:
    report.take(Score("accuracy", 0.5, 0.8, 1.0, "share"))
    assert "50.0%" in report.context.console.lines[0] and "80.0% – 100.0%" in report.context.console.lines[1]


def test_a_folder_that_cannot_be_written_is_named(report: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="choose another folder"):
        report.save(tmp_path / "file" / "out")


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_ends_it_cleanly(home: Path, tmp_path: Path) -> None:
    """The lab runs far longer than the test waits."""
    path = tmp_path / "slow.py"
    path.write_text(SLOW, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", str(path), str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "Score"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err and "멈췄습니다" in err


SLOW = """
import os, sys, time
from pathlib import Path
import app.labs.running as running
from app.labs.base import Progress, Score
from app.cli import main

class Slow:
    name, order, notes, network, controls = "figures", 1, (), (), ()

    def seconds(self, **values):
        return 1.0

    def compute(self, desk, **values):
        yield Score("share", 1.0)
        for step in range(10_000):
            time.sleep(0.05)
            yield Progress(step, 10_000)

LAB = Slow()
Slow.__module__ = "slow"
if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    running.labs = lambda: {"slow": LAB}
    sys.exit(main(["--home", sys.argv[1], "lab", "slow", "--json"]))
"""
