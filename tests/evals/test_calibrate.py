"""What the fit promises: no document is both learned from and tested on, thresholds keep their share, files come back as written."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest

from chains.calibration import Logistic, dump, dump_answerable, load, parse
from chains.manner import calibration_beside
from evals.base import Case
from evals.calibrate import folds, threshold_for
from evals.questions import load_cases

SETS = sorted((Path(__file__).parents[2] / "data" / "questions").glob("course-*.jsonl"))


def test_folds_keep_a_document_on_one_side() -> None:
    cases: list[Case] = list(load_cases(SETS))
    seen: list[int] = []
    for train, test in folds(cases):
        learned = {cases[i].documents[0] for i in train if cases[i].documents}
        assert learned.isdisjoint({cases[i].documents[0] for i in test if cases[i].documents})
        seen += test
    assert sorted(seen) == list(range(len(cases)))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25])
def test_a_threshold_refuses_at_most_its_share(share: float) -> None:
    probabilities = [n / 40 for n in range(40)]
    answerable = [n % 2 == 0 for n in range(40)]
    threshold = threshold_for(probabilities, answerable, share)
    refused = sum(p < threshold for p, is_answerable in zip(probabilities, answerable, strict=True) if is_answerable)
    assert refused == int(share * 20)


def test_an_adapters_own_section_changes_nothing_else(tmp_path: Path) -> None:
    usual = load()
    own = Logistic({**usual.answerable.coefficients, "support": 0.5}, 0.25)
    (tmp_path / "calibration.toml").write_text(dump_answerable(own), encoding="utf-8")
    assert calibration_beside(tmp_path / "calibration.toml") == dataclasses.replace(usual, answerable=own)


def test_a_calibration_comes_back_as_it_was_written() -> None:
    assert parse(tomllib.loads(dump(load()))) == load()
