"""Augmentation of pictures and of Korean sentences, previewed; and what augmented examples are worth beside as many real ones."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Event,
    Figure,
    File,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Value,
    Words,
)
from app.labs.data.base import Loaded
from app.labs.data.loading import load
from app.labs.figures import Axes, images, line
from app.labs.parts import augment_images, augment_text
from app.labs.parts.augment_images import Picture, Strength, as_shares
from app.labs.parts.augment_picture import SUFFIXES, read_picture
from app.labs.parts.augment_ratio import AUGMENTED, MORE, SEEDS, STEPS, Material, Plan, Points, compare, pictures, texts
from app.labs.parts.augment_text import NEGATIONS, Sentence, negation_lost
from app.lessons.base import need_torch

TEST_ROWS, LEAST_TRAIN = 1000, 2000
RATIOS = (0, 1, 2, 4, 8)
VARIANTS, SENTENCES = 12, 8
SHOWN_S = 0.5
TEXTS = "nsmc"
USUAL = {"fashion-mnist": 0.55, "digits": 0.7, "nsmc": 0.5}  # least accuracy from USUAL_ROWS real rows on
USUAL_ROWS = 100
GAIN = (-0.08, 0.12)


class AugmentLab:
    """See the module."""

    name, order = "augment", 130
    notes = ("16-synthetic-data-gan.md",)
    network = ("models.nn.mlp",)
    controls = (
        Choice("data", ("fashion-mnist", "digits", TEXTS), "fashion-mnist"),
        Range("real", 10, 500, 100, step=10),
        Range("most", 1, 8, 4),
        Choice("image_method", tuple(augment_images.METHODS), "mix"),
        File("picture", SUFFIXES),
        Range("degrees", 0, 180, 10),
        Range("shift", 0, 50, 5),
        Range("crop", 10, 100, 90),
        Range("brightness", 0, 100, 20),
        Range("noise", 0, 50, 5),
        Range("cutout", 0, 100, 25),
        Range("mixup", 0, 100, 30),
        Choice("text_method", tuple(augment_text.METHODS), "mix"),
        Words("sentence", "이 영화는 결말이 정말 좋아서 시간이 전혀 아깝지 않았다", longest=500, lines=2),
        Range("alpha", 0.05, 0.9, 0.2, step=0.05, whole=False),
    )
    tries = (
        Try(3, {"data": "digits", "real": 50, "most": 8}),
        Try(2, {"data": "digits", "real": 50, "most": 4, "image_method": "rotation", "degrees": 180}),
        Try(1, {"data": "digits", "sentence": "이 영화는 재미가 없지 않다", "text_method": "delete", "alpha": 0.3}),
    )
    small: ClassVar[dict[str, Value]] = {"data": "digits", "real": 10, "most": 1, "sentence": "봄이 정말 좋다"}

    def seconds(self, **values: Value) -> float:
        """Kiwi, then a training for each point and seed, and its rows."""
        ratios = ratios_of(int(values["most"]))
        trainings = SEEDS * (2 * len(ratios) - 1)
        rows = SEEDS * int(values["real"]) * int(values["most"])
        return 12.0 + trainings * STEPS * 0.002 + rows * 0.002

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The previews, then the accuracy by ratio. Raises InputError for a picture that cannot be read."""
        need_torch()
        name, plan = str(values["data"]), _plan(values, desk.seed)
        rows = max(LEAST_TRAIN, SEEDS * plan.real * (1 + plan.ratios[-1]))
        found = load(desk, name, train=rows, test=TEST_ROWS)
        yield found.used()
        strength = _strength(values)
        shown = found if found.kind == "pictures" else load(desk, "fashion-mnist", train=2, test=1)
        yield from _pictures(shown, str(values["image_method"]), strength, str(values["picture"]), desk.seed)
        yield from sentences(str(values["sentence"]), str(values["text_method"]), float(values["alpha"]), desk.seed)
        if found.kind == "pictures":
            material = pictures(found, str(values["image_method"]), strength)
            yield Shown(Code("method", inspect.getsource(augment_images.METHODS[str(values["image_method"])])))
        else:
            material = texts(found, str(values["text_method"]), float(values["alpha"]))
            yield Shown(Code("method", inspect.getsource(augment_text.METHODS[str(values["text_method"])])))
        yield from _ratios(material, plan, USUAL.get(found.name))


def ratios_of(most: int) -> tuple[int, ...]:
    """0, 1, 2, 4 … and the greatest."""
    return (*(ratio for ratio in RATIOS if ratio < most), most)


def _plan(values: Mapping[str, Value], seed: int) -> Plan:
    return Plan(int(values["real"]), ratios_of(int(values["most"])), seed)


def _strength(values: Mapping[str, Value]) -> Strength:
    names = ("degrees", "shift", "crop", "brightness", "noise", "cutout", "mixup")
    return Strength(**{name: float(values[name]) for name in names})


def _pictures(found: Loaded, method: str, strength: Strength, own: str, seed: int) -> Iterator[Event]:
    """One picture by each method, then a dozen variants by the chosen one."""
    samples = as_shares(found.train.inputs[:2])
    picture, other = samples[0], samples[-1]
    if own:
        picture = read_picture(Path(own))
        other = augment_images.resized(samples[0], picture.shape[:2])[..., None]  # (H, W) -> (H, W, 1)
        yield Shown(Said("picture", "own_picture", {"high": picture.shape[0], "wide": picture.shape[1]}))
    draw = np.random.default_rng(seed)
    methods = [*augment_images.SINGLE, "mixup"]
    each = [augment_images.vary(one, picture, strength, draw, other).picture for one in methods]
    yield Shown(images("methods", _stack([picture, *each]), ["original", *methods], columns=3))
    varied = [augment_images.vary(method, picture, strength, draw, other) for _ in range(VARIANTS)]
    captions = [one.told for one in varied]
    yield Shown(images("variants", _stack([one.picture for one in varied]), captions, columns=4))


def _stack(listed: Sequence[Picture]) -> Picture:
    return np.stack(listed)


def sentences(text: str, method: str, alpha: float, seed: int) -> Iterator[Event]:
    """The sentence by each method with its changes marked, then some variants by the chosen one, and whether negations went missing."""
    yield Progress(0, 1, "reading")
    sentence, draw = Sentence.of(text), np.random.default_rng(seed)
    rows = []
    for one in augment_text.SINGLE:
        varied = augment_text.vary(one, sentence, alpha, draw)
        rows.append((one, varied.marked if varied else "nothing"))
    yield Shown(Table("sentence", ("method", "variant"), tuple(rows)))
    several = [augment_text.vary(method, sentence, alpha, draw) for _ in range(SENTENCES)]
    texts_found = list(dict.fromkeys(varied.marked for varied in several if varied))
    if texts_found:
        lost = [varied for varied in several if varied and negation_lost(sentence.text, varied.text)]
        marked = {varied.marked for varied in lost}
        listed = tuple((one, "turned" if one in marked else "stays") for one in texts_found)
        yield Shown(Table("sentences", ("variant", "negation"), listed))
        if NEGATIONS.search(sentence.text):
            values = {"lost": len(marked), "all": len(texts_found)}
            yield Shown(Said("negation", "lost" if lost else "kept", values, "bad" if lost else "good"))


def _ratios(material: Material, plan: Plan, least: float | None) -> Iterator[Event]:
    """The curve while the seeds go through, then what it says."""
    last, points = time.monotonic(), Points()
    for done, points in compare(material, plan):
        yield Progress(done, 1, "training")
        if time.monotonic() - last > SHOWN_S:
            last = time.monotonic()
            yield Shown(_curve(points))
    yield Shown(_curve(points))
    yield Shown(_table(points, plan))
    most = plan.ratios[-1]
    usual = least if plan.real >= USUAL_ROWS else None
    yield Score("real", float(np.mean(points.found[AUGMENTED, 0])), low=usual, unit="share")
    yield Score("augmented", float(np.mean(points.found[AUGMENTED, most])), unit="share")
    yield Score("gain", float(points.gains(AUGMENTED, most).mean()), *GAIN, unit="share")
    if (MORE, most) in points.found:
        yield Score("more", float(np.mean(points.found[MORE, most])), unit="share")
    yield Shown(_verdict(points, most))


def _curve(points: Points) -> Figure:
    """Means over the seeds, with the least and the greatest."""
    curves = {added: points.curve(added) for added in (AUGMENTED, MORE)}
    middles = {added: (list(curve), [float(np.mean(one)) for one in curve.values()]) for added, curve in curves.items()}
    made = line("ratio", middles, Axes("ratio", "accuracy"), marks=True)
    data = [{**trace, "error_y": _spread(curve)} for trace, curve in zip(made.data, curves.values(), strict=True)]
    return Figure(made.name, data, made.layout)


def _spread(curve: Mapping[int, Sequence[float]]) -> dict[str, Any]:
    above = [round(float(max(one) - np.mean(one)), 5) for one in curve.values()]
    below = [round(float(np.mean(one) - min(one)), 5) for one in curve.values()]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1.2, "width": 4}


def _table(points: Points, plan: Plan) -> Table:
    """Mean, least and greatest of each point."""

    def cell(added: str, ratio: int) -> str:
        shares = points.found.get((added, ratio) if ratio else (AUGMENTED, 0))
        if not shares:
            return "too_few"
        return f"{100 * np.mean(shares):.1f} ({100 * min(shares):.1f}–{100 * max(shares):.1f})"

    rows = tuple((f"1:{n}", plan.real * (1 + n), cell(AUGMENTED, n), cell(MORE, n)) for n in plan.ratios)
    return Table("accuracies", ("ratio", "rows", AUGMENTED, MORE), rows)


def _verdict(points: Points, most: int) -> Said:
    """Only what all seeds say is said: a mean that one seed makes is luck."""
    gains = points.gains(AUGMENTED, most)
    values = {"gain": f"{100 * gains.mean():+.1f}", "least": f"{100 * gains.min():+.1f}"}
    values |= {"greatest": f"{100 * gains.max():+.1f}", "most": str(most), "seeds": str(len(gains))}
    if (gains > 0).all():
        return Said("verdict", "helps", values, "good")
    return Said("verdict", "harms" if (gains < 0).all() else "unclear", values, "bad" if (gains < 0).all() else "plain")


LAB = AugmentLab()
