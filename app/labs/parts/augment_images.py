"""Image augmentation, written out: turn, move, cut, brighten, add noise, cover, mix. Pictures are (H, W) or (H, W, 3) from 0 to 1.

    varied = vary("rotation", picture, Strength(degrees=15), draw)
    varied.picture, varied.told          the new picture, and the parameter that was drawn ("-12°")

Each method draws its parameter by itself, evenly up to its strength. What comes from outside the picture is black. Turning, moving and
cutting are one thing: for each place of the new picture, where it lies in the old one, read off by bilinear interpolation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float64]
CHAIN = 2  # methods one after the other in "mix"


@dataclass(frozen=True, slots=True)
class Strength:
    """At most how much. degrees of turning; shift, in percent of a side; crop: percent of a side that are kept at least; brightness: more
    or less, in percent; noise: standard deviation in percent of the range; cutout: side of the covered square in percent of the
    shorter side; mixup: percent of the other picture."""

    degrees: float = 10
    shift: float = 5
    crop: float = 90
    brightness: float = 20
    noise: float = 5
    cutout: float = 25
    mixup: float = 30


@dataclass(frozen=True, slots=True)
class Varied:
    """told: what was drawn. other: share of the other picture in it, and so of its label."""

    picture: Picture
    told: str
    other: float = 0.0


def sample(picture: Picture, places: Picture) -> Picture:
    """The picture's values between its pixels. places: (H', W', 2), rows and columns; 0 outside."""
    high, wide = picture.shape[:2]
    padded = np.pad(picture, [(1, 1), (1, 1), *[(0, 0)] * (picture.ndim - 2)])
    y, x = np.clip(places[..., 0] + 1, 0, high + 1), np.clip(places[..., 1] + 1, 0, wide + 1)
    top, left = np.minimum(y.astype(int), high), np.minimum(x.astype(int), wide)
    down, right = y - top, x - left  # (H', W')
    if picture.ndim == 3:
        down, right = down[..., None], right[..., None]  # (H', W') -> (H', W', 1)
    above = padded[top, left] * (1 - right) + padded[top, left + 1] * right
    below = padded[top + 1, left] * (1 - right) + padded[top + 1, left + 1] * right
    return np.asarray(above * (1 - down) + below * down)


def warp(picture: Picture, matrix: Picture, moved: tuple[float, float] = (0.0, 0.0)) -> Picture:
    """A new picture of the same size. matrix (2, 2), moved: from a place about the new picture's middle to one about the old one's."""
    high, wide = picture.shape[:2]
    middle = np.array([(high - 1) / 2, (wide - 1) / 2])
    grid = np.moveaxis(np.mgrid[:high, :wide], 0, -1) - middle  # (2, H, W) -> (H, W, 2)
    return sample(picture, grid @ matrix.T + middle + np.array(moved))


def resized(picture: Picture, shape: tuple[int, int]) -> Picture:
    """To (H', W'), by reading off: for the other picture of mixup."""
    spans = [np.linspace(0, old - 1, new) for old, new in zip(picture.shape, shape, strict=False)]
    return sample(picture, np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1))


def flip(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """Left and right change places."""
    return Varied(picture[:, ::-1], "↔")


def shift(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """Moved by whole pixels."""
    down, right = (round(side * draw.uniform(-1, 1) * strength.shift / 100) for side in picture.shape[:2])
    return Varied(warp(picture, np.eye(2), (-down, -right)), f"→{right} ↓{down}")


def rotation(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """Turned about its middle."""
    degrees = draw.uniform(-1, 1) * strength.degrees
    angle = degrees * pi / 180
    matrix = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    return Varied(warp(picture, matrix), f"{degrees:+.0f}°")


def crop(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """A part of it, enlarged to the whole."""
    share = draw.uniform(strength.crop / 100, 1)
    room = [(side - 1) * (1 - share) / 2 for side in picture.shape[:2]]
    down, right = (draw.uniform(-1, 1) * half for half in room)
    return Varied(warp(picture, share * np.eye(2), (down, right)), f"{100 * share:.0f}%")


def brightness(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """All values times one number."""
    factor = 1 + draw.uniform(-1, 1) * strength.brightness / 100
    return Varied(np.clip(picture * factor, 0, 1), f"×{factor:.2f}")


def noise(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """A little of a normal distribution on each value."""
    spread = draw.uniform(0, 1) * strength.noise / 100
    return Varied(np.clip(picture + draw.normal(0, 1, picture.shape) * spread, 0, 1), f"σ {spread:.2f}")


def cutout(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """A square is covered; its middle lies anywhere, so that it may reach over the edge (DeVries and Taylor 2017)."""
    high, wide = picture.shape[:2]
    side = round(min(high, wide) * strength.cutout / 100)
    top, left = (int(draw.integers(0, length)) - side // 2 for length in (high, wide))
    covered = picture.copy()
    covered[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)] = 0
    return Varied(covered, f"{side}×{side}")


def mixup(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """(1 - λ) x + λ x', and so with the labels (Zhang et al. 2018)."""
    share = draw.uniform(0, 1) * strength.mixup / 100
    return Varied((1 - share) * picture + share * other, f"{100 * share:.0f}%", share)


def mix(picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture) -> Varied:
    """Some of them, drawn anew each time, one after the other, as in RandAugment (Cubuk et al. 2020)."""
    varied, told = Varied(picture, ""), []
    for at in draw.permutation(len(SINGLE))[:CHAIN]:
        varied = SINGLE[list(SINGLE)[at]](varied.picture, strength, draw, other)
        told.append(varied.told)
    return Varied(varied.picture, " · ".join(told))


Method = Callable[[Picture, Strength, np.random.Generator, Picture], Varied]
SINGLE: Mapping[str, Method] = {
    method.__name__: method for method in (flip, shift, rotation, crop, brightness, noise, cutout)
}
METHODS: Mapping[str, Method] = {**SINGLE, "mixup": mixup, "mix": mix}


def vary(
    method: str, picture: Picture, strength: Strength, draw: np.random.Generator, other: Picture | None = None
) -> Varied:
    """One variant. other: what mixup mixes in, of the same size; the picture itself where there is none."""
    return METHODS[method](picture, strength, draw, picture if other is None else other)


def as_shares(pictures: NDArray[Any]) -> Picture:
    """Bytes from 0 to 255 as shares from 0 to 1."""
    return np.asarray(pictures, np.float64) / 255
