"""Our automatic differentiation gives PyTorch's gradients, and tells its steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.nn.autograd import Value, sigmoid

DRAW = np.random.default_rng(0)
A, B, C = DRAW.normal(size=(3, 4)), DRAW.normal(size=(4, 2)), DRAW.normal(size=4)
COMPUTATIONS: dict[str, Any] = {
    "matrices": (lambda a, b, c: ((a @ b) ** 2).mean(), (A, B, C)),
    "vector": (lambda a, b, c: (a @ c).tanh().sum(), (A, B, C)),
    "rows broadcast": (lambda a, b, c: (a * c + c).relu().mean(), (A, B, C)),
    "column broadcast": (lambda a, b, c: (a - b) / (b * b + 1.0), (A, DRAW.normal(size=(3, 1)), C)),
    "used twice": (lambda a, b, c: (c * c.exp() - c).mean() * 2.0, (A, B, C)),
    "log": (lambda a, b, c: (c * c + 1.0).log().sum(), (A, B, C)),
    "logistic": (lambda a, b, c: (a @ c).sigmoid().sum() - 1.0, (A, B, C)),
    "array first": (lambda a, b, c: (2.0 * c * a).sum(), (A, B, C)),
    "dot": (lambda a, b, c: c @ c, (A, B, C)),
    "from the right": (lambda a, b, c: (1.0 - 2.0 * c).sum() + (3.0 + c).mean(), (A, B, C)),
}


@pytest.mark.parametrize("name", sorted(COMPUTATIONS))
def test_gradients_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    compute, given = COMPUTATIONS[name]
    ours = [Value(array) for array in given]
    theirs = [torch.tensor(array, requires_grad=True) for array in given]
    result, wanted = compute(*ours), compute(*theirs)
    result = result.sum() if result.data.size > 1 else result
    wanted = wanted.sum()
    assert float(result.data) == pytest.approx(wanted.item())
    result.backward()
    wanted.backward()
    for mine, other in zip(ours, theirs, strict=True):
        expected = np.zeros(mine.data.shape) if other.grad is None else other.grad.numpy()
        np.testing.assert_allclose(mine.grad, expected, atol=1e-12)


def test_softplus_is_the_log_of_one_plus_exp_at_both_ends() -> None:
    x = Value([-800.0, 0.0, 800.0])
    x.softplus().sum().backward()
    np.testing.assert_allclose(x.softplus().data, [0, np.log(2), 800])
    np.testing.assert_allclose(x.grad, [0, 0.5, 1])
    np.testing.assert_allclose(sigmoid(np.array([-800.0, 800.0])), [0, 1])


def test_steps_tell_the_formula_the_local_derivative_and_the_gradient() -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    loss = ((w * x).called("z") - 1.0) ** 2
    loss.backward()
    steps = {step.name: step for step in loss.steps()}
    assert [step.name for step in loss.steps()] == ["w", "x", "z", "1", "v1", "v2"]
    assert steps["z"].formula == "w · x"
    assert steps["z"].local[0][1] == "x"
    assert float(steps["z"].local[0][2]) == 3.0
    assert steps["v2"].local[0][1] == "2·v1^1"
    assert (float(w.grad), float(x.grad)) == (30.0, 20.0)


def test_an_array_times_a_value_is_a_value() -> None:
    c = Value(C)
    (A * c).sum().backward()
    np.testing.assert_allclose(c.grad, A.sum(axis=0))


def test_a_second_pass_begins_anew_and_an_array_has_no_gradient() -> None:
    w = Value([1.0, 2.0])
    loss = (w * w).sum()
    loss.backward()
    loss.backward()
    assert w.grad.tolist() == [2.0, 4.0]
    with pytest.raises(ValueError, match="scalar"):
        (w * w).backward()


def test_a_long_computation_does_not_exhaust_the_stack() -> None:
    w = Value(1.0)
    total = w
    for _ in range(3000):
        total = total + w
    total.backward()
    assert float(w.grad) == 3001
