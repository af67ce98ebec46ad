"""Memory: the arithmetic of the KV cache for models as they are published, and activation checkpointing, measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from app.labs.base import Choice, Code, Desk, Event, Progress, Range, Said, Score, Shown, Table, Try, Value
from app.labs.figures import Axes, bars, line
from app.labs.parts.memory_models import (
    GIGA,
    PUBLISHED,
    Model,
    cache_bytes,
    token_bytes,
    tokens_that_fit,
    weight_bytes,
)
from app.lessons.base import need_torch

MEGA = 1e6
VOCABULARY = 500
CURVE = 60  # points of the line over the context
BITS = ("16", "8", "4")
FLOPS = 4e9  # what two slow cores do
CODE = """\
for block in blocks:
    x = block(x)                                             # off: all inner results are kept
    x = torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False)   # on: only x is
loss(x).backward()                                           # on: each block is computed once more
"""


class Memory:
    """See the module."""

    name, order = "memory", 151
    notes = ("20-quantization-serving-mlops.md",)
    network = ("models.nn.recomputing", "app.labs.parts.memory_models")
    controls = (
        Choice("model", tuple(PUBLISHED), "qwen2.5-1.5b"),
        Range("context", 128, 131_072, 4096, log=True),
        Range("requests", 1, 64, 1),
        Choice("cache_bits", BITS, "16"),
        Choice("weight_bits", BITS, "16"),
        Range("room", 1, 80, 8),
        Range("layers", 1, 16, 8),
        Choice("width", ("32", "64", "128"), "64"),
        Range("length", 16, 256, 128),
        Range("batch", 1, 16, 8),
        Choice("way", ("scratch", "torch"), "scratch"),
    )
    tries = (
        Try(3, {"model": "qwen2.5-7b", "context": 32_768, "requests": 16}),
        Try(2, {"model": "qwen2.5-7b"}),
        Try(2, {"layers": 16}),
    )
    small: ClassVar[Mapping[str, Value]] = {"layers": 2, "width": "32", "length": 16, "batch": 1}

    def seconds(self, **values: Value) -> float:
        """Two ways, five steps each; a step is six multiplications for each weight and token, and as much again at most."""
        width, layers, length = int(values["width"]), int(values["layers"]), int(values["length"])
        tokens = int(values["batch"]) * length
        weights = layers * (12 * width**2 + 2 * length * width) + VOCABULARY * width
        return 4 + 10 * (8 * weights * tokens / FLOPS + 0.02 * layers)

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The arithmetic at once, then the measured steps."""
        need_torch()
        yield from _answering(values)
        yield from _training(desk, values)


def _answering(values: Mapping[str, Value]) -> Iterator[Event]:
    """Weights and cache while a model answers."""
    model = PUBLISHED[str(values["model"])]
    tokens, requests = int(values["context"]), int(values["requests"])
    bits, weight_bits = int(values["cache_bits"]), int(values["weight_bits"])
    kept, weights = cache_bytes(model, tokens, requests, bits), weight_bytes(model, weight_bits)
    yield Shown(Said("formula", "formula", _formula(model, tokens, requests, bits, kept)))
    yield Score("cache", kept / MEGA, unit="mb")
    yield Score("weights", weights / MEGA, unit="mb")
    yield Score("times_weights", kept / weights)
    yield Score("unshared", token_bytes(model, bits, shared=False) / token_bytes(model, bits))
    yield Shown(_growth(values, model))
    yield Shown(_models(tokens, requests, bits, weight_bits))
    yield Shown(_fits(values, model))
    if tokens > model.context:
        yield Shown(Said("beyond", "beyond", {"context": f"{model.context:,}"}, "bad"))


def _formula(model: Model, tokens: int, requests: int, bits: int, kept: float) -> dict[str, str | float | int]:
    shape = {"layers": model.layers, "kv": model.kv_heads, "head": model.head}
    each = f"{token_bytes(model, bits):,.0f}"
    return {
        **shape,
        "tokens": f"{tokens:,}",
        "requests": requests,
        "bytes": f"{bits / 8:g}",
        "each": each,
        "all": f"{kept:,.0f}",
        "gb": f"{kept / GIGA:,.3g}",
    }


def _growth(values: Mapping[str, Value], model: Model) -> Any:
    """Gigabytes over the context, up to four times the chosen one: the cache, the same without sharing, and the weights."""
    requests, bits = int(values["requests"]), int(values["cache_bits"])
    most = max(4 * int(values["context"]), 1024)
    tokens = [most * at / CURVE for at in range(CURVE + 1)]
    curves = {
        "cache": (tokens, [cache_bytes(model, round(t), requests, bits) / GIGA for t in tokens]),
        "unshared": (tokens, [cache_bytes(model, round(t), requests, bits, shared=False) / GIGA for t in tokens]),
        "weights": ([0, most], [weight_bytes(model, int(values["weight_bits"])) / GIGA] * 2),
    }
    return line("growth", curves, Axes("tokens", "gigabytes"))


def _models(tokens: int, requests: int, bits: int, weight_bits: int) -> Table:
    """All published models with the same settings."""
    rows = []
    for name, model in PUBLISHED.items():
        each, kept = token_bytes(model, bits), cache_bytes(model, tokens, requests, bits)
        weights = weight_bytes(model, weight_bits)
        heads = f"{model.layers} × {model.kv_heads}/{model.heads} × {model.head}"
        rows.append(
            (name, heads, each, round(kept / GIGA, 3), round(weights / GIGA, 3), round((kept + weights) / GIGA, 3))
        )
    return Table("models", ("model", "shape", "per_token", "cache_gb", "weights_gb", "sum_gb"), tuple(rows))


def _fits(values: Mapping[str, Value], model: Model) -> Said:
    """How many tokens go into the memory there is."""
    room, requests = int(values["room"]), int(values["requests"])
    weight_bits, bits = int(values["weight_bits"]), int(values["cache_bits"])
    tokens = tokens_that_fit(model, room * GIGA, requests, weight_bits, bits)
    said: dict[str, str | float | int] = {
        "room": room,
        "requests": requests,
        "weights": f"{weight_bytes(model, weight_bits) / GIGA:.2f}",
    }
    if not tokens:
        return Said("fits", "fits_not", said, "bad")
    enough = tokens >= int(values["context"])
    return Said("fits", "fits", {**said, "tokens": f"{tokens:,}"}, "good" if enough else "bad")


def _training(desk: Desk, values: Mapping[str, Value]) -> Iterator[Event]:
    """A step of a small Transformer with and without checkpointing."""
    import torch

    from app.labs.parts.memory_meter import measure
    from models.nn.gpt import Shape, TorchGpt

    length, layers = int(values["length"]), int(values["layers"])
    torch.manual_seed(desk.seed)
    model = TorchGpt(Shape(VOCABULARY, length, int(values["width"]), 4, layers))
    draw = torch.Generator().manual_seed(desk.seed)
    tokens = torch.randint(VOCABULARY, (int(values["batch"]), length + 1), generator=draw)  # (B, T + 1)
    steps: dict[str, Any] = {}
    for name, way in (("off", "plain"), ("on", str(values["way"]))):
        yield Progress(len(steps), 2, "measuring")
        steps[name] = measure(model, tokens, way)
        yield Shown(_timeline(steps))
    yield Progress(2, 2, "measuring")
    yield from _compared(steps, layers)


def _timeline(steps: Mapping[str, Any]) -> Any:
    """Megabytes over the step, from its begin to its end."""
    curves = {}
    for name, step in steps.items():
        points = len(step.curve)
        curves[name] = ([(at + 1) / points for at in range(points)], [size / MEGA for size in step.curve])
    return line("timeline", curves, Axes("step_share", "megabytes"))


def _compared(steps: Mapping[str, Any], layers: int) -> Iterator[Event]:
    off, on = steps["off"], steps["on"]
    kinds = {"kept": "kept", "peak": "peak"}
    groups = {name: [getattr(step, kind) / MEGA for kind in kinds] for name, step in steps.items()}
    yield Shown(bars("peaks", list(kinds), groups, Axes("", "megabytes")))
    rows = tuple(
        (name, round(s.kept / MEGA, 2), round(s.peak / MEGA, 2), round(s.flops / GIGA, 3), round(s.seconds, 4))
        for name, s in steps.items()
    )
    yield Shown(Table("steps", ("checkpointing", "kept", "peak", "gflops", "seconds"), rows))
    low, high = (0.0, 0.6) if layers >= 4 else (None, None)
    yield Score("kept_share", on.kept / off.kept, low, high, unit="share")
    yield Score("peak_share", on.peak / off.peak, unit="share")
    yield Score("work", on.flops / off.flops, 1.0, 1.4)
    yield Score("seconds_off", off.seconds, unit="seconds")
    yield Score("seconds_on", on.seconds, unit="seconds")
    apart = float((on.gradient - off.gradient).abs().max())
    values = {
        "kept": f"{100 * on.kept / off.kept:.0f}",
        "work": f"{100 * (on.flops / off.flops - 1):.0f}",
        "apart": f"{apart:.1e}",
    }
    yield Shown(Said("compared", "compared", values))
    yield Shown(Code("checkpointing", CODE))


LAB = Memory()
