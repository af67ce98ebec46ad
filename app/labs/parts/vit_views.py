"""Figures of the lab on the vision transformer: patches, positions, attention and its rollout over the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.labs.base import Figure, Table
from app.labs.figures import RISING, Axes, images, line
from app.labs.panels import stepped
from app.labs.parts.vit_training import PATCHES, Curve, multiplications, tokens_of

if TYPE_CHECKING:
    from torch import Tensor

Grey = NDArray[np.float64]
Colours = NDArray[np.float64]
GLOW = (0.96, 0.55, 0.10)  # of what is looked at
DIM, STRONG = 0.6, 0.85
LEAST_TILE_PX = 16  # a patch of fewer pixels is enlarged
IN_A_ROW = 16
FROM_MOST = 16  # patches that the slider offers


def patches(picture: Grey, patch: int) -> NDArray[np.float64]:
    """Row by row from the top left, enlarged to be seen: (S, S) -> (T, P', P')."""
    grid = picture.shape[0] // patch
    cells = picture.reshape(grid, patch, grid, patch).transpose(0, 2, 1, 3)  # (S, S) -> (G, P, G, P) -> (G, G, P, P)
    return enlarged(cells.reshape(grid**2, patch, patch))  # (G, G, P, P) -> (T, P, P)


def enlarged(tiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every pixel repeated until a tile has LEAST_TILE_PX: (N, h, h) -> (N, H, H)."""
    times = max(1, LEAST_TILE_PX // tiles.shape[1])
    return tiles.repeat(times, axis=1).repeat(times, axis=2)


def grid(picture: Grey, patch: int) -> Figure:
    """The picture, cut."""
    return images("grid", patches(picture, patch), columns=picture.shape[0] // patch)


def sequence(picture: Grey, patch: int) -> Figure:
    """The same patches one after the other, numbered as the network gets them. White above each leaves room for the number."""
    tiles = np.pad(patches(picture, patch), ((0, 0), (3, 0), (0, 0)), constant_values=1.0)
    return images("sequence", tiles, [str(n + 1) for n in range(len(tiles))], columns=IN_A_ROW)


def cost(present: int) -> Table:
    """What each patch size costs, the chosen one marked."""
    rows = tuple(
        (
            f"{patch} x {patch}" + (" ←" if patch == present else ""),
            tokens_of(patch),
            tokens_of(patch) ** 2,
            multiplications(patch),
        )
        for patch in PATCHES
    )
    return Table("cost", ("patch_size", "tokens", "cells", "multiplications"), rows)


def positions(values: Tensor) -> Figure:
    """For each position a small map of how alike it is to every other, at its place in the picture (Dosovitskiy et al. 2021, fig. 7)."""
    from models.nn.vit import similarity

    alike = similarity(values).numpy().astype(np.float64)  # (T, T)
    side = round(len(alike) ** 0.5)
    tiles = enlarged(alike.reshape(-1, side, side))  # (T, T) -> (T, G, G)
    return images("positions", tinted((tiles + 1) / 2), columns=side)


def tinted(values: NDArray[np.float64]) -> Colours:
    """Shares from 0 to 1 in the colours of our heat maps: (…) -> (…, 3)."""
    stops = [stop for stop, _ in RISING]
    channels = [[int(code[at : at + 2], 16) / 255 for _, code in RISING] for at in (1, 3, 5)]
    return np.stack([np.interp(values, stops, channel) for channel in channels], axis=-1)


def glowing(picture: Grey, shares: NDArray[np.float64]) -> Colours:
    """The picture, dimmed, with light where the shares of its patches (T,) are largest, from the least to the greatest of them:
    (S, S) -> (S, S, 3)."""
    side = round(len(shares) ** 0.5)
    spread = float(shares.max() - shares.min())
    light = (shares - shares.min()) / spread if spread > 1e-9 else np.zeros_like(shares)
    patch = picture.shape[0] // side
    over = light.reshape(side, side).repeat(patch, axis=0).repeat(patch, axis=1)[..., None]  # (T,) -> (S, S, 1)
    return picture[..., None] * DIM * (1 - STRONG * over) + np.array(GLOW) * STRONG * over


def plain(picture: Grey) -> Colours:
    """(S, S) -> (S, S, 3)."""
    return picture[..., None].repeat(3, axis=-1)


def heads(picture: Grey, maps: Sequence[Tensor]) -> Figure:
    """Every head of every layer: how much the tokens take from each patch on average. maps: L of (1, H, T, T)."""
    tiles, captions = [], []
    for layer, shares in enumerate(maps, start=1):
        for head, taken in enumerate(_numpy(shares[0].mean(dim=1)), start=1):  # (H, T, T) -> (H, T)
            tiles.append(glowing(picture, taken))
            captions.append(f"L{layer} H{head}")
    return images("heads", np.stack(tiles), captions, columns=maps[0].shape[1])


def looking(picture: Grey, maps: Sequence[Tensor]) -> Figure:
    """Where one patch looks in each layer, the heads' mean; a slider chooses the patch."""
    tokens = maps[0].shape[-1]
    side = round(tokens**0.5)
    offered = _offered(side)
    means = [_numpy(shares[0].mean(dim=0)) for shares in maps]  # L of (T, T)
    captions = ["from_here", *(f"layer_{n + 1}" for n in range(len(maps)))]
    found = {}
    for at in offered:
        tiles = [glowing(picture, np.eye(tokens)[at]), *(glowing(picture, mean[at]) for mean in means)]
        found[str(at + 1)] = images("looking", np.stack(tiles), captions, columns=len(tiles))
    middle = offered[(len(offered) + round(len(offered) ** 0.5)) // 2]
    return stepped(found, "patch_number", str(middle + 1))


def _offered(side: int) -> list[int]:
    """At most FROM_MOST patches, spread evenly over the grid."""
    each = min(side, round(FROM_MOST**0.5))
    places = [round((n + 0.5) * side / each - 0.5) for n in range(each)]
    return [row * side + column for row in places for column in places]


def rolled(name: str, picture: Grey, maps: Sequence[Tensor]) -> Figure:
    """Attention rollout: what the answer rests on behind each layer. maps: L of (1, H, T, T)."""
    from models.nn.vit import rollout

    reached = [_numpy(each[0].mean(dim=0)) for each in rollout(maps)]  # L of (T,)
    captions = ["picture", *(f"layer_{n + 1}" for n in range(len(maps)))]
    return images(
        name, np.stack([plain(picture), *(glowing(picture, each) for each in reached)]), captions, columns=len(captions)
    )


def _numpy(values: Tensor) -> NDArray[np.float64]:
    return values.detach().numpy().astype(np.float64)


def learning(curves: Mapping[str, Curve]) -> tuple[Figure, Figure]:
    """Both networks in one chart: the share right on held pictures, and the loss on the few."""
    held = {key: (curve.steps, curve.held) for key, curve in curves.items()}
    loss = {key: (curve.steps, curve.loss) for key, curve in curves.items()}
    return (
        line("accuracy", held, Axes("step", "accuracy", span_y=(0, 1)), marks=True),
        line("loss", loss, Axes("step", "loss"), marks=True),
    )


def pretraining(steps: Any, losses: Any) -> Figure:
    """The loss on the known kinds."""
    return line("pretraining", {"train": (steps, losses)})
