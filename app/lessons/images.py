"""Transfer learning with few images: a network that knows five kinds learns five others.

Four ways: only the new last layer learns (frozen), the last block as well (partial), everything (full), and a network that
starts from nothing (scratch). What the old last layer still tells of the old kinds is what was not forgotten.
Yosinski et al. 2014, https://arxiv.org/abs/1411.1792.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
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
class Recipe:
    """each: images of a kind. blocks: how many of the last ones `partial` trains. decay: of the rate, from each block to the one
    before it (Howard and Ruder 2018); 1 for one rate."""

    net: str
    way: str
    each: int
    seed: int
    blocks: int = 1
    steps: int = STEPS
    decay: float = 1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """accuracy: on new kinds; kept: on old ones with the old last layer, None from scratch, and `kept_by` old kind.

    moved: how far the weights of each part went, as a share of their length; {} from scratch.
    """

    accuracy: float
    kept: float | None
    trained: int
    seconds: float
    kept_by: tuple[float, ...] = ()
    moved: Mapping[str, float] = field(default_factory=dict)


def network(net: str, classes: int) -> Any:
    """With random weights."""
    need_torch()
    from models.nn.small_cnn import SmallCnn
    from models.nn.vit import small_vit

    return {"cnn": SmallCnn, "vit": small_vit}[net](classes)


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


def learning(model: Any, recipe: Recipe) -> list[str]:
    """The names of the parameters that learn; all others are frozen."""
    last = list(model.blocks)[len(model.blocks) - recipe.blocks :]
    chosen = {"frozen": [model.head], "partial": [model.head, *last]}.get(recipe.way, [model])
    model.requires_grad_(False)
    for module in chosen:
        module.requires_grad_(True)
    return [name for name, p in model.named_parameters() if p.requires_grad]


def part_of(name: str, blocks: int) -> tuple[str, int]:
    """The part that a parameter belongs to and how deep it lies under the answer: head 0, last block 1, … first block, stem."""
    if name.startswith(("head.", "norm.")):
        return "head", 0
    if name.startswith("blocks."):
        at = int(name.split(".")[1])
        return f"block_{at + 1}", blocks - at
    return "stem", blocks + 1


def rates(model: Any, recipe: Recipe, trained: list[str]) -> dict[str, float]:
    """Part -> its learning rate, of the parts that learn, from the lowest to the head."""
    parts = {part_of(name, len(model.blocks)) for name in trained}
    return {part: RATE[recipe.way] * recipe.decay**deep for part, deep in sorted(parts, key=lambda part: -part[1])}


def trial(recipe: Recipe, found: Pictures, old: Pictures | None = None) -> Trial:
    """One network adapted to the unseen kinds. old: where its seen kinds come from, `found` itself where None."""
    import torch
    from torch import nn

    old = old or found
    torch.manual_seed(recipe.seed)
    scratch = recipe.way == "scratch"
    model = network(recipe.net, SEEN) if scratch else pretrained(recipe.net, old.name)
    old_head, model.head = model.head, nn.Linear(model.head.in_features, KINDS - SEEN)
    trained = learning(model, recipe)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    started = time.perf_counter()
    _adapt(model, trained, recipe, found.few(recipe.each, recipe.seed))
    seconds = time.perf_counter() - started
    accuracy = score(model, *found.held(seen=False))
    after = dict(model.named_parameters())
    count = sum(after[name].numel() for name in trained)
    if scratch:
        return Trial(accuracy, None, count, seconds)
    moved = _moved(before, after, len(model.blocks))
    model.head = old_head
    images, kinds = old.held(seen=True)
    return Trial(accuracy, score(model, images, kinds), count, seconds, score_by_kind(model, images, kinds), moved)


def _moved(before: Mapping[str, Any], after: Mapping[str, Any], blocks: int) -> dict[str, float]:
    """‖w - w₀‖ / ‖w₀‖ of each part, without the head, which is new."""
    import torch

    parts: dict[str, list[str]] = {}
    for name in before:
        parts.setdefault(part_of(name, blocks)[0], []).append(name)
    found = {}
    for part, names in sorted(parts.items(), key=lambda item: part_of(item[1][0], blocks)[1], reverse=True):
        start = torch.cat([before[name].flatten() for name in names])
        end = torch.cat([after[name].detach().flatten() for name in names])
        if part != "head":
            found[part] = float((end - start).norm() / start.norm())
    return found


def _adapt(model: Any, trained: list[str], recipe: Recipe, few: tuple[Any, Any]) -> None:
    """Steps of AdamW. What is frozen stays in evaluation mode, so that batch norm keeps its means, too, and is computed once."""
    import torch

    images, kinds = torch.from_numpy(few[0])[:, None], torch.from_numpy(few[1])  # (N, 1, 16, 16), (N,)
    groups: dict[str, list[Any]] = {}
    for name, p in model.named_parameters():
        if name in trained:
            groups.setdefault(part_of(name, len(model.blocks))[0], []).append(p)
    by_part = rates(model, recipe, trained)
    optimizer = torch.optim.AdamW(
        [{"params": params, "lr": by_part[part]} for part, params in groups.items()], weight_decay=0.01
    )
    draw = torch.Generator().manual_seed(recipe.seed)
    given, answer = _frozen_once(model, recipe, images)
    for module in model.modules():
        if any(p.requires_grad for p in module.parameters(recurse=False)):
            module.train()
    for _ in range(recipe.steps):
        batch = torch.randint(len(kinds), (BATCH,), generator=draw)
        loss: Any = torch.nn.functional.cross_entropy(answer(given[batch]), kinds[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()


def _frozen_once(model: Any, recipe: Recipe, images: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What the frozen part makes of the images, and what is left to compute from there to the answer."""
    import torch

    model.eval()
    if recipe.way not in ("frozen", "partial"):
        return images, model
    cut = len(model.blocks) - (recipe.blocks if recipe.way == "partial" else 0)
    below, above = model.blocks[:cut], model.blocks[cut:]
    with torch.no_grad():
        given = model.enter(images)
        for block in below:
            given = block(given)

    def answer(maps: Any) -> Any:
        for block in above:
            maps = block(maps)
        return model.head(model.leave(maps))

    return given, answer


def score(model: Any, images: Any, kinds: Any) -> float:
    """The share of images whose kind is the likeliest."""
    return float(_right(model, images, kinds).mean())


def score_by_kind(model: Any, images: Any, kinds: Any) -> tuple[float, ...]:
    """The same for each kind by itself."""
    right = _right(model, images, kinds)
    of_kind = [right[kinds == kind] for kind in range(int(kinds.max()) + 1)]
    return tuple(float(each.sum()) / max(1, len(each)) for each in of_kind)


def _right(model: Any, images: Any, kinds: Any) -> Any:
    """(N,), 1 where the likeliest kind is the true one."""
    import torch

    model.eval()
    with torch.no_grad():
        best = model(torch.from_numpy(images)[:, None]).argmax(-1)  # (B, 1, 16, 16) -> (B, K) -> (B,)
    return (best.numpy() == kinds).astype("float32")


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
                trials.append(trial(Recipe(net, way, each, seed, steps=STEPS), found))
            rows.append(row(way, trials))
        made: dict[str, Value] = {"net": net, "each": each, "data": found.name, "steps": STEPS, "seeds": len(SEEDS)}
        yield Result(METRICS, tuple(rows), made=made, expected=EXPECTED, checked=("frozen", "partial", "full"))


LESSON = Images()
