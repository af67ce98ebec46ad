"""Pictures are framed, moved and mirrored as said; the rate makes one cycle; Grad-CAM is what its equations say."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.parts.cnn_looking import by_epoch, census, depths, filters, grad_cam, overlay  # noqa: E402
from app.labs.parts.cnn_training import SHIFT, Plan, augmented, framed, front, shifted  # noqa: E402
from models.nn.convolution import SCRATCH  # noqa: E402
from models.nn.lenet import LeNet5  # noqa: E402
from models.nn.resnet import ResNet  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("shape", "inner"),
    [((8, 8), 24), ((28, 28), 28), ((32, 32, 3), 32)],
    ids=["digits", "clothes", "colours"],
)
def test_pictures_stand_in_the_middle_of_32_by_32(shape: tuple[int, ...], inner: int) -> None:
    images = framed(np.ones((2, *shape), np.float32))
    assert images.shape == (2, 3 if len(shape) == 3 else 1, 32, 32)
    edge = (32 - inner) // 2
    assert float(images[:, :, edge : 32 - edge, edge : 32 - edge].min()) == 1
    assert float(images[0, 0].sum()) == inner**2


def test_each_picture_is_moved_by_its_own_pixels() -> None:
    images = torch.arange(2 * 9.0).reshape(2, 1, 3, 3) + 1
    moved = shifted(images, torch.tensor([0, 1]), torch.tensor([1, -1]))
    assert moved[0, 0].tolist() == [[0, 1, 2], [0, 4, 5], [0, 7, 8]]
    assert moved[1, 0].tolist() == [[0, 0, 0], [11, 12, 0], [14, 15, 0]]


def test_augmentation_moves_by_so_much_at_most_and_mirrors_half() -> None:
    images = torch.zeros(64, 1, 32, 32)
    images[:, :, 16, 10] = 1
    draw = torch.Generator().manual_seed(0)
    assert torch.equal(augmented(images, "none", draw), images)
    columns = augmented(images, "flip", draw)[:, 0, 16].argmax(dim=1)
    assert set(columns.tolist()) == {10, 21} and 16 < int((columns == 21).sum()) < 48
    places = augmented(images, "shift", draw)[:, 0].nonzero()[:, 1:] - torch.tensor([16, 10])
    assert len(places) == 64 and int(places.abs().max()) == SHIFT


def test_the_rate_rises_then_falls_to_almost_nothing() -> None:
    plan = Plan(1, rate=0.5)
    rates = [plan.rate_at(step, 100) for step in range(100)]
    assert max(rates) == 0.5 and rates.index(0.5) == 24
    assert rates[:25] == sorted(rates[:25]) and rates[25:] == sorted(rates[25:], reverse=True)
    assert rates[-1] < 0.01


@pytest.mark.parametrize(("epochs", "kept"), [(1, (0, 1)), (6, (0, 1, 2, 4, 6)), (40, (0, 1, 2, 4, 8, 40))])
def test_early_epochs_are_kept(epochs: int, kept: tuple[int, ...]) -> None:
    assert Plan(epochs).kept() == kept


def test_grad_cam_is_the_maps_weighed_by_the_mean_gradient() -> None:
    """For the ResNet, whose head is linear in the mean of the maps, the weights are the output layer's own."""
    net = ResNet(1, 5, seed=3).eval()
    image = torch.rand(1, 1, 32, 32)
    heat = grad_cam(net, image, torch.tensor([2]))
    with torch.no_grad():
        maps = net.stages(image)["block3"]  # (1, C, 4, 4)
        want = (net.output.weight[2][None, :, None, None] * maps).sum(dim=1, keepdim=True).relu()
        want = torch.nn.functional.interpolate(want, size=(32, 32), mode="bilinear", align_corners=False)[0, 0]
    assert np.allclose(heat[0], want / want.max().clamp(min=1e-12), atol=1e-4)
    shown = overlay(image[0], heat[0])
    assert shown.shape == (32, 32, 3) and 0 <= shown.min() <= shown.max() <= 1


def test_filters_maps_and_layers_of_both_networks() -> None:
    image = torch.rand(3, 32, 32)
    lenet, resnet = LeNet5(3, 10, SCRATCH), ResNet(3, 10)
    assert filters(lenet).shape == (6, 32, 32, 3)
    assert filters(resnet).shape == (16, 32, 32, 3)
    assert {name: tiles.shape for name, tiles in depths(lenet, image).items()} == {
        "c1": (6, 32, 32),
        "c3": (8, 32, 32),
    }
    assert [layer.name for layer in census(lenet, image)] == ["c1", "c3", "c5", "f6", "output"]
    first = census(resnet, image)[0]
    assert (first.name, first.shape, first.parameters, first.products) == ("conv", (32, 32, 32), 864, 864 * 1024)


def test_maps_of_an_earlier_epoch_come_from_the_front_kept_then() -> None:
    image, net, other = torch.rand(1, 32, 32), ResNet(1, 10, seed=0), ResNet(1, 10, seed=1)
    found = by_epoch(net, {0: front(other), 3: front(net)}, image)
    assert np.allclose(found[0], depths(other, image)["block1"])
    assert np.allclose(found[3], depths(net, image)["block1"])
    assert not np.allclose(found[0], found[3])
