"""Recipes: complete, explained, and unforgiving about keys they do not know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from finetune import recipe as recipes
from finetune.recipe import Recipe
from models.errors import InputError


@pytest.mark.parametrize("name", sorted({*recipes.shipped()} - {"assistant"}))
def test_shipped_recipes_explain_every_key(name: str) -> None:
    path = recipes.shipped()[name]
    recipe = recipes.load(path)
    assert recipe.method in recipes.methods()
    keys = [line for line in path.read_text(encoding="utf-8").splitlines() if re.match(r" *\w+:", line)]
    plain = ("method:", "options:", "questions:")
    silent = [line for line in keys if "#" not in line and not line.startswith(plain)]
    assert silent == []


def test_the_first_recipe_holds_every_key_and_its_default() -> None:
    text = recipes.shipped()["lora"].read_text(encoding="utf-8")
    assert [name for name in Recipe.model_fields if not re.search(rf"^{name}:", text, re.MULTILINE)] == []
    assert recipes.find("lora") == recipes.parse({})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"learing_rate": 1e-4}, "did you mean 'learning_rate'"),
        ({"options": {"droput": 0.1}}, "did you mean 'options.dropout'"),
        ({"options": {"layers": 2}}, "the keys are options.r"),
        ({"method": "lorra"}, "there is no method 'lorra'"),
        ({"steps": "many"}, "steps = many"),
        ({"options": {"r": 0}}, "options.r = 0"),
        ({"max_tokens": 2048}, "max_tokens=2048 is more than batch_tokens=1024"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        recipes.parse(values)


@pytest.mark.parametrize("text", ["- a\n- b", "steps: [", "\x00", "just words"])
def test_a_file_that_is_no_recipe(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml"):
        recipes.load(path)


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    recipe = recipes.parse({"method": "partial", "options": {"layers": 3}, "learning_rate": "5e-5", "data": "수업"})
    path = tmp_path / "mine.yaml"
    path.write_text(recipes.dump(recipe), encoding="utf-8")
    assert recipes.find(str(path)) == recipe
    with pytest.raises(InputError, match="there is no recipe 'yours'"):
        recipes.find("yours")


def test_changes_reach_into_the_options() -> None:
    recipe = recipes.changed(recipes.parse({}), {"steps": "7", "options.r": "16"})
    assert (recipe.steps, recipe.options["r"], recipe.options["alpha"]) == (7, 16, 16)
    other = recipes.changed(recipe, {"method": "adapter"})
    assert other.options == {"size": 32}
    with pytest.raises(InputError, match=r"options\.rank"):
        recipes.changed(recipe, {"options.rank": "3"})
