"""Attention from scratch is torch's, number by number; positions do what their papers say."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.nn.attention import (  # noqa: E402
    MultiHead,
    TorchMultiHead,
    attend,
    attend_torch,
    causal_mask,
    from_heads,
    rotate,
    scores_of,
    shared_by,
    sinusoidal,
    softmax,
    to_heads,
)


def drawn(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
def test_attention_is_torchs(masked: bool) -> None:
    q, k, v = drawn(3, 2, 4, 5, 8).unbind(0)
    mask = causal_mask(5) if masked else None
    mixed, shares = attend(q, k, v, mask)
    torch.testing.assert_close(mixed, attend_torch(q, k, v, mask))
    torch.testing.assert_close(shares.sum(-1), torch.ones(2, 4, 5))
    assert not masked or shares.triu(1).abs().max() == 0


def test_softmax_survives_large_scores() -> None:
    scores = torch.tensor([[1000.0, 999.0, float("-inf")]])
    torch.testing.assert_close(softmax(scores), torch.softmax(scores, -1))


def test_without_the_root_scores_grow_with_the_width() -> None:
    spreads = {
        (width, scaled): scores_of(drawn(400, width), drawn(400, width, seed=1), scaled).std().item()
        for width in (4, 256)
        for scaled in (True, False)
    }
    assert spreads[256, False] == pytest.approx(16, rel=0.1)
    assert spreads[256, True] == pytest.approx(1, rel=0.1) == spreads[4, True]


@pytest.mark.parametrize("masked", [False, True], ids=["all", "causal"])
def test_both_multi_head_attentions_are_equal(masked: bool) -> None:
    twin = TorchMultiHead(12, 3)
    model = MultiHead(12, 3, seed=1)
    model.load(twin.inner.state_dict())
    x = drawn(2, 6, 12)
    mask = causal_mask(6) if masked else None
    (ours, our_shares), (theirs, their_shares) = model(x, mask), twin(x, mask)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(our_shares, their_shares, atol=1e-6, rtol=1e-5)
    ours.square().sum().backward()
    theirs.square().sum().backward()
    for mine, other in zip(model.parameters(), twin.inner.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-5, rtol=1e-4)


def test_heads_are_taken_apart_and_joined() -> None:
    x = drawn(2, 5, 12)
    torch.testing.assert_close(from_heads(to_heads(x, 4)), x)
    assert torch.equal(shared_by(to_heads(x, 2), 3)[:, 1], to_heads(x, 2)[:, 0])


def test_a_mask_for_the_last_queries_is_the_end_of_the_whole_one() -> None:
    assert torch.equal(causal_mask(2, 5), causal_mask(5)[-2:])


def test_sinusoidal_positions_are_those_of_the_paper() -> None:
    table = sinusoidal(50, 16)
    assert table.shape == (50, 16)
    assert table[7, 4].item() == pytest.approx(torch.sin(torch.tensor(7 / 10_000 ** (4 / 16))).item(), abs=1e-6)
    assert table[7, 5].item() == pytest.approx(torch.cos(torch.tensor(7 / 10_000 ** (4 / 16))).item(), abs=1e-6)
    near = table @ table.T
    torch.testing.assert_close(near.diagonal(3), near.diagonal(3)[:1].expand(47), atol=1e-4, rtol=1e-4)


def test_turned_products_depend_on_the_distance_alone() -> None:
    q, k = drawn(1, 8), drawn(1, 8, seed=1)

    def product(at: int, other: int) -> float:
        return (rotate(q, torch.tensor([at])) @ rotate(k, torch.tensor([other])).T).item()

    assert product(5, 2) == pytest.approx(product(105, 102), abs=1e-4)
    assert product(5, 2) != pytest.approx(product(5, 3), abs=1e-3)
    assert torch.equal(rotate(q, torch.tensor([0])), q)
    torch.testing.assert_close(rotate(q, torch.tensor([9])).norm(), q.norm())
