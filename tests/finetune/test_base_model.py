"""The base: found, unpacked once, and refused where it cannot be trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune import recipe as recipes
from finetune.base_model import check_base, load_tokenizer, locate, padding_id
from finetune.training import Work, train
from models.errors import InputError, MissingError
from models.fetch import WeightsStore

torch = pytest.importorskip("torch")
NAME = "qwen2.5-coder-0.5b"


def test_a_folder_is_taken_as_it_is(tiny_base: Path, home: Path) -> None:
    base = locate(str(tiny_base), home, WeightsStore(home / "weights"))
    assert base.folder == tiny_base
    assert len(base.sha256) == 64
    assert not (home / "finetune").exists()


def test_what_is_no_base_is_named(home: Path, tmp_path: Path) -> None:
    store = WeightsStore(home / "weights")
    with pytest.raises(InputError, match="there is no base 'qwen'"):
        check_base("qwen", store)
    with pytest.raises(InputError, match=r"no config\.json"):
        check_base(str(tmp_path), store)
    with pytest.raises(MissingError, match=f"models pull {NAME}"):
        check_base(NAME, store)


def test_padding_is_never_the_end_of_a_turn(tiny_base: Path, home: Path) -> None:
    tokenizer = load_tokenizer(locate(str(tiny_base), home, WeightsStore(home / "weights")))
    assert padding_id(tokenizer) != tokenizer.eos_token_id
    tokenizer.pad_token = tokenizer.eos_token
    assert padding_id(tokenizer) != tokenizer.eos_token_id


@pytest.mark.slow
@pytest.mark.weights
def test_the_real_model_learns_in_three_steps(weights_dir: Path, bench_home: Path) -> None:
    """LoRA on the 0.5B, from its GGUF: the loss of what it reads again and again falls."""
    base = locate(
        NAME, weights_dir.parent, WeightsStore(weights_dir)
    )  # kept beside the weights: unpacking takes a minute
    values = {"base": str(base.folder), "data": "small", "steps": 3, "batch_tokens": 128, "max_tokens": 128}
    recipe = recipes.parse({**values, "learning_rate": 1e-3, "warmup": 0, "validate_every": 0, "questions": []})
    work = Work(bench_home / "finetune" / "runs" / "real", bench_home, weights_dir, recipe)
    work.folder.mkdir(parents=True)
    train(work)
    events = work.journal.events()
    losses = [event.values["loss"] for event in events if event.kind == "step"]
    assert losses[-1] < losses[0]
    forgotten = [event.values for event in events if event.kind == "forgetting"]
    assert 1 < forgotten[0]["base_loss"] < 5
    assert forgotten[0]["probes_right"] >= 5
    assert (work.folder / "result" / "adapter_model.safetensors").stat().st_size > 5_000_000
