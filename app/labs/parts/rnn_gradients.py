"""How much of the gradient reaches a step long past: ‖∂L/∂h‖ by the number of steps between h and the loss.

The loss is that of the last hidden state alone, whatever the network pools, so that every gradient has to go the whole way back
(Bengio et al. 1994; Pascanu et al. 2013).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from app.labs.parts.rnn_training import Reviews
    from models.nn.recurrent import ScratchReader

STEPS, STREAMS = 60, 32


def streams(reviews: Reviews, length: int = STEPS, many: int = STREAMS) -> tuple[Tensor, Tensor]:
    """Reviews one after the other, cut into pieces that end where a review does: units (B, T), and that review's kind (B,)."""
    import torch

    ends, flow = [], []
    for number, kind in _again(reviews):
        flow += list(reviews.numbers[number])
        if len(flow) >= length:
            ends.append((len(flow), kind))
        if len(ends) == many:
            break
    units = torch.tensor([flow[end - length : end] for end, _ in ends])
    return units, torch.tensor([kind for _, kind in ends])


def _again(reviews: Reviews) -> Iterator[tuple[int, int]]:
    """Place and kind of each review, from the start again where they are too few."""
    while True:
        yield from enumerate(reviews.kinds.tolist())


def arriving(net: ScratchReader, units: Tensor, kinds: Tensor) -> dict[str, Sequence[float]]:
    """ "state": the mean norm of each stream's ∂L/∂h, 0 steps back first; "memory": that of ∂L/∂c, of an LSTM."""
    import torch
    from torch.nn import functional

    lengths = torch.full((len(units),), units.shape[1])
    steps = net.read(units, lengths)
    loss: Any = functional.cross_entropy(net.judge(steps.states[-1]), kinds, reduction="sum")
    asked = {"state": steps.states} | ({"memory": steps.cells} if net.shape.cell == "lstm" else {})
    return {
        name: [float(slope.norm(dim=1).mean()) for slope in torch.autograd.grad(loss, past, retain_graph=True)][::-1]
        for name, past in asked.items()
    }


def share_left(norms: Sequence[float], back: int) -> float:
    """How much of the gradient at the last step is left so many steps before it."""
    return float(norms[back] / norms[0]) if norms[0] else float(np.nan)
