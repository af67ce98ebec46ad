"""A lab in a process of its own: what it yields comes over as it was, and it ends when it is told to."""

from __future__ import annotations

import importlib.util
import threading
import time
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from app.labs.base import Code, Desk, Figure, Progress, Said, Score, Shown, Table, Used
from app.labs.running import find, run
from models.errors import InputError, MissingError

TINY = """
import time
from app.labs.base import *
from models.errors import MissingError

class Tiny:
    name, order, notes, network = "tiny", 1, (), ()
    controls = (Range("steps", 1, 1000, 3), Choice("way", ("end", "lack", "break"), "end"))

    def seconds(self, **values):
        return 1.0

    def compute(self, desk, **values):
        yield Used("made", "made", 7)
        if values["way"] == "lack":
            raise MissingError(what="torch", fix="install it")
        if values["way"] == "break":
            raise ZeroDivisionError("a bug")
        for step in range(values["steps"]):
            yield Progress(step, values["steps"], "learning")
            yield Shown(Figure("loss", ({"type": "scatter", "y": [desk.seed, step]},), {"xaxis": {}}))
            time.sleep(0.01)
        yield Shown(Table("rows", ("a", "b"), ((1, "둘"), (3.5, "넷"))))
        yield Shown(Said("verdict", "verdict", {"n": 3}, "good"))
        yield Shown(Code("same", "print(1)"))
        yield Score("accuracy", 0.5, 0.6, 1.0, "share")

LAB = Tiny()
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path = tmp_path_factory.mktemp("labs") / "tiny_lab.py"
    path.write_text(TINY, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("tiny_lab", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def lab(tiny: ModuleType, monkeypatch: pytest.MonkeyPatch):
    """The process finds the file where Python looks."""
    monkeypatch.setenv("PYTHONPATH", str(Path(tiny.__file__).parent))
    return tiny.LAB


def ended(before: set[psutil.Process]) -> bool:
    """Whether no process of ours is left."""
    deadline = time.monotonic() + 20
    while (left := set(psutil.Process().children()) - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left


def test_every_kind_of_event_comes_over_as_it_was(lab, home: Path) -> None:
    before = set(psutil.Process().children())
    seen = list(run(lab, {"steps": "2"}, Desk(home, seed=5)))
    assert seen[0] == Used("made", "made", 7)
    assert Progress(1, 2, "learning") in seen
    assert Shown(Figure("loss", [{"type": "scatter", "y": [5, 1]}], {"xaxis": {}})) in seen
    assert Shown(Table("rows", ("a", "b"), ((1, "둘"), (3.5, "넷")))) in seen
    assert Shown(Said("verdict", "verdict", {"n": 3}, "good")) in seen and Shown(Code("same", "print(1)")) in seen
    assert seen[-1] == Score("accuracy", 0.5, 0.6, 1.0, "share") and seen[-1].outside
    assert ended(before)


def test_a_stop_ends_it(lab, home: Path) -> None:
    before, stop = set(psutil.Process().children()), threading.Event()
    seen = []
    for event in run(lab, {"steps": 1000}, Desk(home), stop):
        seen.append(event)
        stop.set()
    assert not any(isinstance(event, Score) for event in seen)
    assert ended(before)


def test_a_stop_before_it_has_begun_is_no_failure(lab, home: Path) -> None:
    """It ends before it has read what to do, of which more is written than a pipe holds."""
    stop = threading.Event()
    stop.set()
    assert list(run(lab, {}, Desk(home / ("x" * 200_000)), stop)) == []


def test_whoever_stops_reading_ends_it(lab, home: Path) -> None:
    before = set(psutil.Process().children())
    events = run(lab, {"steps": 1000}, Desk(home))
    next(events)
    events.close()
    assert ended(before)


def test_its_errors_are_raised_here(lab, home: Path) -> None:
    with pytest.raises(MissingError, match="torch is missing: install it"):
        list(run(lab, {"way": "lack"}, Desk(home)))


def test_a_bug_of_a_lab_is_logged_and_said(lab, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InputError) as caught:
        list(run(lab, {"way": "break"}, Desk(home)))
    assert caught.value.params["text_key"] == "lessons.ended_early"
    assert "ZeroDivisionError: a bug" in caplog.text


@pytest.mark.parametrize("given", [{"steps": 0}, {"steps": "many"}, {"speed": 1}], ids=["end", "text", "unknown"])
def test_a_wrong_value_starts_nothing(lab, home: Path, given: dict[str, object]) -> None:
    before = set(psutil.Process().children())
    with pytest.raises(InputError):
        next(run(lab, given, Desk(home)))
    assert set(psutil.Process().children()) == before


def test_an_unknown_lab_is_named() -> None:
    with pytest.raises(InputError, match="'nothing'"):
        find("nothing")
