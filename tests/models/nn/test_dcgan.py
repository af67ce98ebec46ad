"""The DCGAN: from scratch and with torch.nn it gives the same pictures, losses and steps, and it learns what is simple."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.nn.dcgan import SIDE, WAYS, Dcgan, Recipe, transposed_convolution  # noqa: E402

SMALL = Recipe(latent=5, width=3, seed=1)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(7, 1, 0), (4, 2, 1), (3, 3, 0), (1, 1, 0)])
def test_a_transposed_convolution_is_that_of_torch(kernel: int, stride: int, padding: int) -> None:
    maps, weight = noise(2, 3, 4, 5), noise(3, 2, kernel, kernel, seed=1)
    theirs = torch.nn.functional.conv_transpose2d(maps, weight, stride=stride, padding=padding)
    assert torch.allclose(transposed_convolution(maps, weight, stride, padding), theirs, atol=1e-5)


@pytest.mark.parametrize("norm", [True, False], ids=["norm", "no norm"])
def test_both_ways_play_the_same_game(norm: bool) -> None:
    recipe = Recipe(latent=5, width=3, norm=norm, seed=1, rate_d=1e-3)
    ours, theirs = Dcgan(recipe, "scratch"), Dcgan(recipe, "torch")
    assert ours.parameters() == theirs.parameters()
    for step in range(3):
        real, z = noise(4, 1, SIDE, SIDE, seed=step).tanh(), noise(4, 5, seed=9 + step)
        assert ours.learn(real, z) == pytest.approx(theirs.learn(real, z), abs=1e-4)
    made = ours.generate(noise(6, 5))
    assert made.shape == (6, 1, SIDE, SIDE) and made.abs().max() <= 1
    assert torch.allclose(made, theirs.generate(noise(6, 5)), atol=1e-4)
    assert torch.allclose(ours.judge(made), theirs.judge(made), atol=1e-4)
    states = ours.state(), theirs.state()
    assert list(states[0]) == list(states[1])
    assert all(torch.allclose(states[0][name], states[1][name], atol=1e-4) for name in states[0])


@pytest.mark.parametrize("way", WAYS)
def test_what_was_saved_generates_the_same(way: str) -> None:
    first, second = Dcgan(SMALL, way), Dcgan(Recipe(latent=5, width=3, seed=7), way)
    first.learn(noise(4, 1, SIDE, SIDE), noise(4, 5))
    second.load(first.state())
    z = noise(3, 5)
    assert torch.equal(first.generate(z), second.generate(z))
    assert torch.allclose(first.generate(z)[:1], first.generate(z[:1]), atol=1e-5), "each by itself"


def test_the_generator_learns_a_single_picture() -> None:
    """All real pictures are one bright half: after some steps the generated ones are brighter there than elsewhere."""
    real = -torch.ones(16, 1, SIDE, SIDE)
    real[..., : SIDE // 2] = 1
    gan = Dcgan(Recipe(latent=4, width=4, rate_g=5e-3, rate_d=1e-3))
    for step in range(40):
        gan.learn(real, noise(16, 4, seed=step))
    made = gan.generate(noise(16, 4, seed=99))
    assert made[..., : SIDE // 2].mean() > made[..., SIDE // 2 :].mean() + 0.5
