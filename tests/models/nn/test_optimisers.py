"""SGD, momentum and Adam take the steps that torch.optim takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.nn.optimisers import Adam, Momentum, Optimiser, Sgd

torch = pytest.importorskip("torch")


def theirs(name: str, weights: list[Any]) -> Any:
    return {
        "sgd": lambda: torch.optim.SGD(weights, lr=0.05),
        "momentum": lambda: torch.optim.SGD(weights, lr=0.05, momentum=0.9),
        "adam": lambda: torch.optim.Adam(weights, lr=0.05),
    }[name]()


@pytest.mark.parametrize(
    ("name", "ours"),
    [("sgd", Sgd(0.05)), ("momentum", Momentum(0.05)), ("adam", Adam(0.05))],
    ids=["sgd", "momentum", "adam"],
)
def test_ten_steps_lead_where_torch_leads(name: str, ours: Optimiser) -> None:
    draw = np.random.default_rng(1)
    mine = [draw.normal(size=(3, 2)), draw.normal(size=2)]
    other = [torch.tensor(w, requires_grad=True) for w in mine]
    optimiser = theirs(name, other)
    for _ in range(10):
        gradients = [2 * w + 1 for w in mine]
        for w in other:
            w.grad = (2 * w + 1).detach()
        optimiser.step()
        before = mine[0].copy()
        kept = mine[0]
        mine = ours.step(mine, gradients)
        assert np.array_equal(kept, before), "the old weights are left as they are"
    for w, wanted in zip(mine, other, strict=True):
        np.testing.assert_allclose(w, wanted.detach().numpy(), atol=1e-7)


def test_tensors_are_taken_as_arrays_are() -> None:
    tensor, array = torch.ones(3), np.ones(3)
    left, right = Adam(0.1).step([tensor], [tensor * 2]), Adam(0.1).step([array], [array * 2])
    np.testing.assert_allclose(left[0].numpy(), right[0], atol=1e-6)
