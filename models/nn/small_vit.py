"""A small vision transformer for 16×16 grey images: sixteen patches of 4×4 become tokens, three encoder layers read them.

Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929, with the mean of all tokens in place of a class token (Beyer et al.
2022, https://arxiv.org/abs/2205.01580). 103 thousand parameters: as many as the small CNN, so that the two compare.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

PATCH, SIDE, WIDTH, HEADS, LAYERS = 4, 16, 64, 4, 3


class SmallViT(nn.Module):
    """classes: outputs of the last layer. `blocks` run from the patches to what is nearest the answer; `head` is new for new classes."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        tokens = (SIDE // PATCH) ** 2
        self.patches = nn.Conv2d(1, WIDTH, kernel_size=PATCH, stride=PATCH)
        self.positions = nn.Parameter(torch.randn(1, tokens, WIDTH) * 0.02)
        self.blocks = nn.ModuleList(_layer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, classes)

    def features(self, images: Tensor) -> Tensor:
        """(B, 1, 16, 16) -> (B, 64)."""
        maps = self.patches(images)  # (B, 64, 4, 4)
        tokens = maps.flatten(2).transpose(1, 2) + self.positions  # (B, 64, 4, 4) -> (B, 16, 64)
        for block in self.blocks:
            tokens = block(tokens)  # (B, 16, 64)
        mean: Tensor = self.norm(tokens).mean(dim=1)  # (B, 16, 64) -> (B, 64)
        return mean

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, 16, 16) -> (B, classes), before softmax."""
        logits: Tensor = self.head(self.features(images))
        return logits


def _layer() -> nn.TransformerEncoderLayer:
    """Attention, then a layer twice as wide, each behind its normalisation (Xiong et al. 2020)."""
    return nn.TransformerEncoderLayer(
        WIDTH, HEADS, dim_feedforward=2 * WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
