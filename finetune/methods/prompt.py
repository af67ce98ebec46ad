"""Prompt tuning: a few made-up tokens before the text, whose embeddings learn; not one weight of the model does.

Lester, Al-Rfou and Constant 2021, https://arxiv.org/abs/2104.08691. Small models need a high learning rate and a start from real words:
from random embeddings they hardly learn (peft's own comparison: 0.186 against 0.358), so ours start as the text of `init`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from finetune.base import Model
from finetune.methods.lora import load_peft, save_peft
from finetune.recipe import Options, Recipe


class PromptOptions(Options):
    """tokens: how many stand before the text. init: the words they start as, repeated or cut to that number."""

    tokens: Annotated[int, Field(ge=1, le=512)] = 16
    init: Annotated[str, Field(min_length=1, max_length=2000)] = (
        "주어진 자료만 근거로 한국어로 정확하게 답하고 근거의 번호를 적으세요."
    )


class Prompt:
    """See the module."""

    name = "prompt"
    label = "Prompt tuning"
    label_ko = "프롬프트 튜닝"
    serves: tuple[Literal["local", "hf"], ...] = ("hf",)
    whole = False
    Options = PromptOptions

    def loading(self) -> dict[str, Any]:
        return {}

    def prepare(self, model: Model, recipe: Recipe) -> Model:
        from peft import PromptTuningConfig, get_peft_model

        options = PromptOptions.model_validate(recipe.options)
        config = PromptTuningConfig(
            task_type="CAUSAL_LM",
            num_virtual_tokens=options.tokens,
            prompt_tuning_init="TEXT",
            prompt_tuning_init_text=options.init,
            tokenizer_name_or_path=model.config.name_or_path,
        )
        return get_peft_model(model, config)

    def save(self, model: Model, folder: Path) -> None:
        save_peft(model, folder)

    def load(self, base: Model, folder: Path) -> Model:
        return load_peft(base, folder)


METHOD = Prompt()
