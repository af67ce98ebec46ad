"""The search on surfaces whose best point is known, and what keeps it from fitting accidents."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from app.settings import Settings
from evals.base import Case
from evals.tuning.answers import Asking, Judged, settle
from evals.tuning.outcome import Tuned, table, toml
from evals.tuning.search import coordinate_search, cross_validate, front
from evals.tuning.space import Measured, Point, Space

START = Point(400, 0, 0.5, 10, 160)
SPACE = Space(
    chunks=((400, 0), (250, 40)), dense_weights=(0.3, 0.5, 0.7), evidence_chunks=(6, 10), evidence_tokens=(80, 160, 320)
)
CASES = [Case(f"q{i}", "?", documents=(f"{i % 10}.md",), evidence="…") for i in range(100)]
ALL = np.arange(len(CASES))


def surface(point: Point) -> Measured:
    """Best at weight 0.3, chunks of 250 and many tokens; every token takes 10 ms."""
    right = 40 + 20 * (point.dense_weight == 0.3) + 10 * (point.chunk_tokens == 250)
    right += {80: -10, 160: 0, 320: 20}[point.evidence_tokens]
    spread = np.random.default_rng(1).permutation(100)
    return Measured(
        point, tuple((spread < right).astype(float)), point.evidence_tokens, 5.0, 10.0 * point.evidence_tokens
    )


def noise(point: Point) -> Measured:
    """Every point is as good as every other, with luck of its own on each case."""
    luck = np.random.default_rng(abs(hash(point)) % 2**32).random(100)
    return Measured(point, tuple((luck < 0.5).astype(float)), 160, 5.0, 1_600.0)


def test_the_best_point_within_the_time_is_found() -> None:
    assert coordinate_search(START, SPACE, surface, ALL, 1_700) == Point(250, 40, 0.3, 10, 160)
    assert coordinate_search(START, SPACE, surface, ALL, 9_999) == Point(250, 40, 0.3, 10, 320)


def test_a_known_point_is_found_that_no_single_setting_leads_to() -> None:
    """Better only where weight and chunks change together."""
    goal = Point(250, 40, 0.3, 10, 160)

    def ridge(point: Point) -> Measured:
        return replace(surface(goal if point == goal else START), point=point)

    assert coordinate_search(START, SPACE, ridge, ALL, 1_700) == START
    assert coordinate_search(START, replace(SPACE, known=(goal,)), ridge, ALL, 1_700) == goal


def test_a_default_that_takes_too_long_is_left() -> None:
    found = coordinate_search(START, SPACE, surface, ALL, 900)
    assert found.evidence_tokens == 80


def test_as_good_and_cheaper_is_a_gain() -> None:
    """Nothing is lost with half the tokens where quality does not depend on them."""

    def flat(point: Point) -> Measured:
        return replace(
            surface(replace(point, evidence_tokens=160)), point=point, first_token_ms=10.0 * point.evidence_tokens
        )

    assert coordinate_search(START, SPACE, flat, ALL, 1_700).evidence_tokens == 80


def test_a_gain_holds_on_documents_that_were_held_out() -> None:
    found = cross_validate(START, SPACE, surface, CASES, 1_700)
    assert found.default.value == pytest.approx(0.4)
    assert found.tuned.value == pytest.approx(0.7)
    assert found.gain is not None and found.gain.shown
    assert set(found.chosen) == {Point(250, 40, 0.3, 10, 160)}


def test_luck_is_no_gain_on_documents_that_were_held_out() -> None:
    found = cross_validate(START, SPACE, noise, CASES, 1_700)
    assert found.gain is not None and not found.gain.shown


def test_the_front_holds_what_nothing_beats() -> None:
    points = [surface(replace(START, evidence_tokens=n, dense_weight=w)) for n in (80, 160, 320) for w in (0.3, 0.5)]
    best = front(points)
    assert [(one.point.evidence_tokens, one.point.dense_weight) for one in best] == [(80, 0.3), (160, 0.3), (320, 0.3)]


def test_without_a_rate_tokens_are_the_cost() -> None:
    one = replace(surface(START), first_token_ms=None)
    assert one.cost == 160
    assert " - " in table([one], {})[1]


def test_a_search_that_stays_says_so_in_its_table() -> None:
    """Both words stand at one point."""
    (_, line) = table([surface(START)], {"default": surface(START), "tuned": surface(START)})
    assert line.endswith("default, tuned")


def test_a_grid_around_what_is_in_force() -> None:
    assert Space.around(replace(START, evidence_tokens=2_000)).evidence_tokens[0] == 1_000
    assert 170 in Space.around(replace(START, evidence_tokens=170)).evidence_tokens


def judged(chances: list[float], right: list[bool], answerable: list[bool]) -> Judged:
    return Judged(np.array(chances), np.array(right), np.array(answerable))


def test_a_case_is_handled_right_by_its_answer_or_its_refusal() -> None:
    """At 0.5: right answer kept; right answer refused; wrong answer kept; unanswerable refused; unanswerable answered."""
    one = judged([0.9, 0.1, 0.9, 0.1, 0.9], [True, True, False, False, False], [True, True, True, False, False])
    assert one.handled(0.5).tolist() == [1, 0, 0, 1, 0]
    assert one.handled(0.0).tolist() == [1, 1, 0, 0, 0]


def test_a_better_threshold_is_found_and_held_out() -> None:
    """Answerable questions have chances around 0.8, the others around 0.6: 0.4 refuses none, 0.7 the right ones."""
    answerable = [i % 2 == 0 for i in range(100)]
    cases = [replace(case, answerable=yes) for case, yes in zip(CASES, answerable, strict=True)]
    one = judged([0.8 if yes else 0.6 for yes in answerable], answerable, answerable)
    found = settle(Asking("few_shot", 0.4), {"few_shot": one}, cases)
    assert 0.6 < found.chosen.refusal_threshold < 0.8
    assert found.tuned.value == 1.0
    assert found.gain is not None and found.gain.shown
    assert found.gain.value == pytest.approx(0.5)


def test_a_technique_is_changed_only_for_a_clear_gain() -> None:
    same = judged([0.9] * 100, [i < 50 for i in range(100)], [True] * 100)
    luck = judged([0.9] * 100, [i < 50 or i == 99 for i in range(100)], [True] * 100)
    better = judged([0.9] * 100, [i < 80 for i in range(100)], [True] * 100)
    start = Asking("few_shot", 0.4)
    assert settle(start, {"few_shot": same, "role": luck}, CASES).chosen == start
    assert settle(start, {"few_shot": same, "role": better}, CASES).chosen.prompt == "role"


def test_the_settings_file_is_one_that_the_app_takes() -> None:

    found = cross_validate(START, SPACE, surface, CASES, 1_700)
    tuned = Tuned(surface(START), surface(Point(250, 40, 0.3, 10, 160)), found, (surface(START),))
    values = tomllib.loads(toml(tuned, "about"))
    assert values == {
        "chunk_tokens": 250,
        "chunk_overlap": 40,
        "dense_weight": 0.3,
        "evidence_chunks": 10,
        "evidence_tokens": 160,
    }
    assert set(values) <= set(Settings.model_fields)
