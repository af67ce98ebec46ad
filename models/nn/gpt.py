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
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.nn.transformer import Named, layer, layer_norm, layer_sizes, torch_layer

SPREAD = 0.02  # of the first weights, as in GPT-2
FORWARD = 4  # how much wider the feed-forward part is


@dataclass(frozen=True, slots=True)
class Shape:
    """vocabulary: V tokens. context: T tokens it can look back on. width: C, divisible by heads."""

    vocabulary: int
    context: int = 64
    width: int = 96
    heads: int = 4
    layers: int = 3


def causal_mask(length: int) -> Tensor:
    """0 where a token may look, at itself and before; -∞ at what comes after: (T, T)."""
    return torch.full((length, length), float("-inf")).triu(1)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean of -ln P(target) in nats: (B, T, V), (B, T) -> ()."""
    log_shares = logits - logits.logsumexp(dim=-1, keepdim=True)  # (B, T, V)
    return -log_shares.gather(-1, targets[..., None]).mean()  # (B, T, V), (B, T, 1) -> ()


class Gpt(Named):
    """From scratch: parameters by their names, and nothing of torch.nn."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        self.shape, draw = shape, torch.Generator().manual_seed(seed)
        super().__init__({name: _first(name, size, shape, draw) for name, size in sizes(shape).items()})

    def __call__(self, tokens: Tensor) -> Tensor:
        """Logits of the next token at every place: (B, T) -> (B, T, V)."""
        return self.looked(tokens)[0]

    def looked(self, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and each layer's attention (B, H, T, T): row t says how much place t takes from each place before."""
        p = self._named
        x = p["tokens.weight"][tokens] + p["positions.weight"][: tokens.shape[1]]  # (B, T, C)
        mask, maps = causal_mask(tokens.shape[1]), []
        for number in range(self.shape.layers):
            x, shares = layer(p, f"blocks.{number}.", x, self.shape.heads, mask)
            maps.append(shares)
        x = layer_norm(x, p["norm.weight"], p["norm.bias"])
        return x @ p["tokens.weight"].T, maps  # (B, T, C) -> (B, T, V)


class TorchGpt(nn.Module):
    """The same out of torch.nn."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList(torch_layer(shape.width, shape.heads, FORWARD) for _ in range(shape.layers))
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


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Every parameter's name and size."""
    c = shape.width
    named: dict[str, tuple[int, ...]] = {"tokens.weight": (shape.vocabulary, c), "positions.weight": (shape.context, c)}
    for number in range(shape.layers):
        named |= layer_sizes(f"blocks.{number}.", c, FORWARD)
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
