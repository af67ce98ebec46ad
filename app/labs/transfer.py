"""Transfer with few images: frozen, partial, full and from scratch, from two images of a kind to hundreds, and what is forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import ClassVar

from app.labs.base import Choice, Code, Desk, Event, Progress, Range, Said, Score, Shown, Try, Value
from app.labs.parts import transfer_views as views
from app.labs.parts.transfer_data import Material, material
from app.labs.parts.transfer_study import PRETRAINED_ON, Study, Trials, before, knows, recipe, run
from app.lessons.base import need_torch
from app.lessons.images import EXPECTED, NETS, WAYS, learning, network, rates
from app.lessons.pictures import SEEN, SIDE

SHOWN_S = 0.5
LOADING_S = {"cifar10": 40.0}
USUAL_EACH = 10  # from so many images of a kind on, what was learned before is usually worth this much
FORGETS = 0.03  # of accuracy: less is not called forgetting
CODE = """\
model = pretrained(net)                             # it knows five kinds
model.head = nn.Linear(features, 5)                 # new, for five others
model.requires_grad_(False)
for part in {"frozen": [head], "partial": [head, *blocks[-n:]], "full": [model]}[way]:
    part.requires_grad_(True)
optimizer = AdamW([{"params": block.parameters(), "lr": rate * decay**depth} for depth, block in learning])
"""


class TransferLab:
    """See the module."""

    name, order = "transfer", 120
    notes = ("14-transfer-learning-huggingface.md", "15-finetuning.md", "07-cnn.md", "12-bert-gpt-vit.md")
    network = ("models.nn.small_cnn", "models.nn.vit")
    controls = (
        Choice("data", ("fashion-mnist", "digits", "cifar10"), "fashion-mnist"),
        Choice("net", NETS, "cnn"),
        Range("each", 2, 200, 20, log=True),
        Range("blocks", 1, 3, 1),
        Range("decay", 0.1, 1.0, 1.0, step=0.1, whole=False),
        Range("steps", 10, 400, 80, step=10),
        Range("seeds", 1, 5, 3),
    )
    tries = (
        Try(2, {"each": 200}),
        Try(3, {"net": "vit"}),
        Try(1, {"net": "vit", "decay": 0.2}),
    )
    small: ClassVar[dict[str, Value]] = {"data": "digits", "each": 2, "steps": 10, "seeds": 1}

    def seconds(self, **values: Value) -> float:
        """All trials, and reading the data."""
        return 2.5 + LOADING_S.get(str(values["data"]), 0.0) + _study(values).seconds()

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The curves trial by trial, then what was forgotten and which weights moved. Raises InputError, MissingError."""
        need_torch()
        task = material(desk, str(values["data"]), SIDE)
        old = task if task.found.name in PRETRAINED_ON else material(desk, "digits", SIDE)
        yield task.found.used()
        if old is not task:
            yield old.found.used()
        study, known = _study(values), knows(old)
        first, first_by = before(study.net, old)
        yield Shown(views.kinds(task, old))
        yield Shown(_started(study, task, old, first))
        found, last = Trials(), 0.0
        for way, found in run(study, task, old, desk.seed * study.seeds):
            yield Progress(found.done, found.total, f"trying_{way}" if way else "")
            if not way or time.monotonic() - last > SHOWN_S:
                last = time.monotonic()
                yield from _curves(found, first if known else None)
        yield from _scored(study, task, found)
        if known:
            yield Score("before", first, unit="share")
            yield from _forgotten(study, old, found, (first, first_by))
        yield Shown(views.moved(found, study.each))
        yield Shown(views.rates(_rates(study)))
        yield Shown(views.ways(found, study.each, known))
        yield Shown(Said("lesson", "lesson"))
        yield Shown(Code("code", CODE))


def _study(values: Mapping[str, Value]) -> Study:
    whole = {name: int(values[name]) for name in ("each", "blocks", "steps", "seeds")}
    return Study(str(values["net"]), **whole, decay=float(values["decay"]))


def _started(study: Study, task: Material, old: Material, first: float) -> Said:
    """What the network knows and is to learn."""
    said = {
        "old": ", ".join(old.old),
        "new": ", ".join(task.new),
        "before": f"{100 * first:.0f}",
        "net": study.net.upper(),
    }
    return Said("started", "started" if old is task else "started_far", said)


def _curves(found: Trials, first: float | None) -> Iterator[Event]:
    """Accuracy on new kinds; beside it, where there is something to forget, on old ones."""
    if found.trials:
        yield Shown(views.spread("accuracy", {way: found.curve(way) for way in WAYS}))
        if first is not None and any(found.kept(way) for way in WAYS):
            yield Shown(views.spread("kept", {way: found.kept(way) for way in WAYS}, first))


def _scored(study: Study, task: Material, found: Trials) -> Iterator[Event]:
    """Each way with the most images, and what was learned before is worth with the fewest and the most."""
    near = task.found.name in PRETRAINED_ON and study.each >= USUAL_EACH
    means = {way: {point[0]: point[1] for point in found.curve(way)} for way in WAYS}
    for way in WAYS:
        low = EXPECTED["accuracy"][0] if near and way in ("frozen", "full") else None
        yield Score(way, means[way][study.each], low=low, unit="share")
    best = {each: max(means[way][each] for way in WAYS if way != "scratch") for each in study.amounts()}
    few, many = (100 * (best[each] - means["scratch"][each]) for each in (study.amounts()[0], study.each))
    said: dict[str, str | int] = {
        "fewest": study.amounts()[0],
        "most": study.each,
        "few": f"{few:+.0f}",
        "many": f"{many:+.0f}",
    }
    key = "one_amount" if len(study.amounts()) == 1 else "shrinks" if many < few else "grows"
    yield Shown(Said("worth", key, said))


def _forgotten(study: Study, old: Material, found: Trials, first: tuple[float, tuple[float, ...]]) -> Iterator[Event]:
    """The old kinds before and after."""
    kept = {way: next(p[1] for p in found.kept(way) if p[0] == study.each) for way in ("frozen", "partial", "full")}
    yield Score("kept_full", kept["full"], unit="share")
    yield Shown(views.forgotten(old.old, first[1], found, study.each))
    lost = first[0] - kept["full"]
    said = {"before": f"{100 * first[0]:.0f}"} | {way: f"{100 * share:.0f}" for way, share in kept.items()}
    yield Shown(
        Said("forgetting", "forgotten" if lost > FORGETS else "kept_all", said, "bad" if lost > FORGETS else "good")
    )


def _rates(study: Study) -> dict[str, float]:
    """By part, where everything learns."""
    model, full = network(study.net, SEEN), recipe(study, "full", study.each, 1)
    return rates(model, full, learning(model, full))


LAB = TransferLab()
