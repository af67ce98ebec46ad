"""The small networks for images: shapes, sizes that compare, and that they can learn what they are shown."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.nn.small_cnn import SmallCnn  # noqa: E402
from models.nn.vit import small_vit  # noqa: E402


@pytest.mark.parametrize("network", [SmallCnn, small_vit])
def test_images_become_scores_of_each_kind(network: type) -> None:
    model = network(7)
    assert model(torch.rand(3, 1, 16, 16)).shape == (3, 7)
    assert model.features(torch.rand(3, 1, 16, 16)).shape[0] == 3


def test_both_are_of_one_size() -> None:
    sizes = [sum(p.numel() for p in network(5).parameters()) for network in (SmallCnn, small_vit)]
    assert 0.8 < sizes[0] / sizes[1] < 1.25


@pytest.mark.parametrize("network", [SmallCnn, small_vit])
def test_two_images_can_be_told_apart_after_a_few_steps(network: type) -> None:
    torch.manual_seed(0)
    model, images, kinds = network(2), torch.rand(2, 1, 16, 16), torch.tensor([0, 1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(25):
        loss = torch.nn.functional.cross_entropy(model(images), kinds)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.3
