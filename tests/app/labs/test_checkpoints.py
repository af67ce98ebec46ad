"""Weights that come along are read as they were written, to half precision; a damaged file is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.labs.base import Choice, Range
from app.labs.checkpoints import CONTROL, FILE, TRAIN, Made, find, meant, read, trained_by, write
from app.labs.running import run_row, shipped_events, shipped_run
from models.errors import InputError

torch = pytest.importorskip("torch")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "net" / FILE
    weight, places = torch.randn(3, 5).t(), torch.arange(4)
    write(path, Made({"weight": weight, "places": places}, {"정확도": [0.5, 0.75]}))
    found = read(path)
    assert found.facts == {"정확도": [0.5, 0.75]}
    assert found.tensors["weight"].dtype == torch.float32
    assert torch.allclose(found.tensors["weight"], weight, atol=2e-3)
    assert torch.equal(found.tensors["places"], places)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"not weights")
    with pytest.raises(InputError, match=FILE):
        read(path)


def test_a_lab_without_weights_has_none() -> None:
    assert find("arrays") is None


class Small:
    """A lab with weights: `steps` says how to train, `word` what to ask."""

    name, ships = "small", {"steps": 3}
    controls = (Choice(CONTROL, ("shipped", TRAIN), "shipped"), Range("steps", 1, 9, 2), Range("word", 1, 9, 1))

    def make(self) -> None: ...


def test_who_says_how_to_train_means_to_train() -> None:
    lab = Small()
    assert trained_by(lab) == ("steps",)
    assert meant(lab, {"steps": 4}) == {"steps": 4, CONTROL: TRAIN}
    assert meant(lab, {"word": 4}) == {"word": 4}
    assert meant(lab, {"steps": 4, CONTROL: "shipped"})[CONTROL] == "shipped"


def test_the_run_that_came_along_says_its_day_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.course.CHECKOUT", tmp_path)
    path = tmp_path / "labs" / "small" / "shown.jsonl"
    path.parent.mkdir(parents=True)
    rows = [run_row({"steps": 3}, "2026-11-22"), {"event": "Progress", "done": 1, "total": 1, "key": ""}]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    assert shipped_run("small") == rows[0]
    assert list(map(json.loads, shipped_events("small"))) == rows[1:]
    assert (shipped_run("arrays"), shipped_events("arrays")) == (None, [])
