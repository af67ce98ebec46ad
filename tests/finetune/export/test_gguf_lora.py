"""A LoRA says the same in llama.cpp as in PyTorch, or is refused with what to do instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.export.gguf_lora import convert
from models.errors import InputError
from models.gguf_header import read_header

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_rslora": True, "r": 16},
        {"alpha_pattern": {"q_proj": 24}, "rank_pattern": {"k_proj": 2}},
        {
            "alpha_pattern": {"model.layers.1.mlp.up_proj": 2},
            "use_rslora": True,
            "target_modules": ["up_proj", "v_proj"],
        },
    ],
    ids=["lora", "rslora", "by module", "rslora by module"],
)
def test_it_says_what_peft_says(
    options: dict[str, Any],
    lora: Callable[..., Path],
    base_gguf: Path,
    in_torch: Callable[..., list[int]],
    in_engine: Callable[..., list[int]],
    tmp_path: Path,
) -> None:
    folder, gguf = lora(**options), tmp_path / "mine.gguf"
    convert(folder, base_gguf, gguf)
    plain, tuned = in_torch(), in_torch(folder)
    assert plain != tuned
    assert in_engine(base_gguf, [gguf], gguf) == tuned
    assert in_engine(base_gguf, [gguf], gguf, 0.0) == plain
    assert in_engine(base_gguf, [gguf], None) == plain
    assert not list(tmp_path.glob(".*"))


def test_its_head_says_what_it_was_made_for(lora: Callable[..., Path], base_gguf: Path, tmp_path: Path) -> None:
    convert(lora(use_rslora=True, r=16), base_gguf, tmp_path / "a.gguf", "ab" * 32)
    head = read_header(tmp_path / "a.gguf")
    assert head.is_adapter
    assert head.values["adapter.lora.alpha"] == pytest.approx(8 * 16**0.5)
    assert (head.values["coursemate.base_name"], head.values["coursemate.base_sha256"]) == ("Tiny", "ab" * 32)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("use_dora", True, "it uses DoRA"),
        ("modules_to_save", ["lm_head"], "modules_to_save"),
        ("bias", "all", "learnt biases"),
        ("init_lora_weights", "pissa", "moves the base's own weights"),
        ("peft_type", "PREFIX_TUNING", "its kind is PREFIX_TUNING"),
        ("alpha_pattern", {"(": 2}, "cannot be read"),
        ("r", "many", "cannot be read"),
    ],
)
def test_what_is_more_than_a_lora_is_refused(
    option: str, value: Any, why: str, lora: Callable[..., Path], base_gguf: Path, tmp_path: Path
) -> None:
    folder = lora()
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, option: value}))
    with pytest.raises(InputError, match=why) as told:
        convert(folder, base_gguf, tmp_path / "a.gguf")
    assert "merged into its base" in str(told.value)
    assert not list(tmp_path.glob("*.gguf"))


def test_another_base_is_refused_by_name(lora: Callable[..., Path], tiny_gguf: Any, tmp_path: Path) -> None:
    other = tiny_gguf.model(tmp_path / "other.gguf", name="Other")
    with pytest.raises(InputError, match=r"The adapter mine was made for tiny and does not fit other"):
        convert(lora(), other, tmp_path / "a.gguf")


def test_a_training_gone_astray_is_refused(lora: Callable[..., Path], base_gguf: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = lora()
    weights = load_file(folder / "adapter_model.safetensors")
    first = next(iter(weights))
    save_file({**weights, first: torch.full_like(weights[first], float("nan"))}, folder / "adapter_model.safetensors")
    with pytest.raises(InputError, match="what is no number"):
        convert(folder, base_gguf, tmp_path / "a.gguf")


def test_bfloat16_is_read(lora: Callable[..., Path], base_gguf: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = lora()
    whole = load_file(folder / "adapter_model.safetensors")
    save_file({key: value.to(torch.bfloat16) for key, value in whole.items()}, folder / "adapter_model.safetensors")
    convert(folder, base_gguf, tmp_path / "a.gguf")
    assert len(read_header(tmp_path / "a.gguf").shapes) == len(whole)


def test_cut_weights_are_named(lora: Callable[..., Path], base_gguf: Path, tmp_path: Path) -> None:
    folder = lora()
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="lies outside the file"):
        convert(folder, base_gguf, tmp_path / "a.gguf")
