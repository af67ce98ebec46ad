"""The perceptron written out learns exactly what torch.nn's learns."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from models.nn.mlp import Recipe, ScratchMlp, TorchMlp, initial  # noqa: E402

RECIPE = Recipe((5, 7, 6, 3), rate=0.05, seed=3)


def batch(rows: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(rows, 5, generator=draw), torch.randint(3, (rows,), generator=draw)


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "identity"])
def test_both_ways_take_the_same_steps(activation: str, optimiser: str) -> None:
    recipe = replace(RECIPE, activation=activation, optimiser=optimiser, l2=0.01)
    ours, theirs, (inputs, kinds) = ScratchMlp(recipe), TorchMlp(recipe), batch()
    for _ in range(5):
        assert ours.learn(inputs, kinds) == pytest.approx(theirs.learn(inputs, kinds), abs=1e-5)
    for mine, other in zip(ours.weights(), theirs.weights(), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ours.logits(inputs), theirs.logits(inputs), atol=1e-3, rtol=1e-3)


def test_without_a_hidden_layer_it_is_softmax_regression() -> None:
    recipe = replace(RECIPE, widths=(5, 3), optimiser="sgd")
    ours, theirs, (inputs, kinds) = ScratchMlp(recipe), TorchMlp(recipe), batch()
    assert [tuple(w.shape) for w in ours.weights()] == [(5, 3), (3,)]
    assert ours.learn(inputs, kinds) == pytest.approx(theirs.learn(inputs, kinds), abs=1e-6)


def test_the_gradient_is_the_one_that_small_changes_show() -> None:
    net, (inputs, kinds) = ScratchMlp(replace(RECIPE, activation="tanh")), batch()
    _, gradients = net.gradients(inputs, kinds)
    step = 1e-2
    for at, weight in enumerate(net.weights()):
        place = (0,) * weight.dim()
        losses = []
        for sign in (1, -1):
            weight[place] += sign * step
            losses.append(net.gradients(inputs, kinds)[0])
            weight[place] -= sign * step
        assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(float(gradients[at][place]), abs=2e-3)


def test_dropout_keeps_the_expected_sum_and_is_off_where_it_predicts() -> None:
    net = ScratchMlp(replace(RECIPE, dropout=0.5))
    mask = net._mask(torch.zeros(20_000))
    assert set(mask.tolist()) == {0.0, 2.0}
    assert float(mask.mean()) == pytest.approx(1, abs=0.05)
    inputs, _ = batch()
    assert torch.equal(net.logits(inputs), net.logits(inputs))


@pytest.mark.parametrize("net", [ScratchMlp, TorchMlp])
def test_the_same_seed_learns_the_same_also_with_dropout(net: type) -> None:
    recipe, (inputs, kinds) = replace(RECIPE, dropout=0.3), batch()
    first, again = net(recipe), net(recipe)
    losses = [first.learn(inputs, kinds) for _ in range(3)]
    torch.manual_seed(recipe.seed + 1)
    assert [again.learn(inputs, kinds) for _ in range(3)] == losses


def test_it_starts_from_the_spread_that_suits_the_activation() -> None:
    wide = initial(Recipe((400, 400, 2)))
    assert float(wide[0].std()) == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert float(wide[1].abs().sum()) == 0
    assert Recipe((784, 128, 10)).parameters() == 101_770


def test_a_hopeless_score_gives_a_finite_loss() -> None:
    net = ScratchMlp(replace(RECIPE, widths=(5, 3)))
    net.weights()[0][:] = 1e6
    net.weights()[0][:, 1] = -1e6
    loss, gradients = net.gradients(torch.ones(2, 5), torch.tensor([1, 1]))
    assert loss == loss and all(torch.isfinite(g).all() for g in gradients)
