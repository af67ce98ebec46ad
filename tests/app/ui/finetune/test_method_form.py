"""The recipe's form: every key has its place and its words, and what is filled in becomes a recipe or a plain refusal."""

from __future__ import annotations

from typing import Any

import pytest

from app.ui.finetune.method import recipe_of, wished
from app.ui.finetune.method_view import FIRST, GROUPS
from app.ui.i18n import LANGUAGES, catalog
from finetune.recipe import Recipe, methods
from models.errors import InputError


def test_every_key_stands_in_one_place() -> None:
    placed = [*FIRST, *(key for keys in GROUPS.values() for key in keys)]
    assert sorted(placed) == sorted(set(Recipe.model_fields) - {"method", "options"})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_is_explained(lang: Any) -> None:
    keys = [f"recipe.{key}" for key in Recipe.model_fields if key not in {"method", "options"}]
    keys += [f"recipe.options.{key}" for method in methods().values() for key in method.Options.model_fields]
    wanted = [*keys, *(f"{key}_lead" for key in keys)]
    wanted += [f"method.{name}.{part}" for name in methods() for part in ("line", "about")]
    assert [key for key in wanted if key not in catalog(lang)] == []


@pytest.mark.parametrize("method", list(methods()))
def test_a_form_as_it_stands_is_a_recipe(method: str) -> None:
    values = {
        "data": "mine",
        "run_name": " first ",
        "steps": "12",
        "learning_rate": "1e-4",
        "questions": "하나?\n\n둘?",
    }
    recipe, name = wished(method, values)
    assert (recipe.method, recipe.steps, recipe.learning_rate, name) == (method, 12, 1e-4, "first")
    assert recipe.questions == ("하나?", "둘?")
    assert recipe.base == recipe_of(method).base


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "dataset"),
        ({"data": "mine", "steps": "-1"}, "steps"),
        ({"data": "mine", "evil": "1"}, "evil"),
        ({"data": "mine", "options.r": "0"}, "r"),
    ],
)
def test_what_cannot_be_is_refused_by_name(values: dict[str, str], named: str) -> None:
    with pytest.raises(InputError, match=named):
        wished("lora", values)
