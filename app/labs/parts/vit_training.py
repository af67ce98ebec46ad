"""Pretrains the small vision transformer on known kinds, and adapts it to new ones: its head alone, or a network from scratch.

for loss in pretrain(model, parts, Plan(500, seed=0)): ...        one step a loss
for curve in adapt(model, few, Adapting(whole=False, steps=150)): ...
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.labs.parts.gpt_training import Plan, rate_at
from app.lessons.pictures import KINDS, SEEN, Pictures

if TYPE_CHECKING:
    from torch import Tensor

    from models.nn.vit import Shape, TorchViT, Vit

Way = Literal["scratch", "torch"]
SIDE, PATCHES = 32, (4, 8, 16)
WIDTH, HEADS, LAYERS, FORWARD = 64, 4, 4, 2
PRETRAIN_RATE, PRETRAIN_DECAY, SHIFT, CLIP = 2e-3, 0.05, 3, 1.0
HEAD_RATE, WHOLE_RATE, DECAY, BATCH = 1e-2, 1e-3, 0.01, 32
CHECKS = 10  # times that a training is judged on its way
HELD = 400  # pictures that are judged
ORDER_SEED = 7
STEP_S, FLOPS = 0.015, 1.2e10  # overhead of a step; what two slow cores do


@dataclass(frozen=True, slots=True)
class Few:
    """images (N, 1, S, S) to learn from and held ones (M, 1, S, S) of the new kinds, which count from 0."""

    images: Tensor
    kinds: Tensor
    held: Tensor
    held_kinds: Tensor


@dataclass(frozen=True, slots=True)
class Adapting:
    """whole: every weight learns, else the head alone."""

    whole: bool
    steps: int
    seed: int = 0


@dataclass(slots=True)
class Curve:
    """By step, from 0 before the first: cross-entropy and share right on the few pictures, share right on held ones."""

    steps: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)


def shape_of(classes: int, patch: int) -> Shape:
    """Of this lab's network."""
    from models.nn.vit import Shape

    return Shape(classes, SIDE, patch, width=WIDTH, heads=HEADS, layers=LAYERS, forward=FORWARD)


def tokens_of(patch: int) -> int:
    """T."""
    return (SIDE // patch) ** 2


def multiplications(patch: int) -> int:
    """Of one picture: patches; in each layer Q, K, V and output, the feed-forward part, scores and mixing; last a head of ten."""
    tokens = tokens_of(patch)
    layer = tokens * WIDTH**2 * (4 + 2 * FORWARD) + 2 * tokens**2 * WIDTH
    return tokens * patch**2 * WIDTH + LAYERS * layer + WIDTH * KINDS


def seconds_of(patch: int, steps: int, batch: int, judged: int = 0) -> float:
    """What so many steps, and judging so many pictures, take at most: six for each multiplication and picture, forward and
    backward, two where it is only judged. Needs no torch."""
    each = multiplications(patch)
    return steps * (STEP_S + 6 * each * batch / FLOPS) + 2 * each * judged / FLOPS


def built(way: Way, shape: Shape, seed: int) -> Vit | TorchViT:
    """The same first weights either way."""
    from models.nn.vit import TorchViT, Vit

    model = Vit(shape, seed)
    if way == "scratch":
        return model
    twin = TorchViT(shape)
    twin.load(model.state_dict())
    return twin


def pretrain(model: Any, parts: Sequence[Pictures], plan: Plan) -> Iterator[float]:
    """The loss of each step as it is taken: AdamW on the seen kinds of each part, so many of each, shifted by a few pixels."""
    import torch

    draw = np.random.default_rng(plan.seed)
    learners = [parameter for _, parameter in model.named_parameters()]
    optimizer = torch.optim.AdamW(learners, lr=plan.rate, weight_decay=PRETRAIN_DECAY)
    known = [_known(part, number) for number, part in enumerate(parts)]
    for step in range(plan.steps):
        optimizer.param_groups[0]["lr"] = rate_at(step, plan)
        images, kinds = _batch(known, plan.batch, draw)
        loss: Any = torch.nn.functional.cross_entropy(model(images), kinds)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learners, CLIP)
        optimizer.step()
        yield float(loss.detach())


def _known(part: Pictures, number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The seen kinds of a part; those of the second part count on from the first's."""
    seen = part.train_kinds < SEEN
    return part.train[seen], part.train_kinds[seen] + SEEN * number


def _batch(known: Sequence[tuple[Any, Any]], batch: int, draw: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(B, 1, S, S), (B,): as many of each part."""
    import torch

    chosen = [
        (images[at], kinds[at])
        for images, kinds in known
        for at in [draw.integers(len(kinds), size=batch // len(known))]
    ]
    shift = tuple(draw.integers(-SHIFT, SHIFT + 1, size=2))
    pixels = np.roll(np.concatenate([images for images, _ in chosen]), shift, axis=(1, 2))
    return torch.from_numpy(pixels)[:, None], torch.from_numpy(np.concatenate([kinds for _, kinds in chosen]))


def recognised(model: Any, parts: Sequence[Pictures]) -> float:
    """The share of held pictures of the known kinds that it is right on, the parts' mean."""
    import torch

    shares = []
    for number, part in enumerate(parts):
        images, kinds = part.held(seen=True)
        with torch.no_grad():
            best = model(torch.from_numpy(images)[:, None]).argmax(dim=1).numpy()  # (M, K) -> (M,)
        shares.append(float((best == kinds + SEEN * number).mean()))
    return sum(shares) / len(shares)


def few_of(pictures: Pictures, each: int, seed: int) -> Few:
    """So many pictures of each new kind, and the held ones."""
    import torch

    (images, kinds), (held, held_kinds) = pictures.few(each, seed), pictures.held(seen=False, most=HELD)
    made = (torch.from_numpy(part) for part in (images[:, None], kinds, held[:, None], held_kinds))
    return Few(*made)


def order_of(tokens: int) -> NDArray[np.int64]:
    """One order of the patches, which is not their own."""
    return np.random.default_rng(ORDER_SEED).permutation(tokens)


def shuffled(images: Tensor, patch: int) -> Tensor:
    """The patches of every picture in the same other order: (B, N, S, S) -> (B, N, S, S)."""
    from models.nn.vit import cut

    batch, channels, side, _ = images.shape
    grid = side // patch
    patches = cut(images, patch)[:, order_of(grid**2)]  # (B, T, N P P)
    cells = patches.reshape(batch, grid, grid, channels, patch, patch)  # (B, T, N P P) -> (B, G, G, N, P, P)
    return cells.permute(0, 3, 1, 4, 2, 5).reshape(batch, channels, side, side)  # -> (B, N, G, P, G, P) -> (B, N, S, S)


def transferred(model: Any, known: Any) -> Any:
    """`model` with everything of a pretrained network's state but the head, which is new."""
    body = {name: value for name, value in known.items() if not name.startswith("head.")}
    model.load({**model.state_dict(), **body})
    return model


def adapt(model: Any, few: Few, adapting: Adapting) -> Iterator[Curve]:
    """The curve after each check. A frozen body is computed once; its head learns from what it says."""
    import torch

    checks = {round(adapting.steps * part / CHECKS) for part in range(1, CHECKS + 1)}
    few, answer = (few, model) if adapting.whole else (_read(model, few), model.answer)
    learners = [p for name, p in model.named_parameters() if adapting.whole or name.startswith("head.")]
    rate = WHOLE_RATE if adapting.whole else HEAD_RATE
    optimizer = torch.optim.AdamW(learners, lr=rate, weight_decay=DECAY)
    draw, curve = torch.Generator().manual_seed(adapting.seed), Curve()
    _judge(answer, few, curve, 0)
    yield curve
    for step in range(1, adapting.steps + 1):
        batch = torch.randint(len(few.kinds), (BATCH,), generator=draw)
        loss: Any = torch.nn.functional.cross_entropy(answer(few.images[batch]), few.kinds[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step in checks:
            _judge(answer, few, curve, step)
            yield curve


def _read(model: Any, few: Few) -> Few:
    """The same with the body's features (N, C) in place of pictures."""
    import torch

    with torch.no_grad():
        return Few(model.features(few.images), few.kinds, model.features(few.held), few.held_kinds)


def _judge(answer: Any, few: Few, curve: Curve, step: int) -> None:
    import torch

    with torch.no_grad():
        seen, held = answer(few.images), answer(few.held)  # (N, K), (M, K)
        loss: Any = torch.nn.functional.cross_entropy(seen, few.kinds)
    curve.steps.append(step)
    curve.loss.append(float(loss))
    curve.seen.append(float((seen.argmax(dim=1) == few.kinds).float().mean()))
    curve.held.append(float((held.argmax(dim=1) == few.held_kinds).float().mean()))


def thinned(losses: Sequence[float], most: int = 80) -> tuple[list[int], list[float]]:
    """Steps and smoothed losses, at most so many, for a figure."""
    smooth: list[float] = []
    for loss in losses:
        smooth.append(0.9 * smooth[-1] + 0.1 * loss if smooth else loss)
    every = max(1, math.ceil(len(smooth) / most))
    steps = list(range(every, len(smooth) + 1, every))
    return steps, [round(smooth[step - 1], 4) for step in steps]
