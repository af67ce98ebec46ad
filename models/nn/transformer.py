"""The layer that the small GPT and the small vision transformer share: from tensors and autograd alone, and of torch.nn.

    x, shares = layer(named, "blocks.0.", x, heads, mask)      (B, T, C) -> (B, T, C) and attention (B, H, T, T)
    twin = torch_layer(width, heads, forward)                   nn.TransformerEncoderLayer, the same parameters

Attention is that of Vaswani et al. 2017, softmax(Q Kᵀ / √D + mask) V, a head for each part of the width; layer norms stand before each part
(Xiong et al. 2020). Parameters have the names they have in torch.nn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

EPSILON = 1e-5


class Named:
    """Parameters by their names, and nothing of torch.nn."""

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        self._named = dict(parameters)

    def parameters(self) -> list[Tensor]:
        """In the order of their names."""
        return list(self._named.values())

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """In the order of their names."""
        yield from self._named.items()

    def state_dict(self) -> dict[str, Tensor]:
        """Name -> tensor, as the twin's."""
        return {name: value.detach() for name, value in self._named.items()}

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes over all parameters. Raises KeyError where one is missing."""
        with torch.no_grad():
            for name, parameter in self._named.items():
                parameter.copy_(values[name])


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the width, then scaled and shifted: (…, C) -> (…, C). Ba et al. 2016."""
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + EPSILON) * weight + bias


def gelu(x: Tensor) -> Tensor:
    """x Φ(x), with Φ the normal distribution (Hendrycks and Gimpel 2016)."""
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def layer(
    named: Mapping[str, Tensor], at: str, x: Tensor, heads: int, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """One layer: (B, T, C) -> (B, T, C) and (B, H, T, T). at: what its parameters' names begin with. mask: (T, T), added to the scores."""
    p = {name.removeprefix(at): value for name, value in named.items() if name.startswith(at)}
    seen, shares = _attend(p, layer_norm(x, p["norm1.weight"], p["norm1.bias"]), heads, mask)
    x = x + seen
    hidden = layer_norm(x, p["norm2.weight"], p["norm2.bias"])
    hidden = gelu(hidden @ p["linear1.weight"].T + p["linear1.bias"])  # (B, T, F C)
    return x + hidden @ p["linear2.weight"].T + p["linear2.bias"], shares  # (B, T, C)


def _attend(p: Mapping[str, Tensor], x: Tensor, heads: int, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    batch, length, width = x.shape
    joined = x @ p["self_attn.in_proj_weight"].T + p["self_attn.in_proj_bias"]  # (B, T, 3C)
    q, k, v = (
        part.view(batch, length, heads, width // heads).transpose(1, 2) for part in joined.chunk(3, dim=-1)
    )  # (B, T, C) -> (B, H, T, D) each
    scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)  # (B, H, T, T)
    shares = torch.softmax(scores if mask is None else scores + mask, dim=-1)
    mixed = (shares @ v).transpose(1, 2).reshape(batch, length, width)  # (B, H, T, D) -> (B, T, C)
    return mixed @ p["self_attn.out_proj.weight"].T + p["self_attn.out_proj.bias"], shares


def layer_sizes(at: str, width: int, forward: int) -> dict[str, tuple[int, ...]]:
    """A layer's parameters and their sizes. forward: how much wider the feed-forward part is."""
    c = width
    return {
        f"{at}self_attn.in_proj_weight": (3 * c, c),
        f"{at}self_attn.in_proj_bias": (3 * c,),
        f"{at}self_attn.out_proj.weight": (c, c),
        f"{at}self_attn.out_proj.bias": (c,),
        f"{at}linear1.weight": (forward * c, c),
        f"{at}linear1.bias": (forward * c,),
        f"{at}linear2.weight": (c, forward * c),
        f"{at}linear2.bias": (c,),
        f"{at}norm1.weight": (c,),
        f"{at}norm1.bias": (c,),
        f"{at}norm2.weight": (c,),
        f"{at}norm2.bias": (c,),
    }


def torch_layer(width: int, heads: int, forward: int) -> nn.TransformerEncoderLayer:
    """The same of torch.nn."""
    return nn.TransformerEncoderLayer(
        width,
        heads,
        dim_feedforward=forward * width,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
