"""Bottleneck adapters: two small networks in every layer, one behind the attention and one behind the MLP; only they learn.

Houlsby et al. 2019, https://arxiv.org/abs/1902.00751. Unlike a LoRA they have a non-linearity and cannot be merged into the weights:
the price is a little time at every token. peft has none, so the network is ours: models/nn/bottleneck.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from finetune.base import Model
from finetune.recipe import Options, Recipe


class AdapterOptions(Options):
    """size: width of the bottleneck."""

    size: Annotated[int, Field(ge=1, le=4096)] = 32


class Adapter:
    """See the module."""

    name = "adapter"
    label = "Bottleneck adapter"
    label_ko = "병목 어댑터"
    serves: tuple[Literal["local", "hf"], ...] = ("hf",)
    whole = False
    Options = AdapterOptions

    def loading(self) -> dict[str, Any]:
        return {}

    def prepare(self, model: Model, recipe: Recipe) -> Model:
        from finetune.methods.full import thaw
        from models.nn import bottleneck

        options = AdapterOptions.model_validate(recipe.options)
        model.requires_grad_(False)
        bottleneck.insert(model, options.size)
        thaw(*(module for name, module in model.named_modules() if name.endswith(f".{bottleneck.NAME}")))
        return model

    def save(self, model: Model, folder: Path) -> None:
        from models.nn import bottleneck

        bottleneck.save(model, folder)

    def load(self, base: Model, folder: Path) -> Model:
        from models.nn import bottleneck

        return bottleneck.load(base, folder)


METHOD = Adapter()
