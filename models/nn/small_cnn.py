"""A small convolutional network for 16×16 grey images: three blocks of convolution, normalisation and pooling, then one layer.

After LeNet-5 (LeCun et al. 1998), with batch normalisation (Ioffe and Szegedy 2015) and global average pooling (Lin et al. 2014)
in place of the large fully connected layers. 94 thousand parameters.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

CHANNELS = (1, 32, 64, 128)


class SmallCnn(nn.Module):
    """classes: outputs of the last layer. `blocks` run from simple features to those nearest the answer; `head` is new for new classes.

    `enter`, `blocks` and `leave` one after the other are `features`, so that a part can be frozen."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_block(here, there) for here, there in pairwise(CHANNELS))
        self.head = nn.Linear(CHANNELS[-1], classes)

    def enter(self, images: Tensor) -> Tensor:
        """What the first block reads: the images."""
        return images

    def leave(self, maps: Tensor) -> Tensor:
        """What the head reads: (B, 128, 2, 2) -> (B, 128)."""
        return maps.mean(dim=(2, 3))

    def features(self, images: Tensor) -> Tensor:
        """(B, 1, 16, 16) -> (B, 128)."""
        maps = self.enter(images)
        for block in self.blocks:
            maps = block(maps)  # (B, 32, 8, 8), (B, 64, 4, 4), (B, 128, 2, 2)
        return self.leave(maps)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, 16, 16) -> (B, classes), before softmax."""
        logits: Tensor = self.head(self.features(images))
        return logits


def _block(here: int, there: int) -> nn.Sequential:
    """(B, here, H, W) -> (B, there, H/2, W/2)."""
    return nn.Sequential(
        nn.Conv2d(here, there, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(there),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )
