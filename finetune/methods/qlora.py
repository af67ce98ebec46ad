"""LoRA over a base in 4 bits: the frozen weights take a quarter of the memory, the thin matrices beside them learn as in lora.py.

Dettmers et al. 2023, https://arxiv.org/abs/2305.14314: normal-float numbers, quantised scales. The kernels are bitsandbytes', for CUDA.
On a processor every product would unpack the weights first, in a step that is slow already, and the 0.5B in bf16 takes 1.3 GB:
there the method says so and names lora, which learns the same.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Literal

from finetune.base import Model
from finetune.methods.lora import LoraOptions, add_lora, load_peft, save_peft
from finetune.recipe import Recipe
from models.errors import InputError, MissingError


class QLora:
    """See the module."""

    name = "qlora"
    label = "LoRA over a 4-bit base"
    label_ko = "QLoRA (4비트 바탕 + LoRA)"
    serves: tuple[Literal["local", "hf"], ...] = ("local", "hf")
    whole = False
    Options = LoraOptions

    def loading(self) -> dict[str, Any]:
        """What `from_pretrained` is told besides. Raises InputError without CUDA, MissingError without bitsandbytes."""
        import torch

        if not torch.cuda.is_available():
            detail = (
                "LoRA over a 4-bit base needs a CUDA GPU: use the method lora, which learns the same on a processor"
            )
            raise InputError(detail=detail, text_key="finetune.no_four_bits", why="CUDA")
        if not importlib.util.find_spec("bitsandbytes"):
            raise MissingError(what="bitsandbytes, for a 4-bit base", fix="run `pip install bitsandbytes`")
        from transformers import BitsAndBytesConfig

        quantisation: Any = BitsAndBytesConfig
        four_bits = quantisation(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        return {"quantization_config": four_bits, "device_map": {"": 0}}

    def prepare(self, model: Model, recipe: Recipe) -> Model:
        import peft

        freeze: Any = peft.prepare_model_for_kbit_training
        return add_lora(freeze(model, use_gradient_checkpointing=False), LoraOptions.model_validate(recipe.options))

    def save(self, model: Model, folder: Path) -> None:
        save_peft(model, folder)

    def load(self, base: Model, folder: Path) -> Model:
        return load_peft(base, folder)


METHOD = QLora()
