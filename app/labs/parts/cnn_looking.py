"""What a convolutional network looks at: its first filters, its feature maps, and Grad-CAM. All as pictures in NumPy, from 0 to 1.

filters(net), depths(net, image), by_epoch(net, course.fronts, image), grad_cam(net, images, kinds), overlay(image, heat)
census(net, image)                                     parameters and multiplications by layer
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

FILTERS, CHANNELS = 16, 8  # shown at most
TILE = 32  # pixels of a shown map's side
HEAT = np.array([[0.05, 0.2, 0.55], [0.1, 0.65, 0.7], [0.95, 0.85, 0.25], [0.85, 0.15, 0.1]])  # from nothing to much
OPAQUE = 0.6  # of the heat where it is greatest

Picture = NDArray[np.float64]


def filters(net: Any) -> Picture:
    """The first convolution's kernels, each scaled to its own range, 0.5 for 0: (O, 32, 32), or (O, 32, 32, 3) for colours."""
    weight = next(net.parameters()).detach()[:FILTERS]  # (O, C, K, K)
    most = weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    kernels = (0.5 + 0.5 * weight / most).permute(0, 2, 3, 1).double().numpy()  # (O, C, K, K) -> (O, K, K, C)
    tiles = np.stack([enlarged(kernel) for kernel in kernels])
    return tiles[..., 0] if weight.shape[1] == 1 else tiles


def enlarged(tile: NDArray[Any]) -> Picture:
    """(H, W, …) -> (32, 32, …), each value repeated."""
    places = np.arange(TILE) * len(tile) // TILE
    return np.asarray(tile[places][:, places], np.float64)


def depths(net: Any, image: Tensor) -> dict[str, Picture]:
    """The first channels of each stage for an image (C, 32, 32): stage -> (CHANNELS, 32, 32), each map scaled to its own range."""
    import torch

    net.eval()
    with torch.no_grad():
        return {name: _tiles(maps[0]) for name, maps in net.stages(image[None]).items()}


def _tiles(maps: Tensor) -> Picture:
    """(C, H, W) -> (CHANNELS, 32, 32)."""
    few = maps[:CHANNELS]
    low = few.amin(dim=(1, 2), keepdim=True)
    scaled = (few - low) / (few.amax(dim=(1, 2), keepdim=True) - low).clamp(min=1e-6)
    return np.stack([enlarged(tile) for tile in scaled.double().numpy()])


def by_epoch(net: Any, fronts: Mapping[int, Mapping[str, Tensor]], image: Tensor) -> dict[int, Picture]:
    """The second stage's maps of an image (C, 32, 32) at each epoch that was kept: epoch -> (CHANNELS, 32, 32)."""
    then, found = copy.deepcopy(net), {}
    for epoch, state in sorted(fronts.items()):
        then.load_state_dict(state, strict=False)
        found[epoch] = list(depths(then, image).values())[1]
    return found


def grad_cam(net: Any, images: Tensor, kinds: Tensor) -> Picture:
    """Where the network sees class kinds[n] in images[n]: (N, 32, 32) from 0 to 1 (Selvaraju et al. 2017, equations 1 and 2).

    The gradient of the class's score in the last maps, averaged over places, weighs the maps; what speaks for the class stays.
    """
    import torch
    from torch.nn import functional

    net.eval()
    with torch.no_grad():
        maps = list(net.stages(images).values())[-1]
    maps.requires_grad_()
    score = net.classify(maps).gather(1, kinds[:, None]).sum()  # (N, K) -> (N, 1) -> ()
    (slope,) = torch.autograd.grad(score, maps)
    weight = slope.mean(dim=(2, 3), keepdim=True)  # (N, C, H, W) -> (N, C, 1, 1)
    heat = (weight * maps.detach()).sum(dim=1, keepdim=True).relu()  # (N, 1, H, W)
    large = functional.interpolate(heat, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]
    most = large.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    return np.asarray((large / most).double().numpy())


def overlay(image: Tensor, heat: Picture) -> Picture:
    """The heat (32, 32) over the picture (C, 32, 32), the more the hotter: (32, 32, 3)."""
    shade = coloured(image)
    steps = np.linspace(0, 1, len(HEAT))
    colour = np.stack([np.interp(heat, steps, HEAT[:, channel]) for channel in range(3)], axis=-1)
    share = (OPAQUE * heat)[..., None]
    return np.asarray(shade * (1 - share) + colour * share)


def coloured(image: Tensor) -> Picture:
    """(1 or 3, H, W) -> (H, W, 3)."""
    plain: Picture = image.permute(1, 2, 0).double().numpy()
    return plain if plain.shape[-1] == 3 else plain.repeat(3, axis=-1)


@dataclass(frozen=True, slots=True)
class Layer:
    """shape: of what it gives for one picture. products: multiplications for one picture."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    products: int


def census(net: Any, image: Tensor) -> list[Layer]:
    """The convolutions and fully connected layers an image (C, 32, 32) passes, in order."""
    import torch

    found: list[Layer] = []

    def note(name: str) -> Any:
        def hook(layer: Any, _: Any, given: Tensor) -> None:
            many = sum(parameter.numel() for parameter in layer.parameters())
            places = given[0, 0].numel()  # (B, O, H, W) -> H * W, (B, O) -> 1
            found.append(Layer(name, tuple(given.shape[1:]), many, layer.weight.numel() * places))

        return hook

    layers = [(name, m) for name, m in net.named_modules() if getattr(m, "weight", None) is not None]
    hooks = [m.register_forward_hook(note(name)) for name, m in layers if m.weight.ndim > 1]
    net.eval()
    with torch.no_grad():
        net(image[None])
    for hook in hooks:
        hook.remove()
    return found
