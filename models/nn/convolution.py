"""Convolution, pooling and batch normalisation from scratch, and as layers that stand in for those of torch.nn.

    convolve(images, weight, bias, stride=1, padding=1)     (B, C, H, W), (O, C, K, L) -> (B, O, H', W')
    max_pool(maps, 2)                                       (B, C, H, W) -> (B, C, H/2, W/2)

Every output cell sees a window of the input. `windows` lays them side by side, and a convolution is one matrix product with all of them
(Chellapilla, Puri and Simard 2006). As everywhere in deep learning the kernel is not turned round first: it is a cross-correlation.

A network is written once, over a set of layers: SCRATCH, these here, or TORCH, those of torch.nn. Both have the same names for their
parameters, so that a state of one fits the other. Of torch.nn, SCRATCH takes only Module and Parameter, which keep the tensors;
gradients come from autograd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """⌊(W − K + 2P) / S⌋ + 1; 0 or less where the kernel is larger than the padded input."""
    return (size - kernel + 2 * padding) // stride + 1


def pad(maps: Tensor, padding: int) -> Tensor:
    """Zeros around: (B, C, H, W) -> (B, C, H + 2P, W + 2P)."""
    if not padding:
        return maps
    batch, channels, height, width = maps.shape
    padded = maps.new_zeros(batch, channels, height + 2 * padding, width + 2 * padding)
    padded[:, :, padding:-padding, padding:-padding] = maps
    return padded


def windows(maps: Tensor, size: tuple[int, int], stride: int = 1, padding: int = 0) -> Tensor:
    """What each output cell sees: (B, C, H, W) -> (B, C, H', W', K, L)."""
    return pad(maps, padding).unfold(2, size[0], stride).unfold(3, size[1], stride)


def convolve(images: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """(B, C, H, W) and O kernels (O, C, K, L) -> (B, O, H', W'); bias: (O,)."""
    seen = windows(images, (weight.shape[2], weight.shape[3]), stride, padding)  # (B, C, H', W', K, L)
    batch, _, height, width = seen.shape[:4]
    rows = seen.permute(0, 2, 3, 1, 4, 5).reshape(batch * height * width, -1)  # (B * H' * W', C * K * L)
    sums = rows @ weight.reshape(len(weight), -1).T  # (O, C, K, L) -> (O, C * K * L); (B * H' * W', O)
    if bias is not None:
        sums = sums + bias
    return sums.reshape(batch, height, width, -1).permute(0, 3, 1, 2)  # (B, O, H', W')


def max_pool(maps: Tensor, size: int) -> Tensor:
    """The largest of each size x size square: (B, C, H, W) -> (B, C, H // size, W // size)."""
    return windows(maps, (size, size), stride=size).amax(dim=(4, 5))


def average_pool(maps: Tensor, size: int) -> Tensor:
    """The mean of each size x size square: (B, C, H, W) -> (B, C, H // size, W // size)."""
    return windows(maps, (size, size), stride=size).mean(dim=(4, 5))


class Conv2d(nn.Module):
    """Square kernels. The weights are set by the network."""

    def __init__(
        self, channels: int, kernels: int, kernel_size: int, stride: int = 1, padding: int = 0, bias: bool = True
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.weight = nn.Parameter(torch.zeros(kernels, channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(kernels)) if bias else None

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, O, H', W')."""
        return convolve(maps, self.weight, self.bias, self.stride, self.padding)


class BatchNorm2d(nn.Module):
    """Each channel to mean 0 and variance 1 over the batch and all places, then γ x + β (Ioffe and Szegedy 2015). In use, after
    training, with a running mean and variance in place of the batch's."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, channels: int, epsilon: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.epsilon, self.momentum = epsilon, momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean = maps.mean(dim=(0, 2, 3))  # (C,)
            variance = maps.var(dim=(0, 2, 3), unbiased=False)
            self._remember(mean.detach(), variance.detach(), maps.numel() // maps.shape[1])
        scale = self.weight / (variance + self.epsilon).sqrt()
        shift = self.bias - mean * scale
        return maps * scale[:, None, None] + shift[:, None, None]  # (C,) -> (C, 1, 1)

    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """count: values of a channel; the running variance is the unbiased one."""
        self.num_batches_tracked += 1
        self.running_mean += self.momentum * (mean - self.running_mean)
        self.running_var += self.momentum * (variance * count / max(1, count - 1) - self.running_var)


class Linear(nn.Module):
    """x Wᵀ + b. The weights are set by the network."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, rows: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        return rows @ self.weight.T + self.bias


@dataclass(frozen=True, slots=True)
class Layers:
    """What a network is built from."""

    conv: Callable[..., Any]
    norm: Callable[..., Any]
    linear: Callable[..., Any]
    max_pool: Callable[[Tensor, int], Tensor]


SCRATCH = Layers(Conv2d, BatchNorm2d, Linear, max_pool)
TORCH = Layers(nn.Conv2d, nn.BatchNorm2d, nn.Linear, functional.max_pool2d)
WAYS = {"scratch": SCRATCH, "torch": TORCH}


def initialise(network: nn.Module, seed: int) -> None:
    """He's normal initialisation for ReLU (He et al. 2015): variance 2 / inputs. Biases 0. The same for both sets of layers."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim > 1:
                weight.copy_(torch.randn(weight.shape, generator=draw) * (2 / weight[0].numel()) ** 0.5)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
