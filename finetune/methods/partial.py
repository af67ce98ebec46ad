"""Partial fine-tuning: only the top layers learn, those next to the output; the layers below stay frozen.

The older form of transfer learning: the lower layers know the language, the upper ones the task (Howard and Ruder 2018,
https://arxiv.org/abs/1801.06146). The backward pass ends where the frozen part begins, so a step is quicker than a full one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from finetune.base import Model
from finetune.methods.full import load_whole, save_whole, thaw
from finetune.recipe import Options, Recipe
from models.errors import InputError


class PartialOptions(Options):
    """layers: how many learn, counted from the top; the norm behind them always does."""

    layers: Annotated[int, Field(ge=1, le=1024)] = 2


class Partial:
    """See the module."""

    name = "partial"
    label = "Partial (top layers)"
    label_ko = "부분 미세 조정 (위쪽 층)"
    serves: tuple[Literal["local", "hf"], ...] = ("hf",)
    whole = True
    Options = PartialOptions

    def loading(self) -> dict[str, Any]:
        return {}

    def prepare(self, model: Model, recipe: Recipe) -> Model:
        options, layers = PartialOptions.model_validate(recipe.options), model.base_model.layers
        if options.layers > len(layers):
            detail = f"options.layers={options.layers}, but the base has {len(layers)} layers: give at most that many"
            raise InputError(
                detail=detail, text_key="finetune.too_many_layers", layers=options.layers, most=len(layers)
            )
        model.requires_grad_(False)
        thaw(*layers[-options.layers :], model.base_model.norm)
        return model

    def save(self, model: Model, folder: Path) -> None:
        save_whole(model, folder)

    def load(self, base: Model, folder: Path) -> Model:
        return load_whole(base, folder)


METHOD = Partial()
