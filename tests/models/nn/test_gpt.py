"""The GPT from scratch is torch.nn's, number by number, and sees nothing of the future."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.nn.gpt import Gpt, Shape, TorchGpt, cross_entropy, sizes  # noqa: E402
from models.nn.transformer import gelu, layer_norm  # noqa: E402

SHAPE = Shape(vocabulary=11, context=8, width=12, heads=3, layers=2)


@pytest.fixture
def twins() -> tuple[Gpt, TorchGpt]:
    torch.manual_seed(0)
    twin = TorchGpt(SHAPE)
    model = Gpt(SHAPE, seed=1)
    model.load(twin.state_dict())
    return model, twin


def test_both_have_the_same_parameters(twins: tuple[Gpt, TorchGpt]) -> None:
    model, twin = twins
    assert {name: tuple(value.shape) for name, value in twin.state_dict().items()} == sizes(SHAPE)
    assert list(model.state_dict()) == list(sizes(SHAPE))


def test_logits_and_gradients_are_equal(twins: tuple[Gpt, TorchGpt]) -> None:
    model, twin = twins
    tokens = torch.randint(11, (3, 8), generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(model(tokens), twin(tokens), atol=1e-5, rtol=1e-5)
    loss, other = (cross_entropy(each(tokens)[:, :-1], tokens[:, 1:]) for each in (model, twin))
    torch.testing.assert_close(
        other, torch.nn.functional.cross_entropy(twin(tokens)[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    )
    loss.backward()
    other.backward()
    by_name = dict(twin.named_parameters())
    for name, parameter in zip(model.state_dict(), model.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, by_name[name].grad, atol=1e-5, rtol=1e-4)


def test_the_parts_are_those_of_torch() -> None:
    x = torch.randn(4, 6, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(gelu(x), torch.nn.functional.gelu(x))
    weight, bias = torch.rand(6), torch.rand(6)
    torch.testing.assert_close(layer_norm(x, weight, bias), torch.nn.functional.layer_norm(x, (6,), weight, bias))


def test_what_comes_later_changes_nothing_before() -> None:
    model = Gpt(SHAPE)
    tokens = torch.tensor([[1, 2, 3, 4, 5, 6]])
    changed = tokens.clone()
    changed[0, 4] = 9
    before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4], after[:, 4])


def test_attention_is_shared_out_among_the_past() -> None:
    _, maps = Gpt(SHAPE).looked(torch.tensor([[1, 2, 3, 4]]))
    assert [tuple(each.shape) for each in maps] == [(1, 3, 4, 4)] * 2
    for each in maps:
        torch.testing.assert_close(each.sum(-1), torch.ones(1, 3, 4))
        assert each.triu(1).abs().max() == 0
