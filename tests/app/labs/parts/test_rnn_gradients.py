"""The gradient that reaches the past: where its streams end, and that it is what autograd and the formulas say."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.parts.rnn_gradients import arriving, share_left, streams  # noqa: E402
from app.labs.parts.rnn_training import Reviews  # noqa: E402
from models.nn.recurrent import ScratchReader, Shape  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def drawn(rows: int) -> Reviews:
    """Reviews of up to 6 units of a vocabulary of 10."""
    draw = np.random.default_rng(1)
    return Reviews([draw.integers(2, 10, draw.integers(1, 7)).tolist() for _ in range(rows)], draw.integers(0, 2, rows))


def test_streams_end_where_reviews_do() -> None:
    reviews = Reviews([[2, 3, 4], [5, 6]], np.array([0, 1]))
    units, kinds = streams(reviews, length=4, many=3)
    assert units.tolist() == [[3, 4, 5, 6], [6, 2, 3, 4], [3, 4, 5, 6]]
    assert kinds.tolist() == [1, 0, 1]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_at_the_last_step_it_is_known_in_closed_form(cell: str) -> None:
    """(p − y) W, the softmax's slope through the last layer."""
    net = ScratchReader(Shape(10, 4, 6, cell), seed=1)  # type: ignore[arg-type]
    units, kinds = streams(drawn(30), length=12, many=5)
    found = arriving(net, units, kinds)["state"]
    with torch.no_grad():
        last = net.read(units, torch.full((5,), 12)).states[-1]
        slope = net.judge(last).softmax(dim=1) - torch.nn.functional.one_hot(kinds, 2)
        wanted = (slope @ net.state_dict()["output.weight"]).norm(dim=1).mean()
    assert found[0] == pytest.approx(float(wanted), rel=1e-4)
    assert len(found) == 12 and found[11] < found[0]


def test_before_learning_less_than_a_ten_thousandth_reaches_30_steps_back_in_a_basic_rnn() -> None:
    """The first of the lab's tries; an LSTM's cell state keeps far more."""
    units, kinds = streams(drawn(60))
    basic = arriving(ScratchReader(Shape(10, 64, 64, "rnn")), units, kinds)["state"]
    memory = arriving(ScratchReader(Shape(10, 64, 64, "lstm")), units, kinds)["memory"]
    assert share_left(basic, 30) < 1e-4
    assert share_left(memory, 30) > 10 * share_left(basic, 30)
