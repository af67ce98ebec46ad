"""Attention, written out, and as torch has it: scaled dot products, several heads, and where a token stands.

    mixed, shares = attend(q, k, v, causal_mask(T))       # every formula written out
    mixed = attend_torch(q, k, v, causal_mask(T))         # torch.nn.functional.scaled_dot_product_attention
    model = MultiHead(width=16, heads=4)                  # and its twin TorchMultiHead, with the same parameters

Vaswani et al. 2017, "Attention Is All You Need", sections 3.2 and 3.5. Rotary positions: Su et al. 2021, "RoFormer", with the halves of a
head paired as in GPT-NeoX and Qwen. Heads that share keys and values: Ainslie et al. 2023.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

ROTARY_BASE = 10_000.0


def causal_mask(queries: int, keys: int | None = None) -> Tensor:
    """0 where a token may look, at itself and before; -∞ at what comes after: (Tq, Tk). The queries are the last of the keys."""
    keys = queries if keys is None else keys
    return torch.full((queries, keys), float("-inf")).triu(1 + keys - queries)


def scores_of(q: Tensor, k: Tensor, scaled: bool = True) -> Tensor:
    """q kᵀ / √D: (…, Tq, D), (…, Tk, D) -> (…, Tq, Tk). Without the root the variance of a score grows with D."""
    scores = q @ k.transpose(-2, -1)  # (…, Tq, Tk)
    return scores / math.sqrt(q.shape[-1]) if scaled else scores


def softmax(scores: Tensor) -> Tensor:
    """exp(s) / Σ exp(s) over the last axis. The largest is taken away first, so that nothing overflows."""
    raised = torch.exp(scores - scores.max(dim=-1, keepdim=True).values)
    return raised / raised.sum(dim=-1, keepdim=True)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, scaled: bool = True) -> tuple[Tensor, Tensor]:
    """What each query takes from the values, and the shares it takes: (…, Tq, D), (…, Tq, Tk). mask is added to the scores."""
    scores = scores_of(q, k, scaled)  # (…, Tq, Tk)
    shares = softmax(scores if mask is None else scores + mask)
    return shares @ v, shares


def attend_torch(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """The same in one fused call, which keeps no shares: (…, Tq, D)."""
    mixed: Tensor = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return mixed


def to_heads(x: Tensor, heads: int) -> Tensor:
    """(B, T, C) -> (B, H, T, C / H)."""
    batch, length, width = x.shape
    return x.view(batch, length, heads, width // heads).transpose(1, 2)  # (B, T, C) -> (B, T, H, D) -> (B, H, T, D)


def from_heads(x: Tensor) -> Tensor:
    """Inverse of `to_heads`."""
    batch, heads, length, width = x.shape
    return x.transpose(1, 2).reshape(batch, length, heads * width)  # (B, H, T, D) -> (B, T, H, D) -> (B, T, C)


def shared_by(x: Tensor, times: int) -> Tensor:
    """Each head of keys or values for `times` heads of queries: (B, H, T, D) -> (B, H * times, T, D)."""
    return x.repeat_interleave(times, dim=1)


def sinusoidal(length: int, width: int) -> Tensor:
    """A vector for each place: sin and cos of pos / 10000^(2i / C), in turn: (T, C). C is even."""
    places = torch.arange(length, dtype=torch.float32)[:, None]  # (T, 1)
    speeds = ROTARY_BASE ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)  # (C / 2,)
    angles = places * speeds  # (T, C / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(length, width)  # (T, C / 2, 2) -> (T, C)


def rotate(x: Tensor, places: Tensor, base: float = ROTARY_BASE) -> Tensor:
    """Turns each pair (x_i, x_{i + D/2}) by place · base^(-2i / D): (…, T, D), (T,) -> (…, T, D).

    The product of a turned query and a turned key then depends on how far apart they stand, not on where.
    """
    half = x.shape[-1] // 2
    speeds = base ** (-torch.arange(half, dtype=torch.float32) / half)  # (D / 2,)
    angles = places.to(torch.float32)[:, None] * speeds  # (T, D / 2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]  # (…, T, D / 2) each
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class MultiHead:
    """From scratch: queries, keys and values of every head, attention in each, and one mixing of what they found.

    The parameters are named as in nn.MultiheadAttention.
    """

    def __init__(self, width: int, heads: int, seed: int = 0) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.heads, spread = heads, 1 / math.sqrt(width)
        self._named = {
            name: (torch.randn(size, generator=draw) * spread if len(size) == 2 else torch.zeros(size)).requires_grad_()
            for name, size in sizes(width).items()
        }

    def parameters(self) -> list[Tensor]:
        """In the order of their names in `sizes`."""
        return list(self._named.values())

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes over all parameters. Raises KeyError where one is missing."""
        with torch.no_grad():
            for name, parameter in self._named.items():
                parameter.copy_(values[name])

    def __call__(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, T, C) -> (B, T, C), and the shares (B, H, T, T)."""
        p = self._named
        joined = x @ p["in_proj_weight"].T + p["in_proj_bias"]  # (B, T, 3C)
        q, k, v = (to_heads(part, self.heads) for part in joined.chunk(3, dim=-1))  # (B, H, T, D) each
        mixed, shares = attend(q, k, v, mask)
        return from_heads(mixed) @ p["out_proj.weight"].T + p["out_proj.bias"], shares


class TorchMultiHead(nn.Module):
    """The same out of torch.nn."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, T, C) -> (B, T, C), and the shares (B, H, T, T)."""
        found: tuple[Tensor, Tensor] = self.inner(x, x, x, attn_mask=mask, average_attn_weights=False)
        return found


def sizes(width: int) -> dict[str, tuple[int, ...]]:
    """Every parameter's name and size."""
    return {
        "in_proj_weight": (3 * width, width),
        "in_proj_bias": (3 * width,),
        "out_proj.weight": (width, width),
        "out_proj.bias": (width,),
    }
