"""Full fine-tuning: every weight of every layer learns.

The most a model can learn, and the most it can forget; memory for the weights, their gradients and Adam's two moments in fp32 is
sixteen bytes a parameter. Embeddings and output stay as they are unless asked for: they are a third of a small model, and where they
are one matrix (tied), a change for one side changes the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from finetune.base import Model
from finetune.recipe import Options, Recipe


class FullOptions(Options):
    """embeddings: whether the token embeddings and the output matrix learn too."""

    embeddings: bool = False


class Full:
    """See the module."""

    name = "full"
    label = "Full fine-tuning"
    label_ko = "전체 미세 조정"
    serves: tuple[Literal["local", "hf"], ...] = ("hf",)
    whole = True
    Options = FullOptions

    def loading(self) -> dict[str, Any]:
        return {}

    def prepare(self, model: Model, recipe: Recipe) -> Model:
        options = FullOptions.model_validate(recipe.options)
        model.requires_grad_(False)
        thaw(model.base_model.layers, model.base_model.norm)
        if options.embeddings:
            thaw(model.get_input_embeddings(), model.get_output_embeddings())
        return model

    def save(self, model: Model, folder: Path) -> None:
        save_whole(model, folder)

    def load(self, base: Model, folder: Path) -> Model:
        return load_whole(base, folder)


def thaw(*modules: Model) -> None:
    """Lets them learn, in fp32: bf16 has 8 bits of fraction, and most updates would be rounded away."""
    for module in modules:
        module.float().requires_grad_(True)


def save_whole(model: Model, folder: Path) -> None:
    """A model folder in the type of the frozen part, as the base came."""
    dtype = model.config.dtype
    weights = {name: weight.to(dtype) for name, weight in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=weights, max_shard_size="100GB")


def load_whole(base: Model, folder: Path) -> Model:
    """The model in the folder, in place of the base."""
    loaded = type(base).from_pretrained(folder, dtype=base.dtype, use_safetensors=True)
    return loaded.to(base.device)


METHOD = Full()
