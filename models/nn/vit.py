"""A small vision transformer, twice: from tensors and autograd alone, and from torch.nn. The same parameters give the same numbers.

    model = Vit(Shape(classes=5, side=32, patch=4))       every formula written out
    twin = TorchViT(model.shape)                          nn.Conv2d and nn.TransformerEncoderLayer
    twin.load(model.state_dict())                         tests hold logits, attention and gradients of the two equal

A picture is cut into T = (side / patch)² patches; each becomes a token of C numbers, to which its learned position is added; the layers
read all tokens at once (Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929). The answer comes from the mean of all tokens in
place of a class token (Beyer et al. 2022, https://arxiv.org/abs/2205.01580). Layer norms stand before each part (Xiong et al. 2020).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.nn.transformer import Named, layer, layer_norm, layer_sizes, torch_layer

POSITION_SPREAD = 0.02  # of the first positions


@dataclass(frozen=True, slots=True)
class Shape:
    """side: S pixels, divisible by patch (P). width: C, divisible by heads. forward: how much wider the feed-forward part is."""

    classes: int
    side: int = 16
    patch: int = 4
    channels: int = 1
    width: int = 64
    heads: int = 4
    layers: int = 3
    forward: int = 2

    @property
    def grid(self) -> int:
        """Patches along a side."""
        return self.side // self.patch

    @property
    def tokens(self) -> int:
        """T."""
        return self.grid**2


def cut(images: Tensor, patch: int) -> Tensor:
    """Pictures into patches, row by row from the top left: (B, N, S, S) -> (B, T, N P P)."""
    batch, channels, side, _ = images.shape
    grid = side // patch
    cells = images.reshape(batch, channels, grid, patch, grid, patch)  # (B, N, S, S) -> (B, N, G, P, G, P)
    return cells.permute(0, 2, 4, 1, 3, 5).reshape(batch, grid**2, -1)  # -> (B, G, G, N, P, P) -> (B, T, N P P)


class Vit(Named):
    """From scratch: parameters by their names, and nothing of torch.nn."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        self.shape, draw = shape, torch.Generator().manual_seed(seed)
        super().__init__({name: _first(name, size, shape, draw) for name, size in sizes(shape).items()})

    def __call__(self, images: Tensor) -> Tensor:
        """(B, N, S, S) -> (B, classes), before softmax."""
        return self.answer(self.features(images))

    def features(self, images: Tensor) -> Tensor:
        """What the head reads: (B, N, S, S) -> (B, C)."""
        return self._read(images)[0]

    def answer(self, features: Tensor) -> Tensor:
        """The head alone: (B, C) -> (B, classes)."""
        return features @ self._named["head.weight"].T + self._named["head.bias"]

    def looked(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and each layer's attention (B, H, T, T): row t says how much token t takes from each token."""
        features, maps = self._read(images)
        return self.answer(features), maps

    def _read(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        p, maps = self._named, []
        weight = p["patches.weight"].flatten(1)  # (C, N, P, P) -> (C, N P P)
        x = cut(images, self.shape.patch) @ weight.T + p["patches.bias"] + p["positions"]  # (B, T, C)
        for number in range(self.shape.layers):
            x, shares = layer(p, f"blocks.{number}.", x, self.shape.heads)
            maps.append(shares)
        return layer_norm(x, p["norm.weight"], p["norm.bias"]).mean(dim=1), maps  # (B, T, C) -> (B, C)


class TorchViT(nn.Module):
    """The same out of torch.nn. `enter`, `blocks` and `leave` one after the other are `features`, so that a part can be frozen."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.patches = nn.Conv2d(shape.channels, shape.width, kernel_size=shape.patch, stride=shape.patch)
        self.positions = nn.Parameter(torch.randn(1, shape.tokens, shape.width) * POSITION_SPREAD)
        self.blocks = nn.ModuleList(torch_layer(shape.width, shape.heads, shape.forward) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.classes)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes over all parameters. Raises RuntimeError where one is missing."""
        self.load_state_dict(values)

    def enter(self, images: Tensor) -> Tensor:
        """(B, N, S, S) -> (B, T, C)."""
        maps = self.patches(images)  # (B, C, G, G)
        tokens: Tensor = maps.flatten(2).transpose(1, 2) + self.positions  # (B, C, G, G) -> (B, T, C)
        return tokens

    def leave(self, tokens: Tensor) -> Tensor:
        """(B, T, C) -> (B, C)."""
        mean: Tensor = self.norm(tokens).mean(dim=1)
        return mean

    def features(self, images: Tensor) -> Tensor:
        """What the head reads: (B, N, S, S) -> (B, C)."""
        tokens = self.enter(images)
        for block in self.blocks:
            tokens = block(tokens)  # (B, T, C)
        return self.leave(tokens)

    def answer(self, features: Tensor) -> Tensor:
        """The head alone: (B, C) -> (B, classes)."""
        logits: Tensor = self.head(features)
        return logits

    def forward(self, images: Tensor) -> Tensor:
        """(B, N, S, S) -> (B, classes), before softmax."""
        return self.answer(self.features(images))

    def looked(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and each layer's attention (B, H, T, T), for which attention is computed once more."""
        tokens, maps = self.enter(images), []
        blocks: list[Any] = list(self.blocks)
        for block in blocks:
            normed = block.norm1(tokens)
            maps.append(block.self_attn(normed, normed, normed, average_attn_weights=False)[1])
            tokens = block(tokens)  # (B, T, C)
        return self.answer(self.leave(tokens)), maps


def small_vit(classes: int) -> TorchViT:
    """For 16x16 grey pictures, 103 thousand parameters: as many as the small CNN, so that the two compare."""
    return TorchViT(Shape(classes))


def rollout(maps: Sequence[Tensor]) -> list[Tensor]:
    """How much of each patch has reached each token behind the layers so far: L of (B, H, T, T) -> L of (B, T, T), rows of sum 1.

    The heads' mean and, for the path around attention, the identity, half and half, multiplied layer by layer (Abnar and Zuidema
    2020, https://arxiv.org/abs/2005.00928). The mean over rows says what the mean of all tokens, and so the answer, rests on.
    """
    tokens = maps[0].shape[-1]
    reached, found = torch.eye(tokens).expand(maps[0].shape[0], tokens, tokens), []
    for shares in maps:
        reached = (0.5 * shares.mean(dim=1) + 0.5 * torch.eye(tokens)) @ reached  # (B, T, T)
        found.append(reached)
    return found


def similarity(positions: Tensor) -> Tensor:
    """Cosine of each position with each: (1, T, C) -> (T, T)."""
    unit = positions[0] / positions[0].norm(dim=-1, keepdim=True).clamp(min=1e-12)  # (T, C)
    alike: Tensor = unit @ unit.T
    return alike


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Every parameter's name and size."""
    c = shape.width
    named: dict[str, tuple[int, ...]] = {
        "positions": (1, shape.tokens, c),
        "patches.weight": (c, shape.channels, shape.patch, shape.patch),
        "patches.bias": (c,),
    }
    for number in range(shape.layers):
        named |= layer_sizes(f"blocks.{number}.", c, shape.forward)
    return named | {
        "norm.weight": (c,),
        "norm.bias": (c,),
        "head.weight": (shape.classes, c),
        "head.bias": (shape.classes,),
    }


def _first(name: str, size: tuple[int, ...], shape: Shape, draw: torch.Generator) -> Tensor:
    """Biases at 0, scales at 1, weights with variance 1 / inputs (LeCun et al. 1998); what is added to the residual stream starts
    smaller the more layers add to it (Radford et al. 2019)."""
    if name == "positions":
        value = torch.randn(size, generator=draw) * POSITION_SPREAD
    elif name.endswith("bias"):
        value = torch.zeros(size)
    elif len(size) == 1:
        value = torch.ones(size)
    else:
        added = name.endswith(("out_proj.weight", "linear2.weight"))
        spread = math.prod(size[1:]) ** -0.5
        value = torch.randn(size, generator=draw) * (spread / math.sqrt(2 * shape.layers) if added else spread)
    return value.requires_grad_()
