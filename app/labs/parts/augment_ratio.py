"""How much augmented rows are worth: a small classifier on few real rows and k times as many varied ones, beside as many more real ones.

    for done, points in compare(material, Plan(real=100, ratios=(0, 1, 2, 4), seed=0)): ...

Each seed draws its own real rows, its own variants and its own first weights. All classifiers take the same number of steps, so that what
differs is what they saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.labs.data.base import Loaded, Split
from app.labs.parts import augment_images, augment_text
from app.labs.parts.augment_images import Picture, Strength, as_shares
from app.labs.parts.augment_text import Sentence
from app.labs.parts.training import Rows, judge

if TYPE_CHECKING:
    from torch import Tensor

SEEDS, STEPS, BATCH = 3, 800, 32
HIDDEN, BUCKETS = 64, 4096  # neurons of the picture classifier; places that a text's pairs of syllables are hashed to
RATES = {"pictures": 0.001, "texts": 0.01}
AUGMENTED, MORE = "augmented", "more"

Row = tuple[Any, int]  # what augmentation changes, and its class


@dataclass(frozen=True, slots=True)
class Material:
    """rows: the training rows there are. vary: a row, another one for mixup -> a new one. features: inputs -> (N, F)."""

    rows: Sequence[Row]
    held: Rows
    classes: int
    vary: Callable[[Row, Row, np.random.Generator], Row]
    features: Callable[[Sequence[Any]], Tensor]
    hidden: tuple[int, ...]
    rate: float


@dataclass(frozen=True, slots=True)
class Plan:
    """ratios: synthetic rows for each real one, 0 first."""

    real: int
    ratios: tuple[int, ...]
    seed: int
    steps: int = STEPS


@dataclass(slots=True)
class Points:
    """Accuracy by what was added and how many times, a value for each seed so far."""

    found: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    def curve(self, added: str) -> dict[int, list[float]]:
        """Ratio -> the seeds' accuracies; both curves begin with the real rows alone."""
        return {ratio: shares for (kind, ratio), shares in sorted(self.found.items()) if kind == added or ratio == 0}

    def gains(self, added: str, ratio: int) -> NDArray[np.float64]:
        """What was gained over the real rows alone, seed by seed."""
        both = self.found.get((added, ratio), []), self.found[(AUGMENTED, 0)]
        return np.array([with_it - without for with_it, without in zip(*both, strict=False)])


def compare(material: Material, plan: Plan) -> Iterator[tuple[float, Points]]:
    """The share that is done and the points so far, after each training."""
    points = Points()
    wanted = [(AUGMENTED, 0), *((kind, ratio) for ratio in plan.ratios[1:] for kind in (AUGMENTED, MORE))]
    for seed in range(SEEDS):
        draw = np.random.default_rng([plan.seed, seed])
        order = draw.permutation(len(material.rows))
        real = [material.rows[int(at)] for at in order[: plan.real]]
        varied = _varied(material, real, max(plan.ratios), draw)
        for done, (kind, ratio) in enumerate(wanted):
            rows = [*real, *varied[: ratio * len(real)]]
            if kind == MORE:
                rows = [material.rows[int(at)] for at in order[: plan.real * (1 + ratio)]]
            if len(rows) >= plan.real * (1 + ratio):  # where there are so many real rows
                points.found.setdefault((kind, ratio), []).append(_trained(material, rows, plan, seed))
            yield (seed + (done + 1) / len(wanted)) / SEEDS, points


def _varied(material: Material, real: Sequence[Row], times: int, draw: np.random.Generator) -> list[Row]:
    """Each real row varied so many times, a round of all after the other."""
    made = []
    for _ in range(times):
        partners = draw.permutation(len(real))
        made += [material.vary(row, real[int(at)], draw) for row, at in zip(real, partners, strict=True)]
    return made


def _trained(material: Material, rows: Sequence[Row], plan: Plan, seed: int) -> float:
    """The share of the held-out rows that a classifier from scratch names rightly after the plan's steps on these rows."""
    import torch

    from models.nn.mlp import Recipe, ScratchMlp

    inputs = material.features([given for given, _ in rows])  # (N, F)
    kinds = torch.tensor([kind for _, kind in rows])
    widths = (inputs.shape[1], *material.hidden, material.classes)
    net = ScratchMlp(Recipe(widths, rate=material.rate, seed=plan.seed * SEEDS + seed))
    draw = torch.Generator().manual_seed(plan.seed * SEEDS + seed)
    for _ in range(plan.steps):
        chosen = torch.randint(len(rows), (min(BATCH, len(rows)),), generator=draw)
        net.learn(inputs[chosen], kinds[chosen])
    return judge(net, material.held)[1]


def pictures(found: Loaded, method: str, strength: Strength) -> Material:
    """Grey pictures; a perceptron with one hidden layer reads their pixels."""

    def vary(row: Row, other: Row, draw: np.random.Generator) -> Row:
        varied = augment_images.vary(method, row[0], strength, draw, other[0])
        return varied.picture, _drawn_label(row[1], other[1], varied.other, draw)

    shares = as_shares(found.train.inputs)
    rows = [(picture, int(kind)) for picture, kind in zip(shares, found.train.targets, strict=True)]
    held = _held(found.test, _pixels, as_shares(found.test.inputs))
    return Material(rows, held, len(found.classes), vary, _pixels, (HIDDEN,), RATES["pictures"])


def _drawn_label(kind: int, other: int, share: float, draw: np.random.Generator) -> int:
    """Mixup's two labels as one drawn by their shares: its loss is on average that of the mixed label."""
    return other if share and draw.random() < share else kind


def texts(found: Loaded, method: str, alpha: float) -> Material:
    """Reviews; softmax regression reads which syllables and pairs of them occur."""

    def vary(row: Row, other: Row, draw: np.random.Generator) -> Row:
        varied = augment_text.vary(method, row[0], alpha, draw)
        return (row[0] if varied is None else Sentence(varied.text)), row[1]

    rows = [(Sentence.of(text), int(kind)) for text, kind in zip(found.train.inputs, found.train.targets, strict=True)]
    held = _held(found.test, _pieces, [Sentence.of(text) for text in found.test.inputs])
    return Material(rows, held, len(found.classes), vary, _pieces, (), RATES["texts"])


def _held(test: Split, features: Callable[[Sequence[Any]], Tensor], inputs: Any) -> Rows:
    import torch

    return Rows(features(inputs), torch.from_numpy(test.targets))


def _pixels(listed: Sequence[Picture]) -> Tensor:
    """N pictures (H, W) -> (N, H * W)."""
    import torch

    return torch.from_numpy(np.stack([picture.ravel() for picture in listed]).astype(np.float32))


def _pieces(listed: Sequence[Sentence]) -> Tensor:
    """N sentences -> (N, BUCKETS), of length 1: characters and pairs of them, each hashed to a place (Weinberger et al. 2009)."""
    import torch

    table = np.zeros((len(listed), BUCKETS), np.float32)
    for row, sentence in zip(table, listed, strict=True):
        text = f" {sentence.text} "
        for at in range(len(text) - 1):
            row[crc32(text[at].encode()) % BUCKETS] = 1
            row[crc32(text[at : at + 2].encode()) % BUCKETS] = 1
    table /= np.linalg.norm(table, axis=1, keepdims=True) + 1e-9
    return torch.from_numpy(table)


def means(curve: Mapping[int, Sequence[float]]) -> list[float]:
    """Of each ratio's seeds."""
    return [float(np.mean(shares)) for shares in curve.values()]
