"""What a training step of a small Transformer keeps in memory, operation by operation, and how long it takes.

    step = measure(model, tokens, "scratch")
    step.kept, step.peak, step.curve, step.flops, step.seconds

Memory is counted, not sampled: each tensor an operation makes is added when it is made and taken away when nothing holds it any more.
Weights were there before and are left out; their gradients are in. So the same settings give the same figures on every machine.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import pairwise
from typing import Any

REPEATS = 3
POINTS = 300


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes kept for the backward pass, the most there ever were, and how many there were after each operation (thinned out).
    turn: where in the curve the backward pass begins. flops: of all matrix products. gradient: of the first weight, to compare."""

    kept: int
    peak: int
    curve: Sequence[int]
    turn: float
    flops: int
    seconds: float
    gradient: Any


@dataclass(slots=True)
class Meter:
    """Bytes that are alive now, at most, and after each operation."""

    live: int = 0
    peak: int = 0
    curve: list[int] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)

    def watch(self, tensor: Any, counted: bool = True) -> None:
        """From now on; nothing where its storage is watched already. counted: False for what was there before."""
        storage = tensor.untyped_storage()
        if id(storage) in self._known:
            return
        self._known.add(id(storage))
        size = storage.nbytes() if counted else 0
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._gone, id(storage), size).atexit = False

    def note(self) -> None:
        """Behind an operation."""
        self.curve.append(self.live)

    def _gone(self, name: int, size: int) -> None:
        self._known.discard(name)
        self.live -= size


@cache
def _mode() -> Any:
    """A class, made here so that torch is imported when it is needed: within it every operation is seen by a meter."""
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Watching(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its modes untyped
        def __init__(self, meter: Meter) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.meter = meter

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            for each in tree_leaves(made):
                if isinstance(each, Tensor):
                    self.meter.watch(each)
            self.meter.note()
            return made

    return Watching


def measure(model: Any, tokens: Any, way: str) -> Step:
    """One step counted, and REPEATS steps timed without counting. model: TorchGpt, tokens: (B, T + 1)."""
    meter, seconds = Meter(), []
    for _ in range(REPEATS):
        begun = time.monotonic()
        _loss(model, tokens, way).backward()
        seconds.append(time.monotonic() - begun)
        model.zero_grad()
    for parameter in (*model.parameters(), tokens):
        meter.watch(parameter, counted=False)
    with _mode()(meter):
        loss = _loss(model, tokens, way)
        kept, turn = meter.live, len(meter.curve)
        loss.backward()
    gradient = next(iter(model.parameters())).grad.clone()
    model.zero_grad()
    curve, turn_at = thinned(meter.curve), turn / len(meter.curve)
    return Step(kept, meter.peak, curve, turn_at, _flops(model, tokens, way), sorted(seconds)[REPEATS // 2], gradient)


def _loss(model: Any, tokens: Any, way: str) -> Any:
    """The mean cross-entropy, with each block of the model run in the chosen way: (B, T + 1) -> ()."""
    import torch
    from torch import nn

    from models.nn.recomputing import WAYS

    inputs, targets = tokens[:, :-1], tokens[:, 1:]  # (B, T)
    length = inputs.shape[1]
    x = model.tokens(inputs) + model.positions(torch.arange(length))  # (B, T, C)
    mask = nn.Transformer.generate_square_subsequent_mask(length)
    for block in model.blocks:
        x = WAYS[way](partial(block, src_mask=mask, is_causal=True), x)  # (B, T, C)
    logits = model.norm(x) @ model.tokens.weight.T  # (B, T, C) -> (B, T, V)
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())  # (B · T, V), (B · T,) -> ()


def _flops(model: Any, tokens: Any, way: str) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        _loss(model, tokens, way).backward()
    model.zero_grad()
    return int(counter.get_total_flops())


def thinned(curve: Sequence[int], points: int = POINTS) -> list[int]:
    """At most `points` of them: the largest of each stretch, so that no peak is lost."""
    many = len(curve)
    if many <= points:
        return list(curve)
    edges = [round(many * at / points) for at in range(points + 1)]
    return [max(curve[low:high]) for low, high in pairwise(edges)]
