"""A study of reviews, what it keeps as a checkpoint, and one sentence through it."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk, Shown, to_row  # noqa: E402
from app.labs.data.loading import load  # noqa: E402
from app.labs.parts.rnn_reading import MAPPED, opinions, reading  # noqa: E402
from app.labs.parts.rnn_study import Learned, Study, judged_by, pack, prepare, unpack  # noqa: E402
from app.labs.parts.rnn_training import Curves  # noqa: E402
from models.nn.recurrent import ScratchReader, Shape  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def ended(work: Generator[float, None, Study]) -> Study:
    """What it returns; on the way it tells shares that rise."""
    told = [next(work)]
    while True:
        try:
            told.append(next(work))
        except StopIteration as end:
            assert told == sorted(told) and told[-1] < 1
            study: Study = end.value
            return study


@pytest.fixture
def study(home: Path) -> Study:
    return ended(prepare(load(Desk(home), "reviews-ko", train=200, test=50), "syllable"))


def test_a_study_knows_its_units_and_its_baseline(study: Study) -> None:
    assert (len(study.train), len(study.held), len(study.texts)) == (200, 50, 50)
    assert study.baseline > 0.6 and study.unknown < 0.05 and study.steps > 10
    numbers, units = study.numbers("연기🙂")
    assert units == ["연", "기", "🙂"] and numbers[-1] == 1 and min(numbers[:2]) > 1


def test_what_is_packed_comes_back(study: Study) -> None:
    net = ScratchReader(Shape(len(study.vocabulary), 4, 6, "gru"), seed=5)
    made = pack(study, Learned({"gru": net}, {"gru": Curves([0.0], [0.7], [0.7], [0.5], [0.5])}, {"rows": 200}))
    assert json.loads(json.dumps(made.facts))["rows"] == 200
    again, learned = unpack(made)
    assert again.vocabulary == study.vocabulary and learned.curves["gru"].held == [0.5]
    np.testing.assert_allclose(again.bag.scores(study.held.numbers), study.bag.scores(study.held.numbers), rtol=1e-5)
    for one, other in zip(opinions(again, learned.nets["gru"], [3, 4]), opinions(study, net, [3, 4]), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_other_reviews_can_be_judged(home: Path, study: Study) -> None:
    other = load(Desk(home, seed=1), "reviews-ko", test=20).test
    judged = judged_by(study, other)
    assert judged.texts == other.inputs and len(judged.held) == 20
    assert judged.vocabulary is study.vocabulary


@pytest.mark.parametrize("sentence", ["가", "🙂🙂", "연기가 정말 훌륭하다", "a" * 1000])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_any_sentence_is_shown(study: Study, cell: str, sentence: str) -> None:
    net = ScratchReader(Shape(len(study.vocabulary), 4, 6, cell))  # type: ignore[arg-type]
    events = list(reading(study, net, sentence))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    blocks = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    drawn = min(len(sentence), MAPPED)
    assert len(blocks["position"].data[0]["y"]) == drawn
    assert len(blocks["states"].data[0]["z"][0]) == drawn
    assert ("gates" in blocks) == (cell == "lstm") and ("mapped" in blocks) == (len(sentence) > MAPPED)
