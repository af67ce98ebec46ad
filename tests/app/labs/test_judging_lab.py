"""The lab on evaluation: its slider moves everything to the right numbers, and what it claims comes true."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")

from app.labs.base import Desk, Score, Shown, read_values, to_row
from app.labs.judging import FORMULAS, LAB

Ran = tuple[dict[str, Any], dict[str, float]]


@cache
def ran(*settings: tuple[str, Any], datasets: Path | None = None) -> Ran:
    desk = Desk(Path("no home is needed"), datasets=datasets)
    events = list(LAB.compute(desk, **read_values(LAB, dict(settings))))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


def tried(at: int, **other: Any) -> Ran:
    return ran(*{**LAB.tries[at].values, **other}.items())


def test_a_higher_threshold_is_surer_and_finds_less() -> None:
    _, high = tried(0)
    _, half = tried(0, threshold=0.5)
    assert high["precision"] > half["precision"] and high["recall"] < half["recall"]


def test_rare_positives_make_accuracy_meaningless() -> None:
    _, scores = tried(1)
    assert scores["accuracy"] > 0.95 and scores["recall"] < 0.5
    assert scores["ap"] < scores["auc"]


@pytest.mark.shared
def test_rare_positives_in_real_reviews(shared_data: Path) -> None:
    _, scores = ran(*LAB.tries[1].values.items(), datasets=shared_data)
    assert scores["accuracy"] > 0.95 and scores["recall"] < 0.5


def test_naive_bayes_is_far_too_sure() -> None:
    _, high = tried(2)
    _, half = tried(2, threshold=0.5)
    assert high["precision"] == pytest.approx(half["precision"], abs=0.02)
    assert high["recall"] == pytest.approx(half["recall"], abs=0.02)
    assert high["ece"] > 2 * tried(0)[1]["ece"]


def test_the_slider_moves_every_panel_to_the_numbers_of_a_run_there() -> None:
    moving = tried(0)[0]["threshold"]
    there = tried(0, threshold=0.25)[0]["threshold"]
    assert moving.layout["sliders"][0]["active"] == 90 and there.layout["sliders"][0]["active"] == 25
    frame = moving.frames[25]
    assert frame == there.frames[25] and frame["name"] == "0.25"
    for at, change in zip(frame["traces"], frame["data"], strict=True):
        assert {key: there.data[at][key] for key in change} == change
    panels = {moving.data[at]["xaxis"] for at in frame["traces"]}
    assert panels == {"x", "x2", "x3", "x4", "x5", "x6"}, "each panel has something that moves"


def test_a_metric_is_its_formula_with_the_numbers_put_in() -> None:
    rows = {row[0]: row[2:] for row in tried(0)[0]["formulas"].rows}
    assert list(rows) == list(FORMULAS)
    for put, value in rows.values():
        assert eval(put.replace("·", "*")) == pytest.approx(value, abs=1e-4)


def test_mistakes_are_the_surest_and_on_the_wrong_side() -> None:
    found, _ = ran(("data", "nsmc"), ("rows", 1000))
    false = [row[1] for row in found["false_positives"].rows]
    assert false and false == sorted(false, reverse=True) and min(false) >= 0.5
    missed = [row[1] for row in found["false_negatives"].rows]
    assert missed and missed == sorted(missed) and max(missed) < 0.5
    assert found["false_negatives"].rows[0][2] == f"> {missed[0]:.3f}"


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_all_or_nothing_is_no_error(threshold: float) -> None:
    _, scores = ran(("data", "nsmc"), ("rows", 200), ("share", "0.02"), ("threshold", threshold))
    assert scores.get("recall") == (1.0 if threshold == 0 else 0.0)
    assert ("precision" in scores) == (threshold == 0)
