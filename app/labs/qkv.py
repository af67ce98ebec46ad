"""Queries, keys and values with numbers small enough to follow by hand, why scores are divided, and how a token knows its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from app.labs.base import Choice, Code, Desk, Event, Range, Said, Score, Shown, Table, Try, Value, Words
from app.labs.figures import Axes, Cells, heatmap, line
from app.lessons.base import need_torch
from models.errors import InputError

MOST_WORDS, MOST_COLUMNS, LARGEST = 8, 8, 20.0
PLACES, TURNED, APART = 48, 32, 40  # of the pictures of positions: rows, columns, distances
KEYS, DRAWS = 16, 200  # of the experiment on scaling: keys a query chooses from, queries drawn
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
EXACT = 1e-5
CODE = """\
q, k, v = x @ W_q, x @ W_k, x @ W_v                  # (T, D) each
scores = q @ k.T / sqrt(D)                           # (T, T)
shares = softmax(scores + mask)                      # a row adds up to 1
out = shares @ v                                     # (T, D)
torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)   # the same
"""


@dataclass(frozen=True, slots=True)
class Example:
    """words: T. x: (T, C). wq, wk: (C, D), wv: (C, any). heads divides D. positions: what tells the place."""

    words: Sequence[str]
    x: Any
    wq: Any
    wk: Any
    wv: Any
    heads: int
    positions: str
    causal: bool
    scaled: bool

    def projected(self, x: Any, places: Any) -> tuple[Any, Any, Any]:
        """Queries, keys and values of x (T, C), whose tokens stand at `places` (T,): (1, H, T, D / H) each."""
        from models.nn.attention import rotate, sinusoidal, to_heads

        if self.positions == "sinusoidal":
            x = x + sinusoidal(len(self.words), x.shape[1])[places]
        q, k, v = (to_heads((x @ weight)[None], self.heads) for weight in (self.wq, self.wk, self.wv))
        if self.positions == "rotary":
            q, k = rotate(q, places), rotate(k, places)
        return q, k, v

    def mask(self) -> Any:
        """(T, T), or None where all may look at all."""
        from models.nn.attention import causal_mask

        return causal_mask(len(self.words)).to(self.x.dtype) if self.causal else None

    def mixed(self, order: Any) -> Any:
        """What the words take when they stand in this order (T,), in their own order again: (T, C)."""
        import torch

        from models.nn.attention import attend, from_heads

        places = torch.arange(len(self.words))
        out, _ = attend(*self.projected(self.x[order], places), self.mask(), self.scaled)
        return from_heads(out)[0][order.argsort()]  # (1, H, T, D) -> (T, C)


class Qkv:
    """See the module."""

    name, order = "qkv", 89
    notes = ("11-attention-transformer.md",)
    network = ("models.nn.attention",)
    controls = (
        Words("words", "나는 빨간 사과를 먹는다", longest=200),
        Words("x", "1 0 0 0 / 0 0 0 1 / 0 1 0 0 / 0 0 1 0", longest=2000, lines=2),
        Words("wq", "0 0 4 0 / 0 0 2 4 / 2 4 0 0 / 0 4 0 0", longest=2000, lines=2),
        Words("wk", "1 0 0 0 / 0 1 0 0 / 0 0 1 0 / 0 0 0 1", longest=2000, lines=2),
        Words("wv", "1 0 0 0 / 0 1 0 0 / 0 0 1 0 / 0 0 0 1", longest=2000, lines=2),
        Range("query", 1, MOST_WORDS, 3),
        Choice("scaled", ("yes", "no"), "yes"),
        Choice("mask", ("none", "causal"), "none"),
        Choice("heads", ("1", "2"), "1"),
        Choice("positions", ("none", "sinusoidal", "rotary"), "none"),
        Range("width", 1, 1024, 64, log=True),
    )
    tries = (
        Try(1, {"positions": "none", "mask": "none"}),
        Try(3, {"mask": "causal", "query": 1}),
        Try(2, {"width": 1024}),
    )
    small: ClassVar[Mapping[str, Value]] = {"width": 4}

    def seconds(self, **values: Value) -> float:
        """Little more than loading torch."""
        return 4.0

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The example step by step, the experiment on scaling, and positions. Raises InputError for matrices that do not fit."""
        need_torch()
        example = _read(values)
        yield from _steps(example, int(values["query"]))
        yield from _order(example)
        yield from _scaling(int(values["width"]), desk.seed)
        yield from _positions()
        yield Shown(Code("attention", CODE))


def _read(values: Mapping[str, Value]) -> Example:
    words = str(values["words"]).split()
    if len(words) > MOST_WORDS:
        detail = f"words has {len(words)} words; write at most {MOST_WORDS}"
        raise InputError(detail=detail, text_key="too_many_words", name="words", count=len(words), most=MOST_WORDS)
    x, wq, wk, wv = (_matrix(name, str(values[name])) for name in ("x", "wq", "wk", "wv"))
    _must("x", "rows", len(x), len(words))
    for name, weight in (("wq", wq), ("wk", wk), ("wv", wv)):
        _must(name, "rows", len(weight), x.shape[1])
    _must("wk", "columns", wk.shape[1], wq.shape[1])
    heads, positions = int(values["heads"]), str(values["positions"])
    for name, columns in (("wq", wq.shape[1]), ("wv", wv.shape[1])):
        if columns % heads:
            raise _uneven(name, columns, heads)
    if positions == "sinusoidal" and x.shape[1] % 2:
        raise _uneven("x", x.shape[1], 2)
    if positions == "rotary" and wq.shape[1] // heads % 2:
        raise _uneven("wq", wq.shape[1], 2 * heads)
    return Example(words, x, wq, wk, wv, heads, positions, values["mask"] == "causal", values["scaled"] == "yes")


def _matrix(name: str, said: str) -> Any:
    """Numbers by spaces or commas, rows by lines or slashes: (rows, columns)."""
    import torch

    rows = [re.split(r"[\s,]+", row.strip(" ,\t\r")) for row in re.split(r"[/\n;]", said) if row.strip(" ,\t\r")]
    try:
        numbers = [[float(cell) for cell in row] for row in rows]
    except ValueError:
        numbers = []
    flat = [number for row in numbers for number in row]
    sound = all(abs(number) <= LARGEST for number in flat)  # False for nan, too
    if not flat or len({len(row) for row in numbers}) != 1 or not sound or len(numbers[0]) > MOST_COLUMNS:
        ends = f"{-LARGEST:g} to {LARGEST:g}"
        detail = f"{name} is no matrix; write rows of at most {MOST_COLUMNS} numbers from {ends}, parted by /"
        raise InputError(detail=detail, text_key="no_matrix", name=name, most=MOST_COLUMNS, largest=f"{LARGEST:g}")
    return torch.tensor(numbers, dtype=torch.float64)


def _must(name: str, side: str, found: int, wanted: int) -> None:
    if found != wanted:
        detail = f"{name} has {found} {side}; it needs {wanted}"
        raise InputError(detail=detail, text_key=f"wrong_{side}", name=name, found=found, wanted=wanted)


def _uneven(name: str, columns: int, divisor: int) -> InputError:
    detail = (
        f"{name} has {columns} columns; with these heads and positions their number must be a multiple of {divisor}"
    )
    return InputError(detail=detail, text_key="uneven", name=name, found=columns, divisor=divisor)


def _steps(example: Example, query: int) -> Iterator[Event]:
    """Q, K and V, scores, shares, what is taken; and one row of it by hand."""
    import torch

    from models.nn.attention import attend, attend_torch, from_heads, scores_of

    places = torch.arange(len(example.words))
    q, k, v = example.projected(example.x, places)  # (1, H, T, D) each
    mask = example.mask()
    scores = scores_of(q, k, example.scaled)  # (1, H, T, T)
    out, shares = attend(q, k, v, mask, example.scaled)
    parts = {"q": q, "k": k, "v": v}
    yield Shown(_vectors(example, {name: from_heads(part)[0] for name, part in parts.items()}))
    names = [f"{at + 1} {word}" for at, word in enumerate(example.words)]
    axes = Axes("key", "query")
    for head in range(example.heads):
        told = scores[0, head] if mask is None else scores[0, head] + mask
        yield Shown(heatmap(f"scores_{head + 1}", told, Cells(names, names, shown=True, bar="score"), axes))
        yield Shown(heatmap(f"shares_{head + 1}", shares[0, head], Cells(names, names, shown=True, bar="share"), axes))
    yield Shown(_taken(example, from_heads(out)[0]))
    at = min(query, len(example.words)) - 1
    yield Shown(_by_hand(example, at, (q[0, 0], k[0, 0], v[0, 0])))
    best = int(shares[0, 0, at].argmax())
    share = f"{100 * float(shares[0, 0, at, best]):.0f}"
    yield Shown(Said("looks", "looks", {"word": example.words[at], "at": example.words[best], "share": share}))
    if example.scaled:
        apart = float((out - attend_torch(q, k, v, mask)).abs().max())
        yield Score("apart", apart, 0.0, EXACT)


def _vectors(example: Example, parts: Mapping[str, Any]) -> Table:
    rows = [(word, *(_listed(part[at]) for part in parts.values())) for at, word in enumerate(example.words)]
    return Table("vectors", ("word", *parts), tuple(rows))


def _taken(example: Example, out: Any) -> Table:
    rows = tuple((word, _listed(example.x[at]), _listed(out[at])) for at, word in enumerate(example.words))
    return Table("taken", ("word", "x", "out"), rows)


def _listed(vector: Any) -> str:
    return ", ".join(f"{number:.2f}".rstrip("0").rstrip(".") or "0" for number in vector.tolist())


def _by_hand(example: Example, at: int, parts: tuple[Any, Any, Any]) -> Table:
    """One query of the first head: its product with each key, divided, raised, shared out, and the value it takes in that share."""
    q, k, v = parts  # (T, D) each
    root = math.sqrt(q.shape[1]) if example.scaled else 1.0
    open_ = [not example.causal or other <= at for other in range(len(example.words))]
    products = [float(q[at] @ k[other]) for other in range(len(example.words))]
    most = max(product for product, seen in zip(products, open_, strict=True) if seen)
    raised = [math.exp((p - most) / root) if seen else 0.0 for p, seen in zip(products, open_, strict=True)]
    rows = []
    for other, word in enumerate(example.words):
        share = raised[other] / sum(raised)
        written = " + ".join(f"{a:g}·{b:g}" for a, b in zip(_short(q[at]), _short(k[other]), strict=True))
        score = round(products[other] / root, 3) if open_[other] else "-∞"
        took = f"{share:.3f} × ({_listed(v[other])})"
        rows.append((word, f"{written} = {products[other]:.3g}", score, round(raised[other], 4), round(share, 4), took))
    return Table("by_hand", ("key_word", "product", "divided", "raised", "share", "value"), tuple(rows))


def _short(vector: Any) -> list[float]:
    return [round(number, 2) for number in vector.tolist()]


def _order(example: Example) -> Iterator[Event]:
    """How far the words' results change when the sentence is turned round."""
    import torch

    places = torch.arange(len(example.words))
    gap = float((example.mixed(places) - example.mixed(places.flip(0))).abs().max())
    yield Score("order_gap", gap)
    tone: Literal["plain", "bad"] = "plain" if gap > EXACT else "bad"
    yield Shown(Said("order", "order_matters" if gap > EXACT else "order_lost", {"gap": f"{gap:.3f}"}, tone))


def _scaling(width: int, seed: int) -> Iterator[Event]:
    """How much of the attention the best of KEYS random keys gets, by the width of the heads, with and without the root."""
    widths = sorted({*WIDTHS, width})
    found = [_largest(each, seed) for each in widths]
    curves = {
        "divided": (widths, [divided for divided, _ in found]),
        "undivided": (widths, [plain for _, plain in found]),
    }
    yield Shown(line("scaling", curves, Axes("head_width", "largest_share", log_x=True, span_y=(0, 1)), marks=True))
    divided, plain = found[widths.index(width)]
    values: dict[str, str | float | int] = {
        "width": width,
        "root": f"{math.sqrt(width):.3g}",
        "plain": f"{100 * plain:.0f}",
    }
    yield Shown(Said("scaling", "scaling", {**values, "divided": f"{100 * divided:.0f}", "keys": KEYS}))
    yield Score("largest_divided", divided, unit="share")
    yield Score("largest_undivided", plain, unit="share")


def _largest(width: int, seed: int) -> tuple[float, float]:
    """The mean largest share, scores divided and not."""
    import torch

    from models.nn.attention import scores_of, softmax

    draw = torch.Generator().manual_seed(seed)
    q = torch.randn(DRAWS, width, generator=draw)
    k = torch.randn(KEYS, width, generator=draw)
    divided, plain = (float(softmax(scores_of(q, k, scaled)).amax(-1).mean()) for scaled in (True, False))
    return divided, plain


def _positions() -> Iterator[Event]:
    """The sinusoidal vectors, and how positions near and far look to a product: added, and turned."""
    import torch

    from models.nn.attention import rotate, sinusoidal

    table = sinusoidal(PLACES + APART, TURNED)  # (T, C)
    yield Shown(heatmap("sinusoidal", table[:PLACES], Cells(bar="value", apart=True), Axes("dimension", "place")))
    apart = torch.arange(APART)
    one = torch.ones(1, TURNED) / math.sqrt(TURNED)
    curves: dict[str, Any] = {}
    for begin in (0, PLACES):
        turned = rotate(one.expand(APART, TURNED), begin + apart) @ rotate(one, torch.tensor([begin])).T  # (T, 1)
        curves[f"rotary_{begin}"] = (apart, turned[:, 0])
        products = table[begin : begin + APART] @ table[begin] / (TURNED / 2)  # (T,)
        curves[f"sinusoidal_{begin}"] = (apart, products)
    yield Shown(line("near", curves, Axes("distance", "product")))
    yield Shown(Said("near", "near", {"place": PLACES}))


LAB = Qkv()
