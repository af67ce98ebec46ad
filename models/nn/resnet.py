"""A small residual network (He, Zhang, Ren and Sun 2016) for pictures of 32 x 32, and the plain network without its shortcuts.

    net = ResNet(channels=3, classes=10)                    or ResNet(3, 10, SCRATCH), ResNet(3, 10, skip=False)
    net(images)                                             (B, 3, 32, 32) -> (B, 10), before softmax

One convolution and a pooling, then three blocks of 32, 64 and 128 channels that halve the picture from the second on, then the mean over
all places (Lin et al. 2014). A block computes y = ReLU(F(x) + x), with a 1x1 convolution on the shortcut where shapes differ. The last
normalisation of each block begins at γ = 0, so that a block begins as its shortcut (Goyal et al. 2017). Without shortcuts it is stacked 3x3
convolutions, as in VGG (Simonyan and Zisserman 2015).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from models.nn.convolution import TORCH, Layers, initialise

WIDTHS = (32, 64, 128)


class Block(nn.Module):
    """Two convolutions, each with its normalisation, and the way past them."""

    def __init__(self, here: int, there: int, layers: Layers, skip: bool) -> None:
        super().__init__()
        stride = 1 if here == there else 2
        self.conv1 = layers.conv(here, there, 3, stride=stride, padding=1, bias=False)
        self.norm1 = layers.norm(there)
        self.conv2 = layers.conv(there, there, 3, padding=1, bias=False)
        self.norm2 = layers.norm(there)
        self.skip = skip
        self.shortcut: Any = None
        if skip and here != there:
            self.shortcut = layers.conv(here, there, 1, stride=stride, bias=False)
        if skip:
            nn.init.zeros_(self.norm2.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, here, H, W) -> (B, there, H / stride, W / stride)."""
        found: Tensor = self.norm1(self.conv1(maps)).relu()
        found = self.norm2(self.conv2(found))
        if self.skip:
            found = found + (self.shortcut(maps) if self.shortcut is not None else maps)
        return found.relu()


class ResNet(nn.Module):
    """skip: with shortcuts."""

    def __init__(self, channels: int, classes: int, layers: Layers = TORCH, skip: bool = True, seed: int = 0) -> None:
        super().__init__()
        self.pool = layers.max_pool
        self.conv = layers.conv(channels, WIDTHS[0], 3, padding=1, bias=False)
        self.norm = layers.norm(WIDTHS[0])
        widths = (WIDTHS[0], *WIDTHS)
        self.blocks = nn.ModuleList(Block(here, there, layers, skip) for here, there in pairwise(widths))
        self.output = layers.linear(WIDTHS[-1], classes)
        initialise(self, seed)

    def stages(self, images: Tensor) -> dict[str, Tensor]:
        """Feature maps after ReLU: stem (B, 32, 32, 32), block1 (B, 32, 16, 16), block2 (B, 64, 8, 8), block3 (B, 128, 4, 4)."""
        found = {"stem": self.norm(self.conv(images)).relu()}
        maps = self.pool(found["stem"], 2)  # (B, 32, 32, 32) -> (B, 32, 16, 16)
        for n, block in enumerate(self.blocks, start=1):
            found[f"block{n}"] = maps = block(maps)
        return found

    def classify(self, maps: Tensor) -> Tensor:
        """The last stage's maps (B, 128, 4, 4) -> (B, classes)."""
        scores: Tensor = self.output(maps.mean(dim=(2, 3)))  # (B, 128, 4, 4) -> (B, 128)
        return scores

    def forward(self, images: Tensor) -> Tensor:
        """(B, channels, 32, 32) -> (B, classes)."""
        return self.classify(self.stages(images)["block3"])
