"""The same language model in fp32, bf16, int8 and four bits: how large, how fast, how good; and what rounding does to one matrix."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Event,
    Figure,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Used,
    Value,
)
from app.labs.figures import Axes, bars, histogram, scatter
from app.labs.parts.quantization_runs import CHANNEL, FORMATS, TENSOR, Format, Row, judged, lost, made
from app.labs.parts.qwen_weights import LOCAL, load_lesson, load_local
from app.lessons.base import need_torch
from app.lessons.sentences import general

MEGA = 1e6
HELD_ROWS, HELD_TOKENS = 160, 160  # of the lessons' model: sentences; of the 0.5B: tokens
LOCAL_TOKENS, LOCAL_S = (
    8,
    420.0,
)  # the 0.5B writes so many at most, and takes so long: half a billion weights are unpacked for each
SAMPLED = 12_000  # weights in the histogram
GROUPS = ("128", "64", "32", "16", "8")
MATRICES = {
    "q_proj": "self_attn.q_proj",
    "o_proj": "self_attn.o_proj",
    "up_proj": "mlp.up_proj",
    "down_proj": "mlp.down_proj",
}
CODE = """\
scale = w.abs().amax(dim=1, keepdim=True) / 127          # int8: one scale for each row
code = (w / scale).round().clamp(-127, 127)              # what is kept, one byte a weight
w_hat = code * scale                                     # what is computed with
groups = w.reshape(-1, 32)                               # 4 bits: a scale for every 32 weights, largest code 7
"""


class Quantization:
    """See the module."""

    name, order = "quantization", 150
    notes = ("20-quantization-serving-mlops.md",)
    network = ("models.nn.quantize", "models.nn.qwen2")
    controls = (
        Choice("model", ("lesson", LOCAL), "lesson"),
        Choice("bits", ("8", "4", "2"), "4"),
        Choice("granularity", ("tensor", "channel", "group"), "group"),
        Choice("group", GROUPS, "32"),
        Choice("matrix", tuple(MATRICES), "down_proj"),
        Range("outlier", 1, 50, 1),
        Range("tokens", 4, 64, 16),
    )
    tries = (
        Try(2, {}),
        Try(3, {"bits": "2", "granularity": "tensor"}),
        Try(1, {"bits": "8", "outlier": 30}),
    )
    small: ClassVar[Mapping[str, Value]] = {"tokens": 4}

    def seconds(self, **values: Value) -> float:
        """Of the lessons' model hardly anything."""
        if values["model"] == "lesson":
            return 8.0 + 0.05 * float(values["tokens"])
        return LOCAL_S

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """One matrix first, then the whole model in each format."""
        need_torch()
        base, rows = yield from _loaded(desk, str(values["model"]))
        yield Used("course_held", "package", sum(map(len, rows)))
        yield Shown(Said("model", f"is_{values['model']}", {"parameters": f"{_parameters(base):,}"}))
        yield from _matrix(base, values)
        yield from _formats(base, rows, values)
        yield Shown(Code("rounding", CODE))


def _loaded(desk: Desk, name: str) -> Generator[Event, None, tuple[Any, list[list[int]]]]:
    """The model as it comes, and held-out text as rows of its tokens. Raises MissingError."""
    import torch

    if name == "lesson":
        from app.lessons.tiny import END, START, encode

        rows = [[START, *encode(text), END] for text in general()[:HELD_ROWS]]
        return load_lesson(torch.float32), rows
    qwen = yield from load_local(desk, torch.bfloat16)
    ids = qwen.tokenizer.encode("\n".join(general()[:HELD_ROWS])).ids
    return qwen.model, [ids[:HELD_TOKENS]]


def _parameters(base: Any) -> int:
    return sum(int(weight.numel()) for weight in base.weights.values())


def _chosen(values: Mapping[str, Value]) -> Format:
    groups = {"tensor": TENSOR, "channel": CHANNEL, "group": int(values["group"])}
    return Format(int(values["bits"]), groups[str(values["granularity"])])


def _matrix(base: Any, values: Mapping[str, Value]) -> Iterator[Event]:
    """What rounding does to one matrix of the middle layer, by how many weights share a scale."""
    bits, outlier = int(values["bits"]), float(values["outlier"])
    layer = base.shape.layers // 2
    weight = base.weights[f"model.layers.{layer}.{MATRICES[str(values['matrix'])]}.weight"]
    groups = {"tensor": TENSOR, "channel": CHANNEL, **{group: int(group) for group in GROUPS}}
    even = {name: lost(weight, Format(bits, group), outlier) for name, group in groups.items()}
    grids = {"even": [found.error for found in even.values()]}
    if bits == 4:
        grids["normal"] = [lost(weight, Format(4, group, "normal"), outlier).error for group in groups.values()]
    yield Shown(bars("errors", list(groups), grids, Axes("sharing", "error")))
    columns = ("sharing", "bits_a_weight", "error", *(("error_normal",) if bits == 4 else ()))
    rows: list[tuple[str | float | int, ...]] = [
        (name, round(found.bits, 2), *(round(listed[at], 4) for listed in grids.values()))
        for at, (name, found) in enumerate(even.items())
    ]
    yield Shown(Table("errors", columns, tuple(rows)))
    shown = {name: _sample(even[name].off) for name in ("tensor", "channel", str(values["group"]))}
    yield Shown(histogram("off", shown, Axes("off", "count"), bins=60))
    yield Score("error_tensor", even["tensor"].error, unit="share")
    yield Score("error_channel", even["channel"].error, unit="share")
    yield Score("error_group", even[str(values["group"])].error, unit="share")
    size = {"rows": weight.shape[0], "columns": weight.shape[1], "layer": layer + 1, "matrix": str(values["matrix"])}
    yield Shown(Said("matrix", "outlier" if outlier > 1 else "matrix", {**size, "times": f"{outlier:g}"}))


def _sample(off: Any) -> Any:
    return off[:: max(1, len(off) // SAMPLED)]


def _formats(base: Any, rows: Sequence[Sequence[int]], values: Mapping[str, Value]) -> Iterator[Event]:
    """The model in each format and in the chosen one, one after the other, so that only one lies in memory."""
    found: dict[str, Row] = {}
    wanted = {**FORMATS, "chosen": _chosen(values)}
    tokens = int(values["tokens"]) if values["model"] == "lesson" else min(int(values["tokens"]), LOCAL_TOKENS)
    for name, each in wanted.items():
        yield Progress(len(found), len(wanted), "formats")
        model = yield from made(base, each)
        found[name] = yield from judged(model, rows, tokens)
        del model
        yield Shown(_table(found))
    yield Shown(_trade(found))
    yield Shown(bars("rates", list(found), {"rate": [row.rate for row in found.values()]}, Axes("", "rate")))
    yield from _costs(found)


def _table(found: Mapping[str, Row]) -> Table:
    """Sizes beside fp32's, perplexity, and tokens a second."""
    full = found["fp32"]
    rows = tuple(
        (name, row.size / MEGA, row.size / full.size, math.exp(min(row.loss, 50)), row.loss - full.loss, row.rate)
        for name, row in found.items()
    )
    rounded: tuple[tuple[str | float | int, ...], ...] = tuple(
        (name, *(float(f"{number:.4g}") for number in row)) for name, *row in rows
    )
    return Table("formats", ("format", "megabytes", "of_fp32", "perplexity", "nats_more", "rate"), rounded)


def _trade(found: Mapping[str, Row]) -> Figure:
    """Perplexity over size: down and left is better."""
    points = {name: ([row.size / MEGA], [math.exp(min(row.loss, 50))]) for name, row in found.items()}
    axes = Axes("megabytes", "perplexity", log_x=True, log_y=True)
    return scatter("trade", points, axes)


def _costs(found: Mapping[str, Row]) -> Iterator[Event]:
    full = found["fp32"]

    def cost(name: str) -> float:
        return math.exp(min(found[name].loss - full.loss, 50)) - 1

    yield Score("perplexity", math.exp(min(full.loss, 50)))
    yield Score("cost_bf16", cost("bf16"), -0.02, 0.02, unit="share")
    yield Score("cost_int8", cost("int8"), -0.02, 0.02, unit="share")
    yield Score("cost_nf4", cost("nf4"), -0.02, 0.4, unit="share")
    yield Score("cost_chosen", cost("chosen"), unit="share")
    yield Score("smaller", full.size / found["chosen"].size)
    yield Shown(Said("speed", "speed"))


LAB = Quantization()
