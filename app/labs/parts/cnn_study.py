"""A convolutional network together with what it learned from: made by training, or read from the weights that came along."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from app.labs.base import Value
from app.labs.checkpoints import Made
from app.labs.data.base import Loaded
from app.labs.parts.cnn_training import (
    SHIFT,
    Course,
    Pictures,
    Plan,
    accuracy,
    logits,
    prepared,
    shifted,
    train,
)

if TYPE_CHECKING:
    from torch import Tensor

POINTS, SMOOTHED = 300, 0.95  # of the loss curve; share of the last value in the next
NET, FRONT = "net.", "front."
KEPT = ("data", "rows", "classes", "shape", "losses", "seen", "held", "accuracy", "moved", "counts")


@dataclass(slots=True)
class Study:
    """values: how it is trained. shape: of the data's pictures, (H, W) or (H, W, 3). losses: (epochs, loss) of the training, smoothed.
    moved: share right of the held-out pictures when they are SHIFT pixels further right. counts: (true class, predicted class)."""

    values: Mapping[str, Value]
    net: Any
    data: str
    rows: int
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    fronts: dict[int, dict[str, Tensor]]
    losses: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    seen: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    accuracy: float = math.nan
    moved: float = math.nan
    counts: list[list[int]] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """False where training ended with a loss that is no number."""
        return math.isfinite(self.accuracy)

    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.net.parameters())


def begun(values: Mapping[str, Value], found: Loaded, seed: int) -> Study:
    """Before training."""
    shape = tuple(found.train.inputs.shape[1:])
    net = build(values, shape, len(found.classes), seed)
    return Study(values, net, found.name, len(found.train), found.classes, shape, {})


def build(values: Mapping[str, Value], shape: tuple[int, ...], classes: int, seed: int) -> Any:
    """The network that `values` ask for, of layers from scratch or of torch.nn."""
    import torch

    from models.nn.convolution import WAYS
    from models.nn.lenet import LeNet5
    from models.nn.resnet import ResNet

    layers, channels = WAYS[str(values["way"])], 3 if len(shape) == 3 else 1
    if values["network"] == "lenet":
        net: Any = LeNet5(channels, classes, layers, seed)
    else:
        net = ResNet(channels, classes, layers, skip=values["network"] == "resnet", seed=seed)
    return net.to(memory_format=torch.channels_last)


def learn(study: Study, found: Loaded, seed: int) -> Iterator[float]:
    """Trains it, tells the share that is done, fills in the curves, and judges it at the end."""
    rows, held = (prepared(split) for split in (found.train, found.test))
    values = study.values
    plan = Plan(int(values["epochs"]), float(values["rate"]), augment=str(values["augment"]), seed=seed)
    for done, course in train(study.net, rows, held, plan):
        _take(study, course, plan.steps(len(rows)))
        yield done
    scores = logits(study.net, held.images)
    if course.finite() and bool(scores.isfinite().all()):
        _judge(study, held, scores)


def _take(study: Study, course: Course, steps: int) -> None:
    study.losses = _thinned(course.losses, steps)
    study.seen, study.held, study.fronts = course.seen, course.held, course.fronts


def _thinned(losses: list[float], steps: int) -> tuple[list[float], list[float]]:
    """Smoothed, and about POINTS of them."""
    smooth: list[float] = []
    for loss in losses:
        smooth.append(SMOOTHED * smooth[-1] + (1 - SMOOTHED) * loss if smooth else loss)
    apart = max(1, len(smooth) // POINTS)
    places = range(0, len(smooth), apart)
    return [(place + 1) / steps for place in places], [smooth[place] for place in places]


def _judge(study: Study, held: Pictures, scores: Tensor) -> None:
    import torch

    study.accuracy = accuracy(scores, held.kinds)
    right = torch.full((len(held),), SHIFT)
    study.moved = accuracy(logits(study.net, shifted(held.images, torch.zeros_like(right), right)), held.kinds)
    counts = np.zeros((len(study.classes),) * 2, int)
    np.add.at(counts, (held.kinds.numpy(), scores.argmax(dim=1).numpy()), 1)
    study.counts = counts.tolist()


def made(study: Study, seconds: float) -> Made:
    """What comes along: the network, its front at some epochs, and what is told of them."""
    tensors = {f"{NET}{key}": value for key, value in study.net.state_dict().items()}
    for epoch, state in study.fronts.items():
        tensors |= {f"{FRONT}{epoch}.{key}": value for key, value in state.items()}
    facts = {key: getattr(study, key) for key in KEPT}
    return Made(tensors, facts | {"values": dict(study.values), "seconds": seconds})


def restored(kept: Made) -> Study:
    """Inverse of `made`."""
    facts = dict(kept.facts)
    values, shape, classes = facts["values"], tuple(facts["shape"]), tuple(facts["classes"])
    net = build(values, shape, len(classes), 0)
    net.load_state_dict({key.removeprefix(NET): t for key, t in kept.tensors.items() if key.startswith(NET)})
    fronts: dict[int, dict[str, Any]] = {}
    for key, tensor in kept.tensors.items():
        if key.startswith(FRONT):
            epoch, name = key.removeprefix(FRONT).split(".", 1)
            fronts.setdefault(int(epoch), {})[name] = tensor
    told = {key: facts[key] for key in KEPT} | {"shape": shape, "classes": classes, "losses": tuple(facts["losses"])}
    return Study(values, net, fronts=fronts, **told)
