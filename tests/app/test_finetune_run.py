"""`coursemate finetune methods|probe|run|stop|resume|runs|log`: what is said, where, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.commands.finetune_run import told
from finetune.base import Event
from finetune.journal import Journal
from finetune.recipe import dump, methods, parse
from finetune.runfiles import RunFile


def typed(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, rows of stdout, stderr."""
    code = main(["--home", str(home), "finetune", *words])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def past_run(home: Path, name: str, *events: Event) -> None:
    """A run as it lies on the disk after its process has ended."""
    folder = home / "finetune" / "runs" / name
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text(dump(parse({"data": "mine", "steps": 9})), encoding="utf-8")
    RunFile(name, str(home), str(home / "weights"), "2026-01-02T03:04:05+00:00").write(folder)
    for event in (Event.now("started", 0, steps=9), *events):
        Journal(folder / "journal.jsonl").write(event)


def test_methods_are_listed_with_their_options(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows, _ = typed(home, capsys, "methods", "--json")
    assert code == 0
    assert [row["name"] for row in rows] == list(methods())
    lora = next(row for row in rows if row["name"] == "lora")
    assert lora["options"]["r"] == 8
    assert lora["recipe"] == "lora"


def test_runs_and_their_journal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    past_run(home, "cut-off", Event.now("step", 3, loss=1.5))
    past_run(home, "done", Event.now("ended", 9, reason="all_steps", seconds=4.0, result=True))
    code, rows, _ = typed(home, capsys, "runs", "--json")
    states = {row["name"]: (row["state"], row["step"], row["steps"]) for row in rows}
    assert code == 0
    assert states == {"cut-off": ("interrupted", 3, 9), "done": ("ended", 9, 9)}
    code, rows, _ = typed(home, capsys, "log", "cut-off", "--json")
    assert [(row["kind"], row["step"]) for row in rows] == [("started", 0), ("step", 3)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "lorra"], "lora"),
        (["run", "lora", "--set", "nonsense"], "KEY=VALUE"),
        (["run", "lora", "--set", "learnig_rate=1"], "learning_rate"),
        (["run", "lora", "--data", "none"], "none"),
        (["stop", "nobody"], "nobody"),
        (["resume", "done"], "done"),
        (["log", "../etc"], "../etc"),
    ],
)
def test_mistakes_end_in_a_sentence(
    words: list[str], says: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past_run(home, "done", Event.now("ended", 9, reason="all_steps", seconds=4.0, result=True))
    code, rows, err = typed(home, capsys, *words, *([] if words[0] == "run" else ["--json"]))
    assert code != 0
    assert rows == []
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_event_has_words(lang: Any) -> None:
    events = [
        Event.now("step", 2, loss=1.23456, learning_rate=1e-4, gradient_norm=0.5, tokens_per_s=99.0, left_s=75.0),
        Event.now("validation", 2, loss=1.0),
        Event.now("forgetting", 2, loss=2.0, base_loss=1.5, probes_right=7, probes=8),
        Event.now("said", 2, question="물음", answer="답"),
        Event.now("resumed", 2, from_step=2, pid=1),
        Event.now("stopped", 2, reason="stopped", seconds=3.0, result=True),
        Event.now("ended", 2, reason="early", seconds=3.0, result=True),
    ]
    lines = [told(event, lang) for event in events]
    assert all("2" in line and "{" not in line for line in lines)
    assert "1:15" in lines[0]
    assert told(Event.now("saved", 2, checkpoint="step-2"), lang) == ""
