"""A lesson in a process of its own: events and errors come over, and it ends when it is told to."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest

from app.lessons.base import Bench, Progress, Result
from app.lessons.pictures import FILES, FOLDER
from app.lessons.running import compute, lessons
from models.errors import InputError

pytest.importorskip("torch")


def test_events_come_over_and_a_stop_ends_it(home: Path) -> None:
    stop, lesson = threading.Event(), lessons()["rate"]
    before = set(psutil.Process().children())
    seen = []
    for event in compute(lesson, {"rate": "0.01"}, Bench(home, stop=stop)):
        seen.append(event)
        if isinstance(event, Progress) and event.done >= 8:
            stop.set()
    assert all(isinstance(event, Progress) for event in seen)
    assert seen[-1].partial[0].points
    deadline = time.monotonic() + 10
    while set(psutil.Process().children()) - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(psutil.Process().children()) - before == set()


def test_an_error_of_the_process_is_told(home: Path) -> None:
    folder = home / FOLDER
    folder.mkdir(parents=True)
    for names in FILES.values():
        for name in names:
            (folder / name).write_bytes(b"no images")
    with pytest.raises(InputError) as caught:
        list(compute(lessons()["images"], {}, Bench(home)))
    assert caught.value.params["text_key"] == "lessons.broken_images"
    assert FILES["train"][0] in str(caught.value)


def test_a_wrong_value_starts_nothing(home: Path) -> None:
    with pytest.raises(InputError):
        next(compute(lessons()["rate"], {"rate": "9"}, Bench(home)))


def test_a_result_comes_over(home: Path) -> None:
    class Asked:
        name, order, right, minutes, apart, controls = "asked", 1, 1, 1.0, False, ()

        def compute(self, bench: Bench, **values: object):
            yield Progress(0, 1)
            yield Result(verdict="done")

    assert list(compute(Asked(), {}, Bench(home)))[-1] == Result(verdict="done")
