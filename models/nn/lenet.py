"""LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998): two convolutions, two poolings, three fully connected layers.

    net = LeNet5(channels=1, classes=10)                    or LeNet5(1, 10, SCRATCH)
    net(images)                                             (B, 1, 32, 32) -> (B, 10), before softmax

With ReLU in place of the scaled tanh, max pooling in place of the averages that are learned, every kernel of C3 over all maps, and softmax
in place of the radial units: as it is taught today. 61,706 parameters for one channel.
"""

from __future__ import annotations

from torch import Tensor, nn

from models.nn.convolution import TORCH, Layers, initialise

SIDE = 32  # of the pictures it takes


class LeNet5(nn.Module):
    """Named by the layers of the paper: C1, C3, C5, F6."""

    def __init__(self, channels: int, classes: int, layers: Layers = TORCH, seed: int = 0) -> None:
        super().__init__()
        self.pool = layers.max_pool
        self.c1 = layers.conv(channels, 6, 5)
        self.c3 = layers.conv(6, 16, 5)
        self.c5 = layers.linear(16 * 5 * 5, 120)
        self.f6 = layers.linear(120, 84)
        self.output = layers.linear(84, classes)
        initialise(self, seed)

    def stages(self, images: Tensor) -> dict[str, Tensor]:
        """Feature maps by layer, after ReLU: C1 (B, 6, 28, 28), C3 (B, 16, 10, 10)."""
        c1 = self.c1(images).relu()
        c3 = self.c3(self.pool(c1, 2)).relu()  # (B, 6, 28, 28) -> (B, 6, 14, 14) -> (B, 16, 10, 10)
        return {"c1": c1, "c3": c3}

    def classify(self, maps: Tensor) -> Tensor:
        """The last stage's maps (B, 16, 10, 10) -> (B, classes)."""
        rows = self.pool(maps, 2).flatten(1)  # (B, 16, 10, 10) -> (B, 16, 5, 5) -> (B, 400)
        scores: Tensor = self.output(self.f6(self.c5(rows).relu()).relu())
        return scores

    def forward(self, images: Tensor) -> Tensor:
        """(B, channels, 32, 32) -> (B, classes)."""
        return self.classify(self.stages(images)["c3"])
