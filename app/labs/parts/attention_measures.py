"""What heads of a language model look at, what its layers say already, and what a cache of keys and values saves.

kinds(shares)                 of each head: how much of it goes to the first token, the one before, the token itself, and how wide
read_out(model, seen, 10)     the likeliest token by layer and place: the logit lens (nostalgebraist 2020)
timed(model, tokens, 16, cached=True)
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = ("to_first", "to_previous", "to_self", "evenly")
SIDE = 24  # of a small map, in cells


def kinds(shares: Any) -> dict[str, Any]:
    """shares: (L, H, T, T), T > 1. Each is (L, H), a mean over all places but the first, which has no choice.

    evenly: entropy, of what it would be if all were looked at alike.
    """
    import torch

    later = shares[:, :, 1:]  # (L, H, T - 1, T)
    ways = torch.arange(2, shares.shape[-1] + 1)  # how many tokens each may look at
    bits = -(later * later.clamp(min=1e-12).log2()).sum(-1)  # (L, H, T - 1)
    return {
        "to_first": later[..., 0].mean(-1),
        "to_previous": shares.diagonal(offset=-1, dim1=-2, dim2=-1).mean(-1),
        "to_self": shares.diagonal(dim1=-2, dim2=-1)[..., 1:].mean(-1),
        "evenly": (bits / ways.log2()).mean(-1),
    }


def small_maps(shares: Any) -> Any:
    """Every head's map, at most SIDE x SIDE, dark where much is looked at: (L, H, T, T) -> (L · H, S, S)."""
    from torch.nn import functional

    maps = shares.flatten(0, 1)  # (L, H, T, T) -> (L · H, T, T)
    if maps.shape[-1] > SIDE:
        maps = functional.adaptive_max_pool2d(maps, SIDE)
    return 1 - maps.clamp(0, 1).sqrt()  # so that small shares can be seen


@dataclass(frozen=True, slots=True)
class Layer:
    """What the stream says behind a layer. best, share: by place, the likeliest token and its probability, (K,) each.

    top: the three likeliest at the last place, with their probabilities. final: probability and rank of what the last layer says.
    """

    best: Any
    share: Any
    top: Sequence[tuple[int, float]]
    final: float
    rank: int


def read_out(model: Any, seen: Any, places: int) -> Iterator[Layer]:
    """From the embedding to the last layer, at the last `places` places of the first row."""
    answer = int(model.logits(seen.residual[-1][0, -1]).argmax())
    for stream in seen.residual:
        shares = model.logits(stream[0, -places:]).softmax(-1)  # (K, C) -> (K, V)
        share, best = shares.max(-1)  # (K,) each
        found, numbers = shares[-1].topk(3)
        top = list(zip(numbers.tolist(), found.tolist(), strict=True))
        final = shares[-1, answer]
        yield Layer(best, share, top, float(final), int((shares[-1] > final).sum()) + 1)


def settled(layers: Sequence[Layer]) -> int:
    """The first layer from which on the likeliest token at the last place stays what it is; 0 is the embedding."""
    answer = layers[-1].top[0][0]
    other = [at for at, layer in enumerate(layers) if layer.top[0][0] != answer]
    return other[-1] + 1 if other else 0


@dataclass(frozen=True, slots=True)
class Timed:
    """tokens: those that were made. seconds: of each. nbytes: what the cache held at the end."""

    tokens: list[int]
    seconds: list[float]
    nbytes: int

    @property
    def rate(self) -> float:
        """Tokens a second, the first left out: it reads the sentence. 0 where there is no second one."""
        rest = self.seconds[1:]
        return len(rest) / sum(rest) if rest else 0.0


def timed(model: Any, tokens: Any, count: int, cached: bool) -> Iterator[Timed]:
    """So many likeliest tokens behind tokens (T,), told after each."""
    import torch

    from models.nn.qwen2 import Cache, generate

    cache, begun_with, seconds = Cache() if cached else None, len(tokens), []
    for _ in range(count):
        begun = time.monotonic()
        one = generate(model, tokens, cache)
        seconds.append(time.monotonic() - begun)
        tokens = torch.cat([tokens, one[None]])  # (T,), (1,) -> (T + 1,)
        yield Timed(tokens[begun_with:].tolist(), list(seconds), cache.nbytes if cache is not None else 0)
