"""How examples become batches, and the loss over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune import recipe as recipes

torch = pytest.importorskip("torch")


def rows(*lengths: int) -> list:
    from finetune.loop.batches import Row

    return [Row(torch.arange(length), torch.arange(length)) for length in lengths]


def test_a_batch_is_bounded_in_tokens_padding_included() -> None:
    from finetune.loop.batches import cut, padded

    batches = cut(rows(10, 20, 30, 30, 90, 5), 96)
    assert [[len(row.ids) for row in batch] for batch in batches] == [[10, 20, 30], [30], [90], [5]]
    ids = padded(batches[0], 7)["input_ids"]
    assert ids.shape == (3, 32)
    assert ids[0, 10:].eq(7).all()
    assert padded(batches[0], 7)["labels"][0, 10:].eq(-100).all()


def test_a_run_meets_few_shapes() -> None:
    """Every shape costs memory on a CPU for as long as the run lasts."""
    from finetune.loop.batches import cut, padded

    batches = cut(rows(*range(1, 400)), 1024)
    assert len({padded(batch, 0)["input_ids"].shape for batch in batches}) < 40


def test_an_epoch_reads_every_row_once_in_an_order_of_the_seed() -> None:
    from finetune.loop.batches import epoch_of, planned

    some = rows(*range(5, 45))
    recipe = recipes.parse({"batch_tokens": 128, "max_tokens": 64, "seed": 3})
    read = [len(row.ids) for batch in epoch_of(some, recipe, 0) for row in batch]
    assert sorted(read) == list(range(5, 45))
    again = [len(row.ids) for batch in epoch_of(some, recipe, 0) for row in batch]
    assert again == read
    other = recipe.model_copy(update={"seed": 4})
    assert [len(row.ids) for batch in epoch_of(some, other, 0) for row in batch] != read
    longer = recipe.model_copy(update={"steps": 50, "accumulation": 2})
    assert len(planned(some, longer)) == 100


def test_the_loss_over_some_positions_is_the_loss_over_all(tiny_base: Path) -> None:
    """Logits are computed where some row has a label; the loss and its gradient are those of the whole."""
    from transformers import AutoModelForCausalLM

    from finetune.loop.trainer import loss_of

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32).train()
    ids, labels = torch.randint(0, 200, (2, 16)), torch.full((2, 16), -100)
    labels[0, 5:9], labels[1, 12:] = ids[0, 5:9], ids[1, 12:]
    loss, count = loss_of(model, ids, labels)
    loss.backward()
    ours = model.model.layers[0].mlp.up_proj.weight.grad.clone()
    model.zero_grad()
    whole = model(input_ids=ids, labels=labels).loss  # mean over the same labels
    whole.backward()
    assert count == 8
    assert loss.item() / count == pytest.approx(whole.item(), rel=1e-5)
    assert torch.allclose(ours / count, model.model.layers[0].mlp.up_proj.weight.grad, atol=1e-6)


@pytest.mark.parametrize(("schedule", "last"), [("cosine", 0.02), ("linear", 0.12), ("constant", 1.0)])
def test_the_rate_rises_and_goes_down(schedule: str, last: float) -> None:
    from finetune.loop.trainer import rate

    recipe = recipes.parse({"schedule": schedule, "warmup": 0.2})
    shares = [rate(step, 10, recipe) for step in range(10)]
    assert shares[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert shares[2:] == sorted(shares[2:], reverse=True)
    assert shares[-1] <= last + 0.02
    assert all(share > 0 for share in shares)
