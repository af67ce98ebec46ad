"""The lab on recurrent networks: what it says of gradients, baselines and units comes out, and any sentence is read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from app.labs import checkpoints  # noqa: E402
from app.labs.base import Desk, Event, Progress, Score, Shown, Used, read_values, to_row  # noqa: E402
from app.labs.checkpoints import Made, find, read, write  # noqa: E402
from app.labs.rnn import LAB  # noqa: E402
from models.errors import InputError  # noqa: E402

TINY: dict[str, Any] = {**LAB.small, "rows": 300, "width": 8, "epochs": 2, "rate": 0.02, "dropout": 0.1}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def ran(home: Path, datasets: Path | None = None, **values: Any) -> list[Event]:
    events = list(LAB.compute(Desk(home, threads=1, datasets=datasets), **read_values(LAB, values)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    return events


def read_off(events: list[Event]) -> tuple[dict[tuple[str, str], Any], dict[str, float]]:
    """Blocks by kind and name, scores by name."""
    blocks = {(type(e.block).__name__, e.block.name): e.block for e in events if isinstance(e, Shown)}
    return blocks, {e.name: e.value for e in events if isinstance(e, Score)}


def test_made_reviews_are_learned_and_shown_beside_the_baseline(home: Path) -> None:
    events = ran(
        home,
        **{**TINY, "rows": 1200, "width": 16, "epochs": 4, "sentence": "연기가 정말 훌륭하지만, 결말이 무척 지루하다."},
    )
    blocks, scores = read_off(events)
    assert [e.name for e in events if isinstance(e, Used)] == ["reviews-ko"]
    assert scores["accuracy"] > 0.8 and 0.5 < scores["baseline"] <= 1
    assert {trace["name"] for trace in blocks["Figure", "accuracy"].data} == {"train", "held", "baseline"}
    assert [row[1] for row in blocks["Table", "agreement"].rows] and sum(
        row[1] for row in blocks["Table", "agreement"].rows
    ) == 300
    thoughts = blocks["Figure", "position"].data[0]["y"]
    assert len(thoughts) == len("연기가 정말 훌륭하지만, 결말이 무척 지루하다.")
    assert max(thoughts[:13]) > 0.5 > thoughts[-1], "good at first, bad in the end"
    assert blocks["Said", "sentence"].key == "says_negative"


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_each_cell_shows_its_own_gates_and_all_gradients(home: Path, cell: str) -> None:
    blocks, scores = read_off(ran(home, **{**TINY, "cell": cell, "way": "torch"}))
    gates = {"rnn": 0, "gru": 2, "lstm": 3}[cell]
    assert len(blocks["Figure", "gates"].data[0]["z"]) == gates if gates else ("Figure", "gates") not in blocks
    assert ("Figure", "states") in blocks
    before = {trace["name"] for trace in blocks["Figure", "gradients_before"].data}
    assert before == {"rnn", "lstm", "lstm_memory", "gru"}
    assert {trace["name"] for trace in blocks["Figure", "gradients_after"].data} <= {cell, f"{cell}_memory"}
    left = {row[:2]: row[3] for row in blocks["Table", "left"].rows}
    assert left["cell_rnn", "when_before"] < 1e-4, "the first of the tries"
    assert 0 <= scores["left"] < math.inf


def test_both_ways_learn_the_same(home: Path) -> None:
    still = {**TINY, "dropout": 0.0, "epochs": 1}
    _, ours = read_off(ran(home, **still))
    _, theirs = read_off(ran(home, **still, way="torch"))
    assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=0.01)
    assert ours["left"] == pytest.approx(theirs["left"], rel=0.02)


@pytest.mark.parametrize(
    "values",
    [
        {"sentence": "🙂🙂", "unit": "jamo", "pooling": "last"},
        {"sentence": "가" * 1000, "unit": "syllable", "pooling": "mean"},
        {"sentence": "?!\n\t..", "unit": "bpe", "cell": "gru", "dropout": 0.8},
        {"sentence": "a", "unit": "morpheme", "data": "imdb", "width": 2},
        {"rate": 0.05, "epochs": 20, "cell": "rnn"},
    ],
    ids=["emoji", "long", "signs", "letter", "rate"],
)
def test_it_holds_at_the_ends_of_its_controls(home: Path, values: dict[str, Any]) -> None:
    blocks, scores = read_off(ran(home, **{**LAB.small, **values}))
    assert "accuracy" in scores or blocks["Said", "verdict"].key == "diverged"


def test_a_sentence_that_is_too_long_is_told() -> None:
    with pytest.raises(InputError, match="shorten"):
        read_values(LAB, {"sentence": "가" * 100_000})


def test_what_would_take_hours_is_refused(home: Path) -> None:
    hours = {"weights": "train", "rows": 50_000, "width": 256, "epochs": 20, "unit": "jamo"}
    with pytest.raises(InputError, match="minutes") as caught:
        ran(home, **hours)
    assert caught.value.params["text_key"] == "too_much"


def test_what_is_made_is_shown_at_once(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = {**LAB.ships, **{name: TINY[name] for name in ("unit", "rows", "width", "epochs", "rate")}}
    *steps, made = LAB.make(Desk(home, threads=1), **tiny)
    assert isinstance(made, Made) and all(isinstance(step, Progress) for step in steps)
    path = tmp_path / "labs" / "rnn" / checkpoints.FILE
    write(path, made)
    assert read(path).facts["rows"] == 300
    monkeypatch.setattr(checkpoints, "shipped", lambda name: tmp_path / name)
    monkeypatch.setattr(LAB, "ships", tiny, raising=False)
    accuracies = set()
    for cell in ("rnn", "lstm", "gru"):
        events = ran(home, cell=cell, unit="syllable")
        blocks, scores = read_off(events)
        assert [(e.name, e.origin) for e in events if isinstance(e, Used)] == [
            ("reviews-ko", "shipped"),
            ("reviews-ko", "made"),
        ]
        assert blocks["Said", "weights"].key == "shipped"
        assert len(blocks["Table", "cells"].rows) == 4
        assert {"rnn", "lstm", "gru"} <= {trace["name"] for trace in blocks["Figure", "gradients_after"].data}
        accuracies.add(scores["accuracy"])
    assert len(accuracies) > 1


def test_without_weights_it_trains_and_says_so(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "shipped", lambda name: tmp_path / name)
    blocks, _ = read_off(ran(home, **{**LAB.small, "weights": "shipped"}))
    assert blocks["Said", "weights"].key == "not_shipped"


def test_what_came_along_reaches_what_the_lab_promises() -> None:
    made = find("rnn")
    if made is None:
        pytest.skip("no weights came along")
    accuracy = made.facts["curves"]["lstm"]["held"][-1]
    assert accuracy >= 0.8
    assert abs(accuracy - made.facts["baseline"]) < 0.05, "the second of the tries"


@pytest.mark.shared
@pytest.mark.parametrize(("name", "rows"), [("nsmc", 600), ("imdb", 100)])
def test_reviews_are_read_where_they_lie(home: Path, shared_data: Path, name: str, rows: int) -> None:
    events = ran(home, shared_data, **{**TINY, "data": name, "rows": rows, "epochs": 1, "unit": "morpheme"})
    used = [(e.name, e.origin, e.rows) for e in events if isinstance(e, Used)]
    assert used == [(name, "folder", rows + 300)]
    _, scores = read_off(events)
    assert scores["unknown"] < 0.5
