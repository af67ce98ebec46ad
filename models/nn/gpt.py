"""A small GPT, twice: from tensors and autograd alone, and from torch.nn. Both have the same parameters and give the same numbers.

    model = Gpt(Shape(vocabulary=500))            # every formula written out
    twin = TorchGpt(Shape(vocabulary=500))        # nn.TransformerEncoderLayer under a causal mask
    model.load(twin.state_dict())                 # tests hold logits and gradients of the two equal

A decoder as GPT-2's (Radford et al. 2019): learned positions, layer norms before attention and before the feed-forward part
(Xiong et al. 2020), GELU, and the output layer tied to the embedding (Press and Wolf 2017). Attention is that of Vaswani et al.
2017: softmax(Q Kᵀ / √d + mask) V, a head for each part of the width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

SPREAD = 0.02  # of the first weights, as in GPT-2
EPSILON = 1e-5
FORWARD = 4  # how much wider the feed-forward part is


@dataclass(frozen=True, slots=True)
class Shape:
    """vocabulary: V tokens. context: T tokens it can look back on. width: C, divisible by heads."""

    vocabulary: int
    context: int = 64
    width: int = 96
    heads: int = 4
    layers: int = 3


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the width, then scaled and shifted: (…, C) -> (…, C). Ba et al. 2016."""
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + EPSILON) * weight + bias


def gelu(x: Tensor) -> Tensor:
    """x Φ(x), with Φ the normal distribution (Hendrycks and Gimpel 2016)."""
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def causal_mask(length: int) -> Tensor:
    """0 where a token may look, at itself and before; -∞ at what comes after: (T, T)."""
    return torch.full((length, length), float("-inf")).triu(1)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean of -ln P(target) in nats: (B, T, V), (B, T) -> ()."""
    log_shares = logits - logits.logsumexp(dim=-1, keepdim=True)  # (B, T, V)
    return -log_shares.gather(-1, targets[..., None]).mean()  # (B, T, V), (B, T, 1) -> ()


class Gpt:
    """From scratch: `parameters` by their names, and nothing of torch.nn."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        self.shape, draw = shape, torch.Generator().manual_seed(seed)
        self._named = {name: _first(name, size, shape, draw) for name, size in sizes(shape).items()}

    def parameters(self) -> list[Tensor]:
        """In the order of their names in `sizes`."""
        return list(self._named.values())

    def state_dict(self) -> dict[str, Tensor]:
        """Name -> tensor, as the twin's."""
        return {name: value.detach() for name, value in self._named.items()}

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes over all parameters. Raises KeyError where one is missing."""
        with torch.no_grad():
            for name, parameter in self._named.items():
                parameter.copy_(values[name])

    def __call__(self, tokens: Tensor) -> Tensor:
        """Logits of the next token at every place: (B, T) -> (B, T, V)."""
        return self.looked(tokens)[0]

    def looked(self, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and each layer's attention (B, H, T, T): row t says how much place t takes from each place before."""
        p = self._named
        x = p["tokens.weight"][tokens] + p["positions.weight"][: tokens.shape[1]]  # (B, T, C)
        maps = []
        for layer in range(self.shape.layers):
            at = f"blocks.{layer}."
            seen, shares = self._attend(layer_norm(x, p[at + "norm1.weight"], p[at + "norm1.bias"]), at)
            x = x + seen
            hidden = layer_norm(x, p[at + "norm2.weight"], p[at + "norm2.bias"])
            hidden = gelu(hidden @ p[at + "linear1.weight"].T + p[at + "linear1.bias"])  # (B, T, 4C)
            x = x + hidden @ p[at + "linear2.weight"].T + p[at + "linear2.bias"]  # (B, T, C)
            maps.append(shares)
        x = layer_norm(x, p["norm.weight"], p["norm.bias"])
        return x @ p["tokens.weight"].T, maps  # (B, T, C) -> (B, T, V)

    def _attend(self, x: Tensor, at: str) -> tuple[Tensor, Tensor]:
        """Multi-head causal self-attention: (B, T, C) -> (B, T, C), (B, H, T, T)."""
        p, heads = self._named, self.shape.heads
        batch, length, width = x.shape
        joined = x @ p[at + "self_attn.in_proj_weight"].T + p[at + "self_attn.in_proj_bias"]  # (B, T, 3C)
        q, k, v = (
            part.view(batch, length, heads, width // heads).transpose(1, 2) for part in joined.chunk(3, dim=-1)
        )  # (B, T, C) -> (B, H, T, D) each
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)  # (B, H, T, T)
        shares = torch.softmax(scores + causal_mask(length), dim=-1)
        mixed = (shares @ v).transpose(1, 2).reshape(batch, length, width)  # (B, H, T, D) -> (B, T, C)
        return mixed @ p[at + "self_attn.out_proj.weight"].T + p[at + "self_attn.out_proj.bias"], shares


class TorchGpt(nn.Module):
    """The same out of torch.nn."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList(_block(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the next token at every place: (B, T) -> (B, T, V)."""
        length = tokens.shape[1]
        x = self.tokens(tokens) + self.positions(torch.arange(length))  # (B, T, C)
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        for block in self.blocks:
            x = block(x, src_mask=mask, is_causal=True)  # (B, T, C)
        logits: Tensor = self.norm(x) @ self.tokens.weight.T  # (B, T, C) -> (B, T, V)
        return logits


def _block(shape: Shape) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(
        shape.width,
        shape.heads,
        dim_feedforward=FORWARD * shape.width,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Every parameter's name and size."""
    c = shape.width
    named: dict[str, tuple[int, ...]] = {"tokens.weight": (shape.vocabulary, c), "positions.weight": (shape.context, c)}
    for layer in range(shape.layers):
        named |= {
            f"blocks.{layer}.{name}": size
            for name, size in {
                "self_attn.in_proj_weight": (3 * c, c),
                "self_attn.in_proj_bias": (3 * c,),
                "self_attn.out_proj.weight": (c, c),
                "self_attn.out_proj.bias": (c,),
                "linear1.weight": (FORWARD * c, c),
                "linear1.bias": (FORWARD * c,),
                "linear2.weight": (c, FORWARD * c),
                "linear2.bias": (c,),
                "norm1.weight": (c,),
                "norm1.bias": (c,),
                "norm2.weight": (c,),
                "norm2.bias": (c,),
            }.items()
        }
    return named | {"norm.weight": (c,), "norm.bias": (c,)}


def _first(name: str, size: tuple[int, ...], shape: Shape, draw: torch.Generator) -> Tensor:
    """Biases at 0, scales at 1, weights drawn; what is added to the residual stream starts smaller the more layers add to it."""
    if name.endswith("bias"):
        value = torch.zeros(size)
    elif len(size) == 1:
        value = torch.ones(size)
    else:
        added = name.endswith(("out_proj.weight", "linear2.weight"))
        value = torch.randn(size, generator=draw) * (SPREAD / math.sqrt(2 * shape.layers) if added else SPREAD)
    return value.requires_grad_()
