"""A merged model says what base and adapter say together, in PyTorch and in llama.cpp; its embeddings stay one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.adapter import Adapter
from finetune.base import Made
from finetune.base_model import Base
from finetune.export.gguf_model import write
from finetune.export.merged import merge
from models.errors import InputError
from models.gguf_header import read_header

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture
def base(base_folder: Path) -> Base:
    return Base("tiny", base_folder, "")


def test_merged_it_says_the_same_everywhere(
    lora: Callable[..., Path],
    base: Base,
    in_torch: Callable[..., list[int]],
    in_engine: Callable[..., list[int]],
    tmp_path: Path,
) -> None:
    adapter = Adapter.read(lora(use_rslora=True))
    merge(adapter, base, tmp_path / "merged")
    said = in_torch(folder=tmp_path / "merged")
    assert said != in_torch()
    assert said == in_torch(adapter.folder)
    write(tmp_path / "merged", tmp_path / "merged.gguf", "f16", "merged")
    assert in_engine(tmp_path / "merged.gguf") == said
    names = read_header(tmp_path / "merged.gguf").shapes
    assert "token_embd.weight" in names
    assert "output.weight" not in names  # tied: written once
    assert not list(tmp_path.glob(".*"))


def test_dora_is_merged_where_it_has_no_other_form(
    lora: Callable[..., Path], base: Base, in_torch: Callable[..., list[int]], tmp_path: Path
) -> None:
    adapter = Adapter.read(lora(use_dora=True, target_modules=["q_proj"]))
    merge(adapter, base, tmp_path / "merged")
    assert in_torch(folder=tmp_path / "merged") == in_torch(adapter.folder)


def test_q8_0_loads_and_answers(base_folder: Path, in_engine: Callable[..., list[int]], tmp_path: Path) -> None:
    write(base_folder, tmp_path / "packed.gguf", "q8_0", "packed")
    assert len(in_engine(tmp_path / "packed.gguf")) == 12
    f16, q8_0 = base_folder / "model.safetensors", tmp_path / "packed.gguf"
    assert q8_0.stat().st_size < f16.stat().st_size / 2  # float32 there


def test_what_stands_beside_the_weights_is_not_merged(base: Base, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    from models.nn import bottleneck

    folder = tmp_path / "beside"
    folder.mkdir()
    bottleneck.save(bottleneck.insert(AutoModelForCausalLM.from_pretrained(base.folder), 4), folder)
    Made("adapter", "tiny", "", {}).write(folder)
    with pytest.raises(InputError, match="beside cannot be merged"):
        merge(Adapter.read(folder), base, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json of .* is missing or broken"):
        write(tmp_path, tmp_path / "a.gguf", "f16", "a")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(InputError, match="A model of the kind gpt2 cannot be written as GGUF"):
        write(tmp_path, tmp_path / "a.gguf", "f16", "a")
