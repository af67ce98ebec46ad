"""The gradient by hand is autograd's, and words that share their surroundings come together."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.nn.skip_gram import SkipGram, TorchSkipGram, kept_shares, negative_shares  # noqa: E402

WORDS, DIMENSION, BATCH, K = 9, 5, 7, 3


def drawn(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Words repeat within a batch, so that their gradients add up."""
    draw = torch.Generator().manual_seed(seed)
    sizes = ((BATCH,), (BATCH,), (BATCH, K))
    centres, contexts, negatives = (torch.randint(WORDS, size, generator=draw) for size in sizes)
    return centres, contexts, negatives


@pytest.fixture
def twins() -> tuple[SkipGram, TorchSkipGram]:
    model, twin = SkipGram(WORDS, DIMENSION, seed=1), TorchSkipGram(WORDS, DIMENSION)
    model.context = torch.randn(WORDS, DIMENSION, generator=torch.Generator().manual_seed(2))
    model.centre = model.centre * 10
    with torch.no_grad():
        twin.centre.weight.copy_(model.centre)
        twin.context.weight.copy_(model.context)
    return model, twin


def test_the_gradient_by_hand_is_that_of_autograd(twins: tuple[SkipGram, TorchSkipGram]) -> None:
    model, twin = twins
    batch = drawn(3)
    loss, by_centre, by_context = model.gradients(*batch)
    other = twin(*batch)
    other.backward()
    torch.testing.assert_close(loss, other)
    torch.testing.assert_close(by_centre, twin.centre.weight.grad)
    torch.testing.assert_close(by_context, twin.context.weight.grad)


def test_steps_of_both_lead_to_the_same_vectors(twins: tuple[SkipGram, TorchSkipGram]) -> None:
    model, twin = twins
    for seed in range(5):
        assert model.step(*drawn(seed), rate=0.1) == pytest.approx(twin.step(*drawn(seed), rate=0.1), rel=1e-5)
    torch.testing.assert_close(model.vectors(), twin.vectors())


def test_a_fresh_model_knows_nothing() -> None:
    """All contexts at 0: every σ is a half, so the loss is (1 + K) ln 2."""
    loss, _, _ = SkipGram(WORDS, DIMENSION).gradients(*drawn(0))
    assert loss.item() == pytest.approx((1 + K) * 0.6931, rel=1e-3)


def test_rare_words_are_drawn_more_often_than_they_occur() -> None:
    shares = negative_shares(torch.tensor([16.0, 1.0]))
    assert shares.tolist() == pytest.approx([8 / 9, 1 / 9])


def test_frequent_words_are_left_out_at_times() -> None:
    kept = kept_shares(torch.tensor([900.0, 99.0, 1.0]), threshold=0.009)
    assert kept.tolist() == pytest.approx([0.1, (0.009 / 0.099) ** 0.5, 1.0])
    assert kept_shares(torch.tensor([9.0, 1.0]), float("inf")).tolist() == [1.0, 1.0]
