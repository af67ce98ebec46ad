"""A multi-layer perceptron twice: with every gradient written out, and with torch.nn. Both learn the same from the same start.

    net = ScratchMlp(Recipe((784, 128, 10), rate=0.001))        or TorchMlp(…), the same in every call
    loss = net.learn(images, kinds)                             one step on one batch
    net.logits(images)                                          (B, 784) -> (B, 10), before softmax

Backpropagation as in Rumelhart, Hinton and Williams 1986; He's initialisation for ReLU (He et al. 2015), Glorot's else (Glorot and
Bengio 2010); dropout that scales while it learns (Srivastava et al. 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.nn.optimisers import Adam, Momentum, Optimiser, Sgd

Activation = Literal["relu", "tanh", "sigmoid", "identity"]
OptimiserName = Literal["sgd", "momentum", "adam"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """widths: of the input, each hidden layer, and the output (classes). l2: λ of λ/2 ‖w‖², on weights and not on biases."""

    widths: tuple[int, ...]
    activation: Activation = "relu"
    dropout: float = 0.0
    optimiser: OptimiserName = "adam"
    rate: float = 0.001
    l2: float = 0.0
    seed: int = 0

    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(here * there + there for here, there in pairwise(self.widths))


class Mlp(Protocol):
    """What both have."""

    def logits(self, inputs: Tensor) -> Tensor:
        """(B, inputs) -> (B, classes), without dropout."""
        ...

    def learn(self, inputs: Tensor, kinds: Tensor) -> float:
        """One step; the mean cross-entropy of the batch before it, without the L2 term. kinds: (B,) int64."""
        ...

    def weights(self) -> list[Tensor]:
        """W₁ (inputs, width), b₁ (width,), W₂ … in order."""
        ...

    def load(self, weights: Sequence[Tensor]) -> None:
        """Takes over all of `weights`."""
        ...


def initial(recipe: Recipe) -> list[Tensor]:
    """W (here, there) and b (there,) for each layer, drawn by the recipe's seed."""
    draw = torch.Generator().manual_seed(recipe.seed)
    made = []
    for here, there in pairwise(recipe.widths):
        spread = (2 / here) ** 0.5 if recipe.activation == "relu" else (2 / (here + there)) ** 0.5
        made += [torch.randn(here, there, generator=draw) * spread, torch.zeros(there)]
    return made


def activate(name: Activation, z: Tensor) -> Tensor:
    """The activation function."""
    if name == "relu":
        return z.clamp(min=0)
    if name == "tanh":
        return z.tanh()
    return z.sigmoid() if name == "sigmoid" else z


def slope(name: Activation, z: Tensor, a: Tensor) -> Tensor | float:
    """Its derivative at z, where it was a."""
    if name == "relu":
        return (z > 0).to(z.dtype)
    if name == "tanh":
        return 1 - a * a
    return a * (1 - a) if name == "sigmoid" else 1.0


class ScratchMlp:
    """See the module. Nothing here asks PyTorch for a gradient."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._weights = initial(recipe)
        self._draw = torch.Generator().manual_seed(recipe.seed + 1)
        self._optimiser = _optimiser(recipe)

    def weights(self) -> list[Tensor]:
        return self._weights

    def load(self, weights: Sequence[Tensor]) -> None:
        self._weights = list(weights)

    def logits(self, inputs: Tensor) -> Tensor:
        a, layers = inputs, len(self._weights) // 2
        for n in range(layers):
            z = a @ self._weights[2 * n] + self._weights[2 * n + 1]  # (B, here) -> (B, there)
            a = activate(self.recipe.activation, z) if n < layers - 1 else z
        return a

    def learn(self, inputs: Tensor, kinds: Tensor) -> float:
        loss, gradients = self.gradients(inputs, kinds)
        self._weights = self._optimiser.step(self._weights, gradients)
        return loss

    def gradients(self, inputs: Tensor, kinds: Tensor) -> tuple[float, list[Tensor]]:
        """The loss of a batch and its gradient in each of `weights()`, with the L2 term in it."""
        given, sums, masks, scores = self._forward(inputs)
        share = scores.softmax(dim=1)  # (B, K)
        right = share[torch.arange(len(kinds)), kinds]  # (B,)
        loss = -right.clamp(min=1e-30).log().mean()
        # softmax and cross-entropy together: dL/dz = (p − one-hot) / B
        arriving = share.clone()
        arriving[torch.arange(len(kinds)), kinds] -= 1
        arriving /= len(kinds)
        gradients: list[Tensor] = []
        for n in reversed(range(len(given))):
            weight = self._weights[2 * n]
            gradients[:0] = [given[n].T @ arriving + self.recipe.l2 * weight, arriving.sum(dim=0)]
            if n:
                # through the weights, the dropped neurons and the activation, to the layer below
                activated = activate(self.recipe.activation, sums[n - 1])
                arriving = (arriving @ weight.T) * masks[n - 1] * slope(self.recipe.activation, sums[n - 1], activated)
        return float(loss), gradients

    def _forward(self, inputs: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor], Tensor]:
        """What each layer was given, its sums z, the masks of dropout between them, and the scores."""
        given, sums, masks = [inputs], [], []
        layers = len(self._weights) // 2
        for n in range(layers - 1):
            z = given[-1] @ self._weights[2 * n] + self._weights[2 * n + 1]  # (B, here) -> (B, there)
            mask = self._mask(z)
            sums.append(z)
            masks.append(mask)
            given.append(activate(self.recipe.activation, z) * mask)
        return given, sums, masks, given[-1] @ self._weights[-2] + self._weights[-1]

    def _mask(self, z: Tensor) -> Tensor:
        """0 for a dropped neuron, 1 / (1 − p) for a kept one, so that the expected sum stays."""
        p = self.recipe.dropout
        if not p:
            return torch.ones(1)
        kept = torch.rand(z.shape, generator=self._draw) >= p
        return kept.to(z.dtype) / (1 - p)


def _optimiser(recipe: Recipe) -> Optimiser:
    made: dict[str, Any] = {"sgd": Sgd, "momentum": Momentum, "adam": Adam}
    chosen: Optimiser = made[recipe.optimiser](recipe.rate)
    return chosen


class TorchMlp:
    """The same with torch.nn, torch.optim and PyTorch's autograd."""

    ACTIVATIONS: dict[str, type[nn.Module]] = {  # noqa: RUF012
        "relu": nn.ReLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "identity": nn.Identity,
    }

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        layers: list[nn.Module] = []
        for here, there in pairwise(recipe.widths):
            layers += [nn.Linear(here, there), self.ACTIVATIONS[recipe.activation](), nn.Dropout(recipe.dropout)]
        self.net = nn.Sequential(*layers[:-2])  # no activation and no dropout after the scores
        self.load(initial(recipe))
        self._optimiser = self._built()
        torch.manual_seed(recipe.seed + 1)  # dropout draws from PyTorch's own generator

    def _linear(self) -> list[nn.Linear]:
        return [layer for layer in self.net if isinstance(layer, nn.Linear)]

    def _built(self) -> torch.optim.Optimizer:
        """L2 as `weight_decay` of the weights alone; in SGD and in Adam, unlike AdamW, that adds λ w to the gradient."""
        linear = self._linear()
        groups: list[dict[str, Any]] = [
            {"params": [layer.weight for layer in linear], "weight_decay": self.recipe.l2},
            {"params": [layer.bias for layer in linear], "weight_decay": 0.0},
        ]
        if self.recipe.optimiser == "adam":
            return torch.optim.Adam(groups, lr=self.recipe.rate)
        return torch.optim.SGD(groups, lr=self.recipe.rate, momentum=0.9 * (self.recipe.optimiser == "momentum"))

    def load(self, weights: Sequence[Tensor]) -> None:
        for linear, (weight, bias) in zip(self._linear(), _pairs(weights), strict=True):
            linear.weight.data, linear.bias.data = weight.T.clone(), bias.clone()

    def weights(self) -> list[Tensor]:
        return [part for layer in self._linear() for part in (layer.weight.detach().T, layer.bias.detach())]

    def logits(self, inputs: Tensor) -> Tensor:
        self.net.eval()
        with torch.no_grad():
            scores: Tensor = self.net(inputs)
        return scores

    def learn(self, inputs: Tensor, kinds: Tensor) -> float:
        self.net.train()
        loss = functional.cross_entropy(self.net(inputs), kinds)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return float(loss.detach())


def _pairs(listed: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return list(zip(listed[::2], listed[1::2], strict=True))


WAYS: dict[str, type[ScratchMlp] | type[TorchMlp]] = {"scratch": ScratchMlp, "torch": TorchMlp}
