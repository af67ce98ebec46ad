"""A tiny model with adapters on it, and the local engine to ask what PyTorch is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from finetune.base import Made
from models.engines.llama import EngineSpec, LocalEngine

pytest.importorskip("peft")
PROMPT = list(range(40, 72))  # token ids
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@pytest.fixture(scope="session")
def base_folder(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny base with one merge in its tokenizer: llama.cpp wants at least one."""
    folder = tmp_path_factory.mktemp("export") / "tiny"
    shutil.copytree(tiny_base, folder)
    path = folder / "tokenizer.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = values["model"]["vocab"]
    vocabulary["ab"] = vocabulary.pop("Ā")
    values["model"]["merges"] = [["a", "b"]]
    path.write_text(json.dumps(values), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def base_gguf(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from finetune.export.gguf_model import write

    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write(base_folder, path, "f16", "Tiny")
    return path


@pytest.fixture
def lora(base_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """`lora("mine", r=4, use_rslora=True)`: a folder as training leaves it, its weights random and large enough to be seen."""

    def make(name: str = "mine", **options: Any) -> Path:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import Qwen2ForCausalLM

        torch.manual_seed(1)
        config = LoraConfig(
            **{"task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "target_modules": list(TARGETS), **options}
        )
        model = get_peft_model(Qwen2ForCausalLM.from_pretrained(base_folder), config)
        for key, value in model.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(value, std=0.3)
        folder = tmp_path / name
        model.save_pretrained(folder, save_embedding_layers=False)
        Made("lora", str(base_folder), "", {"method": "lora"}).write(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def in_torch(base_folder: Path) -> Callable[..., list[int]]:
    """Greedy continuation by PyTorch: of the base, or with an adapter of peft's on it."""

    def ask(adapter: Path | None = None, folder: Path | None = None, tokens: int = 12) -> list[int]:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        model: Any = AutoModelForCausalLM.from_pretrained(folder or base_folder, dtype=torch.float32)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, adapter)
        ids = torch.tensor([PROMPT])
        with torch.inference_mode():
            whole = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=tokens,
                do_sample=False,
                eos_token_id=None,
            )
        said: list[int] = whole[0, len(PROMPT) :].tolist()
        return said

    return ask


@pytest.fixture
def in_engine() -> Iterator[Callable[..., list[int]]]:
    """The same by llama.cpp, with `adapter` weighing `scale`."""

    def ask(model: Path, adapters: Sequence[Path] = (), adapter: Path | None = None, scale: float = 1.0) -> list[int]:
        engine = LocalEngine.of(EngineSpec(model, tuple(adapters), context_tokens=512, threads=1))
        request = {"prompt": PROMPT, "n_predict": 12, "temperature": 0.0, "return_tokens": True, "ignore_eos": True}
        answer = engine._post("/completion", {**request, "cache_prompt": True, **engine.lora(adapter, scale)})
        said: list[int] = answer["tokens"]
        return said

    yield ask
    LocalEngine.close_all()
