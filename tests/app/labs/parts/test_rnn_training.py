"""Training a reader: batches hold every review once, the same seed gives the same curves, and order is learned."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.parts.rnn_training import Plan, Reviews, batches, probabilities, train  # noqa: E402
from models.nn.recurrent import ScratchReader, Shape, TorchReader  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def turned(rows: int) -> Reviews:
    """A good (2) or bad (3) word, which a 4 somewhere before it turns; 5 to 9 say nothing."""
    draw = np.random.default_rng(1)
    texts, kinds = [], []
    for _ in range(rows):
        word, turn = int(draw.integers(2)), int(draw.integers(2))
        texts.append([*draw.integers(5, 10, draw.integers(3)).tolist(), *[4] * turn, 5, 3 - word])
        kinds.append(word ^ turn)
    return Reviews(texts, np.array(kinds, np.int64))


def test_batches_hold_every_review_once_beside_others_of_its_length() -> None:
    draw = np.random.default_rng(0)
    lengths = draw.integers(1, 60, 300).tolist()
    found = batches(lengths, 16, draw)
    assert sorted(n for batch in found for n in batch) == list(range(300))
    padded = sum(max(lengths[n] for n in batch) * len(batch) for batch in found)
    assert padded < 1.15 * sum(lengths)


def test_a_reader_learns_what_turns_a_word_and_the_seed_says_how() -> None:
    reviews = turned(300)
    runs = []
    for _ in range(2):
        net = TorchReader(Shape(10, 8, 16, "gru", "last"), seed=4)
        curves = list(train(net, reviews, reviews, Plan(12, 0.03, 0.0, seed=4, batch=16)))[-1][1]
        runs.append(curves)
    assert runs[0] == runs[1]
    assert runs[0].epochs == list(range(13))
    assert runs[0].moments[-1] == 12 and runs[0].batch_loss[-1] < runs[0].batch_loss[0]
    assert runs[0].held[-1] > 0.95 and runs[0].held_loss[-1] < runs[0].held_loss[0]


def test_a_rate_that_is_far_too_large_ends_early() -> None:
    reviews = Reviews([[2], [3]], np.array([0, 1]))
    net = ScratchReader(Shape(10, 4, 4, "rnn"))
    net.load({name: value * math.nan for name, value in net.state_dict().items()})
    curves = list(train(net, reviews, reviews, Plan(5, 0.1, 0.0, seed=0, batch=2)))[-1][1]
    assert len(curves.epochs) == 2 and math.isnan(curves.train_loss[-1])


def test_probabilities_keep_the_order_of_the_reviews() -> None:
    reviews, net = turned(40), ScratchReader(Shape(10, 4, 4, "lstm"), seed=2)
    together = probabilities(net, reviews.numbers)
    alone = np.concatenate([probabilities(net, [text]) for text in reviews.numbers])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)
