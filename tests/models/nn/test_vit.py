"""The vision transformer from scratch is torch.nn's, number by number; patches, rollout and positions are what they are called."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.nn.vit import Shape, TorchViT, Vit, cut, rollout, similarity, sizes, small_vit  # noqa: E402

SHAPE = Shape(classes=3, side=8, patch=4, channels=2, width=12, heads=3, layers=2)


@pytest.fixture
def twins() -> tuple[Vit, TorchViT]:
    torch.manual_seed(0)
    model, twin = Vit(SHAPE, seed=1), TorchViT(SHAPE)
    model.load(twin.state_dict())
    return model, twin


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(5, 2, 8, 8, generator=torch.Generator().manual_seed(2))


def test_both_have_the_same_parameters(twins: tuple[Vit, TorchViT]) -> None:
    model, twin = twins
    assert {name: tuple(value.shape) for name, value in twin.state_dict().items()} == sizes(SHAPE)
    assert [name for name, _ in model.named_parameters()] == list(sizes(SHAPE))
    twin.load(Vit(SHAPE, seed=3).state_dict())
    torch.testing.assert_close(twin.positions, Vit(SHAPE, seed=3).state_dict()["positions"])


def test_logits_attention_and_gradients_are_equal(twins: tuple[Vit, TorchViT], images: torch.Tensor) -> None:
    model, twin = twins
    kinds = torch.tensor([0, 1, 2, 0, 1])
    (ours, maps), (theirs, their_maps) = model.looked(images), twin.looked(images)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model(images), twin(images), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model.features(images), twin.features(images), atol=1e-5, rtol=1e-5)
    for mine, other in zip(maps, their_maps, strict=True):
        assert mine.shape == (5, 3, 4, 4)
        torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-5)
    for each in (model, twin):
        torch.nn.functional.cross_entropy(each(images), kinds).backward()
    by_name = dict(twin.named_parameters())
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, by_name[name].grad, atol=1e-5, rtol=1e-4)


def test_a_picture_is_cut_row_by_row() -> None:
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)  # (16,) -> (1, 1, 4, 4)
    assert cut(picture, 2)[0].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]


def test_without_positions_the_order_of_patches_is_nothing(images: torch.Tensor) -> None:
    model = Vit(SHAPE, seed=1)
    turned = torch.cat([images[:, :, 4:], images[:, :, :4]], dim=2)  # the upper and the lower patches change places
    assert not torch.allclose(model(images), model(turned), atol=1e-6)
    model.load(model.state_dict() | {"positions": torch.zeros(1, 4, 12)})
    torch.testing.assert_close(model(images), model(turned), atol=1e-5, rtol=1e-5)


def test_rollout_multiplies_attention_with_the_path_around_it() -> None:
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0]])[None, None]  # both look at the first
    second = torch.tensor([[0.0, 1.0], [0.0, 1.0]])[None, None]
    one, two = rollout([first, second])
    assert one[0].tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert two[0].tolist() == [[0.75, 0.25], [0.5, 0.5]]


def test_rollout_shares_out_everything(images: torch.Tensor) -> None:
    for reached in rollout(Vit(SHAPE).looked(images)[1]):
        torch.testing.assert_close(reached.sum(-1), torch.ones(5, 4))


def test_a_position_is_most_like_itself() -> None:
    found = similarity(Vit(SHAPE).state_dict()["positions"])
    torch.testing.assert_close(found.diagonal(), torch.ones(4))
    assert found.max() <= 1 + 1e-6
    assert similarity(torch.zeros(1, 4, 12)).isfinite().all()


def test_the_small_one_has_sixteen_tokens() -> None:
    assert (small_vit(5).shape, Shape(5).tokens) == (Shape(5), 16)
