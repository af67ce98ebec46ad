"""Image augmentation: pictures keep their size and range, nothing happens at strength 0, and the geometry goes where it says."""

from __future__ import annotations

import numpy as np
import pytest

from app.labs.parts.augment_images import METHODS, Picture, Strength, resized, vary, warp

NONE = Strength(degrees=0, shift=0, crop=100, brightness=0, noise=0, cutout=0, mixup=0)
MOST = Strength(degrees=180, shift=50, crop=10, brightness=100, noise=50, cutout=100, mixup=100)
SHAPES = [(7, 9), (1, 1), (1, 40), (5, 6, 3), (1, 1, 3)]


def picture(*shape: int) -> Picture:
    return np.random.default_rng(7).random(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_size_and_range_stay(method: str, shape: tuple[int, ...]) -> None:
    for strength in (NONE, Strength(), MOST):
        for seed in range(4):
            varied = vary(method, picture(*shape), strength, np.random.default_rng(seed)).picture
            assert varied.shape == shape
            assert varied.min() >= 0 and varied.max() <= 1


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"flip", "mix"}))
def test_nothing_happens_at_no_strength(method: str) -> None:
    given = picture(7, 9)
    assert np.allclose(vary(method, given, NONE, np.random.default_rng(0), picture(7, 9)[::-1]).picture, given)


def test_the_same_seed_draws_the_same() -> None:
    first, second = (vary("mix", picture(8, 8), Strength(), np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.picture, second.picture) and first.told == second.told


def test_a_quarter_turn_is_that_of_numpy() -> None:
    given = picture(6, 6)
    assert np.allclose(warp(given, np.array([[0.0, -1.0], [1.0, 0.0]])), np.rot90(given, -1)), "to the right"


def test_what_moves_in_from_outside_is_black() -> None:
    moved = warp(np.ones((4, 4)), np.eye(2), (-1, -2))  # one down, two to the right
    assert moved[0].sum() == 0 and moved[:, :2].sum() == 0 and moved[1:, 2:].min() == 1


def test_a_crop_holds_only_values_of_the_picture() -> None:
    varied = vary("crop", np.full((9, 9), 0.5), Strength(crop=30), np.random.default_rng(0))
    assert np.allclose(varied.picture, 0.5), "nothing from outside"


def test_cutout_covers_at_most_its_square() -> None:
    for seed in range(20):
        covered = vary("cutout", np.ones((10, 12)), Strength(cutout=40), np.random.default_rng(seed)).picture
        assert 0 < (covered == 0).sum() <= 16


def test_mixup_takes_the_share_it_tells() -> None:
    one, other = np.zeros((3, 3)), np.ones((3, 3))
    varied = vary("mixup", one, Strength(mixup=40), np.random.default_rng(1), other)
    assert np.allclose(varied.picture, varied.other) and 0 < varied.other <= 0.4


@pytest.mark.parametrize("shape", [(1, 1), (3, 20), (40, 2)], ids=str)
def test_a_picture_can_be_resized(shape: tuple[int, int]) -> None:
    assert resized(picture(7, 9), shape).shape == shape
    assert np.allclose(resized(picture(7, 9), (7, 9)), picture(7, 9))
