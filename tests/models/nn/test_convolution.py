"""Convolution, pooling and batch normalisation from scratch give what torch.nn gives, forward and backward."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from models.nn.convolution import (  # noqa: E402
    SCRATCH,
    TORCH,
    average_pool,
    convolve,
    initialise,
    max_pool,
    output_size,
    windows,
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_one_cell_is_the_sum_of_the_products_under_the_kernel() -> None:
    image = torch.arange(16.0).reshape(1, 1, 4, 4)  # (B, C, H, W)
    kernel = torch.tensor([[[[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]]])
    found = convolve(image, kernel)
    assert found[0, 0].tolist() == [[-8, -8], [-8, -8]], (
        "each column is 1 more than the one before, each step two columns, four rows"
    )


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (5, 2)], ids=["1x1", "3x3", "5x2"])
def test_convolution_is_that_of_torch(kernel: tuple[int, int], padding: int, stride: int) -> None:
    torch.manual_seed(0)
    images = torch.randn(2, 3, 9, 7, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 3, *kernel, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(4, dtype=torch.float64, requires_grad=True)
    ours = convolve(images, weight, bias, stride, padding)
    theirs = functional.conv2d(images, weight, bias, stride, padding)
    assert torch.allclose(ours, theirs)
    assert ours.shape[2:] == tuple(
        output_size(size, long, stride, padding) for size, long in zip((9, 7), kernel, strict=True)
    )
    slope = torch.randn_like(theirs)
    mine = torch.autograd.grad((ours * slope).sum(), (images, weight, bias))
    other = torch.autograd.grad((theirs * slope).sum(), (images, weight, bias))
    assert all(torch.allclose(one, two) for one, two in zip(mine, other, strict=True))


@pytest.mark.parametrize("size", [2, 3])
def test_pooling_is_that_of_torch(size: int) -> None:
    torch.manual_seed(1)
    maps = torch.randn(2, 3, 7, 8)
    assert torch.equal(max_pool(maps, size), functional.max_pool2d(maps, size))
    assert torch.allclose(average_pool(maps, size), functional.avg_pool2d(maps, size), atol=1e-6)


def test_a_kernel_larger_than_the_picture_fits_nowhere() -> None:
    assert output_size(3, 5) <= 0
    assert output_size(3, 5, padding=1) == 1
    assert windows(torch.zeros(1, 1, 3, 3), (5, 5), padding=1).shape == (1, 1, 1, 1, 5, 5)


def test_batch_normalisation_is_that_of_torch() -> None:
    torch.manual_seed(2)
    ours, theirs = SCRATCH.norm(3), TORCH.norm(3)
    with torch.no_grad():
        for layer in (ours, theirs):
            layer.weight.copy_(torch.tensor([1.0, 2.0, 0.5]))
            layer.bias.copy_(torch.tensor([0.0, 1.0, -1.0]))
    for _ in range(3):
        maps = torch.randn(4, 3, 5, 5) * 3 + 2
        assert torch.allclose(ours(maps), theirs(maps), atol=1e-5)
    assert all(torch.allclose(ours.state_dict()[key], value) for key, value in theirs.state_dict().items())
    ours.eval(), theirs.eval()
    assert torch.allclose(ours(maps), theirs(maps), atol=1e-5)


def test_both_sets_of_layers_begin_the_same() -> None:
    nets = [nn.ModuleList([layers.conv(2, 3, 3), layers.linear(4, 5)]) for layers in (SCRATCH, TORCH)]
    for net in nets:
        initialise(net, seed=7)
    ours, theirs = (net.state_dict() for net in nets)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert 0.2 < float(ours["0.weight"].std()) < 0.5, "the root of 2 / 18 is a third"
