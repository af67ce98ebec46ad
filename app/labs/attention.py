"""Inside the local Qwen while it reads the learner's sentence: tokens, attention, the stream by layer, and what a KV cache saves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from app.labs.base import Words as Text
from app.labs.figures import GAP, Axes, Cells, bars, heatmap, images, line
from app.labs.parts.attention_measures import KINDS, Layer, Timed, kinds, read_out, settled, small_maps, timed
from app.labs.parts.qwen_weights import Local, load_local
from app.lessons.base import need_torch

LAYERS, HEADS = 24, 14
MOST_TOKENS, NEXT, PLACES = 64, 12, 10  # tokens read, next tokens shown, places at which layers are read out
BAR = " | "
MEGA = 1e6
CODE = """\
x = embedding[tokens]                                        # (T, C)
for layer in layers:
    q, k, v = layer.project(norm(x))                         # heads of queries share keys and values
    q, k = rotate(q, places), rotate(k, places)
    k, v = cache.extend(k, v)                                # with a cache: only the new token is read
    x = x + softmax(q @ k.T / sqrt(D) + mask) @ v @ W_o
    x = x + W_down @ (silu(W_gate @ norm(x)) * (W_up @ norm(x)))
    says = softmax(norm_last(x) @ embedding.T)               # the logit lens: what this layer would answer
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """qwen and the sentence it read. ids: (T,). names: of the tokens, numbered. shares: (L, H, T, T)."""

    qwen: Local
    ids: Any
    names: Sequence[str]
    seen: Any
    shares: Any


class Attention:
    """See the module."""

    name, order = "attention", 90
    notes = ("11-attention-transformer.md", "12-bert-gpt-vit.md", "20-quantization-serving-mlops.md")
    network = ("models.nn.qwen2", "models.nn.attention")
    controls = (
        Text("sentence", "대한민국의 수도는 서울이고, 일본의 수도는", longest=2000, lines=2),
        Range("layer", 1, LAYERS, 12),
        Range("head", 1, HEADS, 1),
        Choice("kind", KINDS, "to_first"),
        Range("tokens", 2, 64, 16),
    )
    tries = (
        Try(2, {"kind": "to_first"}),
        Try(3, {}),
        Try(1, {"tokens": 32}),
    )

    def seconds(self, **values: Value) -> float:
        """Loading, and for each token a reading of all tokens without the cache. Unpacking, once, takes a minute more."""
        return 60 + 1.5 * float(values["tokens"])

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """What is there first is shown first. Raises MissingError where the weights are not here."""
        need_torch()
        import torch

        qwen = yield from load_local(desk, torch.float32)
        yield from inside(qwen, values)


def inside(qwen: Local, values: Mapping[str, Value]) -> Iterator[Event]:
    """Everything about a sentence, once the model is loaded."""
    sentence = str(values["sentence"])
    yield Used("sentence", "own", len(sentence))
    ids = qwen.tokenizer.encode(sentence).ids
    yield from _tokens(qwen, ids, sentence)
    reading = _read(qwen, ids[-MOST_TOKENS:])
    yield from _next(reading)
    yield from _attention(reading, int(values["layer"]), int(values["head"]))
    yield from _overview(reading, str(values["kind"]))
    yield from _lens(reading)
    yield from _cached(reading, int(values["tokens"]))
    yield Shown(Code("inside", CODE))


def _tokens(qwen: Local, ids: Sequence[int], sentence: str) -> Iterator[Event]:
    """The pieces; which are whole, and which only bytes of a character; and that a long text is cut."""
    pieces = [qwen.piece(number) for number in ids]
    rows = tuple(
        (at, piece, len(qwen.tokenizer.id_to_token(number)), number)
        for at, (piece, number) in enumerate(zip(pieces, ids, strict=True), start=1)
    )
    cut = rows[-MOST_TOKENS:]
    read = BAR.join(pieces[-MOST_TOKENS:])
    yield Shown(Said("pieces", "pieces", {"count": len(ids), "characters": len(sentence), "pieces": read}))
    yield Shown(Table("tokens", ("place", "piece", "bytes", "number"), cut))
    torn = sum(not _whole(qwen, number) for number in ids)
    if torn:
        yield Shown(Said("torn", "torn", {"count": torn}))
    if len(ids) > MOST_TOKENS:
        yield Shown(Said("long", "long", {"count": len(ids), "most": MOST_TOKENS}, "bad"))


def _whole(qwen: Local, number: int) -> bool:
    """Whether a token is text of its own, not a part of a character's bytes."""
    return "\N{REPLACEMENT CHARACTER}" not in qwen.text([number])


def _read(qwen: Local, ids: Sequence[int]) -> Reading:
    import torch

    from models.nn.qwen2 import Seen

    seen, tokens = Seen(), torch.tensor(ids)
    qwen.model.read(tokens[None], seen=seen)
    names = [f"{at} {_safe(qwen.piece(number))}" for at, number in enumerate(ids, start=1)]
    return Reading(qwen, tokens, names, seen, torch.cat(seen.shares))  # L of (1, H, T, T) -> (L, H, T, T)


def _safe(piece: str) -> str:
    """As a figure's text, which knows a little HTML."""
    return piece.replace("&", "&amp;").replace("<", "&lt;")


def _next(reading: Reading) -> Iterator[Event]:
    """What comes next, and how much each token of the sentence was expected."""
    model = reading.qwen.model
    shares = model.logits(reading.seen.residual[-1][0]).softmax(-1)  # (T, C) -> (T, V)
    last = shares[-1]
    best, numbers = last.topk(NEXT)
    names = [f"{at} {_safe(reading.qwen.piece(number))}" for at, number in enumerate(numbers.tolist(), start=1)]
    yield Shown(bars("next", names, {"probability": best}, Axes("probability", ""), lying=True))
    yield Score("surest", float(best[0]), unit="share")
    yield Score("entropy", float(-(last * last.clamp(min=1e-12).log2()).sum()))
    if len(reading.ids) > 1:
        expected = shares[:-1].gather(-1, reading.ids[1:, None])[:, 0]  # (T - 1, V), (T - 1, 1) -> (T - 1,)
        yield Shown(
            bars("expected", reading.names[1:], {"probability": expected}, Axes("", "probability", span_y=(0, 1)))
        )
        bits = float(-expected.clamp(min=1e-12).log2().mean())
        yield Score("perplexity", math.exp2(bits))


def _attention(reading: Reading, layer: int, head: int) -> Iterator[Event]:
    """One head's map, and what the last token takes."""
    map_ = reading.shares[layer - 1, head - 1]  # (T, T)
    cells = Cells(reading.names, reading.names, bar="share")
    yield Shown(heatmap("attention", map_, cells, Axes("looked_at", "reading")))
    yield Shown(bars("last", reading.names, {"share": map_[-1]}, Axes("share", "", span_y=None), lying=True))
    best = int(map_[-1].argmax())
    said: dict[str, str | float | int] = {
        "layer": layer,
        "head": head,
        "at": reading.names[best],
        "share": f"{100 * float(map_[-1, best]):.0f}",
    }
    yield Shown(Said("head", "head_looks", said))


def _overview(reading: Reading, kind: str) -> Iterator[Event]:
    """All heads as small maps, and one figure of each."""
    yield Shown(_grid(reading.shares))
    if len(reading.ids) < 2:
        yield Shown(Said("single", "single"))
        return
    found = kinds(reading.shares)
    layers, heads = reading.shares.shape[:2]
    cells = Cells(range(1, layers + 1), range(1, heads + 1), bar="share")
    yield Shown(heatmap(f"kind_{kind}", found[kind], cells, Axes("head", "layer")))
    rows = []
    for name in KINDS:
        at = int(found[name].argmax())
        rows.append(
            (
                name,
                at // heads + 1,
                at % heads + 1,
                round(float(found[name].max()), 3),
                round(float(found[name].mean()), 3),
            )
        )
    yield Shown(Table("kinds", ("kind", "layer", "head", "most", "mean"), tuple(rows)))
    yield Score("first", float(found["to_first"].mean()), 0.2, 1.0, unit="share")


def _grid(shares: Any) -> Figure:
    """A row for each layer, a column for each head, numbered."""
    layers, heads = shares.shape[:2]
    tiles = small_maps(shares)  # (L · H, S, S)
    made = images("overview", tiles, columns=heads)
    side = tiles.shape[-1]
    pitch = side + max(1, round(GAP * side))

    def ticks(count: int) -> dict[str, Any]:
        places = [at * pitch + (side - 1) / 2 for at in range(count)]
        names = [str(at) for at in range(1, count + 1)]
        return {"visible": True, "tickmode": "array", "tickvals": places, "ticktext": names, "showgrid": False}

    x = {**made.layout["xaxis"], **ticks(heads), "title": {"text": "head"}}
    y = {**made.layout["yaxis"], **ticks(layers), "title": {"text": "layer"}}
    return Figure("overview", made.data, {**made.layout, "xaxis": x, "yaxis": y}, height=made.height)


def _lens(reading: Reading) -> Iterator[Event]:
    """What each layer says already, told while it is read out."""
    places = min(PLACES, len(reading.ids))
    total, layers = len(reading.seen.residual), []
    for layer in read_out(reading.qwen.model, reading.seen, places):
        layers.append(layer)
        yield Progress(len(layers), total, "reading_out")
    yield Shown(_lens_map(reading, layers, places))
    final = {"probability": (range(total), [layer.final for layer in layers])}
    yield Shown(line("final", final, Axes("layer", "probability", span_y=(0, 1)), marks=True))
    rows: tuple[tuple[str | float | int, ...], ...] = tuple(
        (at, *_three(reading.qwen, layer), layer.rank) for at, layer in enumerate(layers)
    )
    yield Shown(Table("lens", ("layer", "first_place", "second_place", "third_place", "final_rank"), rows))
    from_ = settled(layers)
    said: dict[str, str | float | int] = {
        "piece": reading.qwen.piece(layers[-1].top[0][0]),
        "layer": from_,
        "layers": total - 1,
    }
    yield Shown(Said("settled", "settled", said))
    yield Score("settled", from_)


def _three(qwen: Local, layer: Layer) -> list[str]:
    return [f"{qwen.piece(number)} {share:.3f}" for number, share in layer.top]


def _lens_map(reading: Reading, layers: Sequence[Layer], places: int) -> Figure:
    """By layer and place: the likeliest token, coloured by its probability."""
    shares = [layer.share.tolist() for layer in layers]
    texts = [[_safe(reading.qwen.piece(number)) for number in layer.best.tolist()] for layer in layers]
    cells = Cells(range(len(layers)), reading.names[-places:], bar="probability")
    made = heatmap("lens", shares, cells, Axes("place", "layer"))
    layout = {**made.layout, "yaxis": {**made.layout["yaxis"], "autorange": True}}  # the embedding at the bottom
    layout["yaxis"].pop("scaleanchor", None)
    trace = {**made.data[0], "text": texts, "texttemplate": "%{text}", "zmin": 0, "zmax": 1}
    return Figure("lens", [trace], layout, height=640)


def _cached(reading: Reading, count: int) -> Iterator[Event]:
    """The sentence continued without and with a cache: the same tokens, in less time."""
    found: dict[str, Timed] = {}
    done = 0
    for name in ("cache_off", "cache_on"):
        for made in timed(reading.qwen.model, reading.ids, count, name == "cache_on"):
            found[name] = made
            done += 1
            yield Progress(done, 2 * count, "generating")
        yield Shown(
            line("cache", {key: one.seconds for key, one in found.items()}, Axes("token", "seconds"), marks=True)
        )
    off, on = found["cache_off"], found["cache_on"]
    rows = tuple((key, reading.qwen.text(one.tokens), round(one.rate, 2)) for key, one in found.items())
    yield Shown(Table("written", ("cache", "text", "rate"), rows))
    same = sum(a == b for a, b in zip(off.tokens, on.tokens, strict=True))
    yield Score("rate_off", off.rate)
    yield Score("rate_on", on.rate)
    yield Score("speedup", on.rate / off.rate, 1.0, None)
    yield Score("same", same / count, 0.99, 1.0, unit="share")
    shape = reading.qwen.model.shape
    length = len(reading.ids) + count - 1  # the last token was made, not read
    values: Mapping[str, str | float | int] = {
        "layers": shape.layers,
        "kv": shape.kv_heads,
        "head": shape.head,
        "tokens": length,
        "mb": f"{on.nbytes / MEGA:.2f}",
        "each": f"{on.nbytes / length:,.0f}",
    }
    yield Shown(Said("cache_size", "cache_size", values))


LAB = Attention()
