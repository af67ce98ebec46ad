"""LoRA: beside each chosen weight W stands a product of two thin matrices, W + (alpha / r) B A; only A and B learn.

B starts at 0, so the first step sees the base itself. Hu et al. 2021, https://arxiv.org/abs/2106.09685. Options: `rslora` scales
by alpha / sqrt(r), which keeps large ranks useful (Kalajdzievski 2023, https://arxiv.org/abs/2312.03732); `dora` learns
the length of each column of W apart from its direction (Liu et al. 2024, https://arxiv.org/abs/2402.09353), which is slower.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from finetune.base import Model
from finetune.recipe import Options, Recipe
from models.errors import InputError

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP = ("gate_proj", "up_proj", "down_proj")


class LoraOptions(Options):
    """r: rank. alpha: scale; what is added counts alpha / r. dropout: of what A reads. targets: which projections of every layer."""

    r: Annotated[int, Field(ge=1, le=512)] = 8
    alpha: Annotated[int, Field(ge=1)] = 16
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    targets: Literal["all", "attention", "mlp"] = "all"
    rslora: bool = False
    dora: bool = False


class Lora:
    """See the module."""

    name = "lora"
    label = "LoRA"
    label_ko = "LoRA (저랭크 어댑터)"
    serves: tuple[Literal["local", "hf"], ...] = ("local", "hf")
    whole = False
    Options = LoraOptions

    def loading(self) -> dict[str, Any]:
        return {}

    def prepare(self, model: Model, recipe: Recipe) -> Model:
        """Never adapts the embeddings: they are tied to the output, and an adapter on one side would tear them apart."""
        return add_lora(model, LoraOptions.model_validate(recipe.options))

    def save(self, model: Model, folder: Path) -> None:
        save_peft(model, folder)

    def load(self, base: Model, folder: Path) -> Model:
        return load_peft(base, folder)


def add_lora(model: Model, options: LoraOptions) -> Model:
    """Freezes the model and puts the matrices beside its projections."""
    from peft import LoraConfig, get_peft_model

    targets = {"all": ATTENTION + MLP, "attention": ATTENTION, "mlp": MLP}[options.targets]
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=options.r,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=list(targets),
        use_rslora=options.rslora,
        use_dora=options.dora,
    )
    return get_peft_model(model, config)


def save_peft(model: Model, folder: Path) -> None:
    """peft's own form, without embeddings, which did not learn, and without its empty card: the registry writes a true one."""
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)


def load_peft(base: Model, folder: Path) -> Model:
    """Raises InputError where the files fit another base."""
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(base, folder)
    except (RuntimeError, ValueError, OSError) as error:
        why = " ".join(str(error).split())[:200]
        detail = f"{folder.name} does not fit this base ({why}): choose the base that its method.json names"
        raise InputError(detail=detail, text_key="finetune.other_base", name=folder.name) from error


METHOD = Lora()
