"""One language model in several formats: made, weighed, timed, and scored on text that it never saw.

for event in packed(base, FORMATS["int8"]): ...        Progress, then the model
score(model, rows)                                     mean nats a token
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from app.labs.base import Progress
from app.labs.parts.attention_measures import timed

if TYPE_CHECKING:
    from models.nn.quantize import Scheme
    from models.nn.qwen2 import Qwen2

TELL_S = 0.5
PROMPT = 8  # tokens that are read before those that are timed
TENSOR, CHANNEL = -1, 0  # as models/nn/quantize.py has them
Grid = Literal["even", "normal"]


@dataclass(frozen=True, slots=True)
class Format:
    """bits: 32 and 16 are floating point; 8, 4 and 2 are packed by groups on a grid (models/nn/quantize.py)."""

    bits: int
    group: int = CHANNEL
    grid: Grid = "even"

    def scheme(self) -> Scheme:
        from models.nn.quantize import Scheme

        return Scheme(self.bits, self.group, self.grid)  # type: ignore[arg-type]


FORMATS: Mapping[str, Format] = {
    "fp32": Format(32),
    "bf16": Format(16),
    "int8": Format(8, CHANNEL),
    "int4": Format(4, 32),
    "nf4": Format(4, 64, "normal"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """size: bytes of all weights. loss: nats a token on the held-out text. rate: tokens a second, one after the other."""

    size: int
    loss: float
    rate: float


def made(base: Qwen2, wanted: Format) -> Generator[Progress, None, Qwen2]:
    """The model in this format. Packed weights are computed with in float32."""
    import torch

    from models.nn.quantize import Weight, pack
    from models.nn.qwen2 import Qwen2

    dtype = torch.bfloat16 if wanted.bits == 16 else torch.float32
    weights: dict[str, Weight] = {}
    told = time.monotonic()
    for done, (name, weight) in enumerate(base.weights.items(), start=1):
        assert isinstance(weight, torch.Tensor)
        packs = wanted.bits < 16 and weight.dim() == 2
        weights[name] = pack(weight, wanted.scheme()) if packs else weight.to(dtype)
        if time.monotonic() - told > TELL_S:
            told = time.monotonic()
            yield Progress(done, len(base.weights), "packing")
    return Qwen2(base.shape, weights, dtype)


def judged(model: Qwen2, rows: Sequence[Sequence[int]], tokens: int) -> Generator[Progress, None, Row]:
    """What the model weighs, how surprised it is, and how fast it writes `tokens` tokens behind the first row's begin."""
    import torch

    loss = score(model, rows)
    yield Progress(0, tokens, "writing")
    start, told, rate = torch.tensor(rows[0][:PROMPT]), time.monotonic(), 0.0
    for written in timed(model, start, tokens, cached=True):
        if time.monotonic() - told > TELL_S:
            told = time.monotonic()
            yield Progress(len(written.tokens), tokens, "writing")
        rate = written.rate
    return Row(sum(weight.nbytes for weight in model.weights.values()), loss, rate)


def score(model: Qwen2, rows: Sequence[Sequence[int]]) -> float:
    """Mean nats a token over rows of tokens; each row's first is given."""
    import torch
    from torch.nn import functional

    longest = max(map(len, rows))
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)  # (B, T)
    targets = torch.full((len(rows), longest - 1), -100)  # (B, T - 1); what comes behind a row is left out
    for at, row in enumerate(rows):
        tokens[at, : len(row)] = torch.tensor(row)
        targets[at, : len(row) - 1] = torch.tensor(row[1:])
    logits = model.logits(model.read(tokens[:, :-1])).float()  # (B, T - 1, V)
    loss: Any = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
    return float(loss)


@dataclass(frozen=True, slots=True)
class Loss:
    """What a grid does to one matrix. error: ‖ŵ - w‖ / ‖w‖, w without its outlier. bits: a weight, scales included. off: ŵ - w, of the root mean square of w."""

    error: float
    bits: float
    off: Any


def lost(weight: Any, wanted: Format, outlier: float = 1.0) -> Loss:
    """weight: (rows, columns), of which the largest is made `outlier` times as large first."""
    from models.nn.quantize import pack

    plain = weight.float()
    hit = plain.clone().flatten()
    hit[hit.abs().argmax()] *= outlier
    hit = hit.view_as(plain)  # (rows · columns,) -> (rows, columns)
    packed = pack(hit, wanted.scheme())
    off = packed.unpack() - hit
    mean = plain.square().mean().sqrt()
    return Loss(float(off.norm() / plain.norm()), 8 * packed.nbytes / plain.numel(), (off / mean).flatten())
