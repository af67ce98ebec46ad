"""Transfer learning with few images: a network that knows five kinds learns five others.

Four ways: only the new last layer learns (frozen), the last block as well (partial), everything (full), and a network that
starts from nothing (scratch). What the old last layer still tells of the old kinds is what was not forgotten.
Yosinski et al. 2014, https://arxiv.org/abs/1411.1792.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.lessons.base import Bench, Control, Metric, Progress, Result, Row, Value, folder, interval, need_torch
from app.lessons.pictures import KINDS, SEEN, Pictures, pictures

WAYS = ("frozen", "partial", "full", "scratch")
NETS = ("cnn", "vit")
STEPS, BATCH = 120, 32
SEEDS = (1, 2, 3)
RATE = {"frozen": 1e-2, "partial": 2e-3, "full": 1e-3, "scratch": 2e-3}
METRICS = (
    Metric("accuracy", "share", "high"),
    Metric("kept", "share", "high"),
    Metric("trained", "count", "low"),
    Metric("seconds", "seconds", "low"),
)
EXPECTED = {"accuracy": (0.5, 1.0)}


@dataclass(frozen=True, slots=True)
class Trial:
    """accuracy: on unseen kinds; kept: on seen ones with the old last layer, None from scratch."""

    accuracy: float
    kept: float | None
    trained: int
    seconds: float


def network(net: str, classes: int) -> Any:
    """With random weights."""
    need_torch()
    from models.nn.small_cnn import SmallCnn
    from models.nn.small_vit import SmallViT

    return {"cnn": SmallCnn, "vit": SmallViT}[net](classes)


def pretrained(net: str, data: str) -> Any:
    """The checkpoint, with the last layer for the five seen kinds of these data. Raises MissingError."""
    import torch
    from safetensors.torch import load_file

    weights = load_file(folder("images") / f"{net}.safetensors")
    first = 0 if data == "fashion" else SEEN  # it was pretrained on five kinds of both, in this order
    kept = {k: v.to(torch.float32) if v.is_floating_point() else v for k, v in weights.items()}
    kept |= {name: kept[name][first : first + SEEN] for name in ("head.weight", "head.bias")}
    model = network(net, SEEN)
    model.load_state_dict(kept)
    return model


def learning(model: Any, way: str) -> list[Any]:
    """The parameters that learn, all others frozen."""
    chosen = {"frozen": [model.head], "partial": [model.head, model.blocks[-1]]}.get(way, [model])
    model.requires_grad_(False)
    for module in chosen:
        module.requires_grad_(True)
    return [p for p in model.parameters() if p.requires_grad]


def trial(net: str, way: str, found: Pictures, each: int, seed: int) -> Trial:
    """One network adapted to the unseen kinds."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    model = network(net, SEEN) if way == "scratch" else pretrained(net, found.name)
    old_head, model.head = model.head, nn.Linear(model.head.in_features, KINDS - SEEN)
    trained = learning(model, way)
    started = time.perf_counter()
    _adapt(model, trained, way, found.few(each, seed), seed)
    seconds = time.perf_counter() - started
    accuracy = score(model, *found.held(seen=False))
    count = sum(p.numel() for p in trained)
    model.head = old_head
    kept = None if way == "scratch" else score(model, *found.held(seen=True))
    return Trial(accuracy, kept, count, seconds)


def _adapt(model: Any, trained: list[Any], way: str, few: tuple[Any, Any], seed: int) -> None:
    """STEPS of AdamW. What is frozen stays in evaluation mode, so that batch norm keeps its means, too."""
    import torch

    images, kinds = torch.from_numpy(few[0])[:, None], torch.from_numpy(few[1])  # (N, 1, 16, 16), (N,)
    optimizer = torch.optim.AdamW(trained, lr=RATE[way], weight_decay=0.01)
    draw = torch.Generator().manual_seed(seed)
    model.eval()
    for module in model.modules():
        if any(p.requires_grad for p in module.parameters(recurse=False)):
            module.train()
    for _ in range(STEPS):
        batch = torch.randint(len(kinds), (BATCH,), generator=draw)
        loss: Any = torch.nn.functional.cross_entropy(model(images[batch]), kinds[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()


def score(model: Any, images: Any, kinds: Any) -> float:
    """The share of images whose kind is the likeliest."""
    import torch

    model.eval()
    with torch.no_grad():
        best = model(torch.from_numpy(images)[:, None]).argmax(-1)  # (B, 1, 16, 16) -> (B, K) -> (B,)
    return float((best == torch.from_numpy(kinds)).float().mean())


def row(way: str, trials: list[Trial]) -> Row:
    """The mean of the seeds, with the least and the greatest accuracy."""
    accuracy, low, high = interval([t.accuracy for t in trials])
    kept = [t.kept for t in trials if t.kept is not None]
    figures = {
        "accuracy": accuracy,
        "kept": sum(kept) / len(kept) if kept else None,
        "trained": float(trials[0].trained),
        "seconds": sum(t.seconds for t in trials) / len(trials),
    }
    return Row(way, figures, low={"accuracy": low}, high={"accuracy": high})


class Images:
    """See the module."""

    name, order, right, minutes, apart = "images", 60, 1, 1.0, True
    controls = (Control("net", NETS, "cnn"), Control("each", (2, 5, 10, 20, 50), 10))

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        need_torch()
        net, each = str(values["net"]), int(values["each"])
        found = pictures(bench.home)
        rows: list[Row] = []
        total = len(WAYS) * len(SEEDS)
        for way in WAYS:
            trials: list[Trial] = []
            for seed in SEEDS:
                yield Progress(len(rows) * len(SEEDS) + len(trials), total, key=way)
                trials.append(trial(net, way, found, each, seed))
            rows.append(row(way, trials))
        made: dict[str, Value] = {"net": net, "each": each, "data": found.name, "steps": STEPS, "seeds": len(SEEDS)}
        yield Result(METRICS, tuple(rows), made=made, expected=EXPECTED, checked=("frozen", "partial", "full"))


LESSON = Images()
