"""A recipe: everything a run is made of, in one YAML file that can be read, compared and run again.

    recipe = load(Path("finetune/recipes/lora.yaml"))
    recipe = changed(recipe, {"steps": "100", "options.r": "16"})

Shipped recipes stand in finetune/recipes with every key explained. An unknown key fails and names the nearest known one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from finetune.base import Method
from models.discovery import discover
from models.errors import InputError

SHIPPED = Path(__file__).with_name("recipes")
QUESTIONS = (
    "과적합이란 무엇이고 어떻게 줄이나요?",
    "파이썬에서 리스트의 합을 구하는 함수를 작성해 줘.",
    "대한민국의 수도는 어디인가요?",
)


class Options(BaseModel):
    """Base of what a method can be told: each method's file declares its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Recipe(BaseModel):
    """Every choice of a run. Units are in the names or the comments; the defaults are those of `lora` on two cores."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = "lora"
    """A file of finetune/methods."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Of the method, see its file; left out ones take its defaults."""
    base: str = "qwen2.5-coder-0.5b"
    """What is trained: a name of the weights' catalogue, an id of the hub, or a folder of safetensors."""
    data: str = ""
    """A dataset of this home (`coursemate finetune data list`)."""

    steps: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Updates of the weights; 0: as many as `epochs` needs."""
    epochs: Annotated[float, Field(gt=0, le=100)] = 1.0
    """How often each example is read; not used where `steps` is set."""
    batch_tokens: Annotated[int, Field(ge=16, le=1_048_576)] = 1024
    """Tokens read at once; memory grows with it."""
    accumulation: Annotated[int, Field(ge=1, le=1024)] = 1
    """Batches whose gradients are added up for one step: a larger batch in the memory of a small one."""
    max_tokens: Annotated[int, Field(ge=16, le=131_072)] = 1024
    """Examples that are longer are left out, and counted."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 3e-4
    """The highest, reached after the warm-up."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How it goes down to 0 from there."""
    warmup: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of the steps in which it rises from 0."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    clip: Annotated[float, Field(ge=0)] = 1.0
    """Longest gradient (its norm); 0: not clipped."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto: bf16 where the processor or GPU computes in it, else fp32."""
    checkpointing: bool = False
    """Computes activations again instead of keeping them: a third slower, much less memory."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """Of the processor; 0: as many as there are cores."""

    validate_every: Annotated[int, Field(ge=0)] = 20
    """Steps between two looks at the validation part; 0: none."""
    validation_examples: Annotated[int, Field(ge=1, le=100_000)] = 40
    """The first so many of the part are read each time."""
    early_stop: Annotated[int, Field(ge=0)] = 0
    """Validations in a row without a better loss that end the run; 0: never."""
    watch_every: Annotated[int, Field(ge=0)] = 0
    """Steps between two measurements of what is forgotten (finetune/watch.toml); 0: only before and after."""
    ask_every: Annotated[int, Field(ge=0)] = 0
    """Steps between two answers to `questions`; 0: only before and after."""
    questions: Annotated[tuple[str, ...], Field(max_length=10)] = QUESTIONS
    save_every: Annotated[int, Field(ge=1)] = 20
    """Steps between two checkpoints to resume from."""
    keep: Annotated[int, Field(ge=1, le=100)] = 2
    """Checkpoints that stay; the newest."""
    wall_clock_min: Annotated[float, Field(ge=0)] = 0.0
    """Minutes after which the run stops by itself and keeps what it has; 0: no limit."""
    report_to: Literal["", "tensorboard", "mlflow"] = ""
    """A second place for the curves, beside the journal."""

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        if self.max_tokens > self.batch_tokens:
            raise ValueError(f"max_tokens={self.max_tokens} is more than batch_tokens={self.batch_tokens}: lower it")
        return self


@cache
def methods() -> dict[str, Method]:
    """Name -> method, in the order of their files."""
    return {method.name: method for method in discover("finetune.methods", "METHOD").values()}


def shipped() -> dict[str, Path]:
    """Name -> file of the recipes that come with CourseMate."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}


def find(name: str) -> Recipe:
    """A shipped recipe by name, or any file by path. Raises InputError."""
    known = shipped()
    if name in known:
        return load(known[name])
    if not Path(name).is_file():
        detail = f"there is no recipe {name!r}: use one of {', '.join(known)}, or the path of a YAML file"
        raise InputError(detail=detail, text_key="finetune.no_recipe", name=name, known=", ".join(known))
    return load(Path(name))


def load(path: Path) -> Recipe:
    """Raises InputError for a file that is no recipe, with the key and what would do."""
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
        detail = f"{path.name} cannot be read as a recipe: {problem}"
        raise InputError(detail=detail, text_key="finetune.recipe_unreadable", name=path.name, why=problem) from error
    if not isinstance(values, dict):
        detail = f"{path.name} is no recipe: write one `key: value` a line"
        raise InputError(detail=detail, text_key="finetune.recipe_shapeless", name=path.name)
    return parse(values)


def parse(values: Mapping[str, Any]) -> Recipe:
    """The recipe with the options of its method made complete. Raises InputError."""
    name, known = values.get("method", "lora"), methods()
    if name not in known:
        detail = f"there is no method {name!r}: use one of {', '.join(known)}"
        raise InputError(detail=detail, text_key="finetune.no_method", name=str(name), known=", ".join(known))
    try:
        recipe = Recipe.model_validate(dict(values))
    except ValidationError as error:
        raise _explained(error, list(Recipe.model_fields), "") from None
    try:
        options = known[name].Options.model_validate(recipe.options)
    except ValidationError as error:
        raise _explained(error, list(known[name].Options.model_fields), "options.") from None
    return recipe.model_copy(update={"options": options.model_dump()})


def changed(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with other values; `options.r` reaches into the options. A change of method starts from its own options.

    Raises InputError.
    """
    merged = recipe.model_dump()
    if values.get("method", recipe.method) != recipe.method:
        merged["options"] = {}
    for key, value in values.items():
        outer, _, inner = key.partition(".")
        if inner and outer == "options":
            merged["options"] = {**merged["options"], inner: value}
        else:
            merged[key] = value
    return parse(merged)


def dump(recipe: Recipe) -> str:
    """The recipe as YAML, all keys in their order."""
    import yaml

    text: str = yaml.safe_dump(recipe.model_dump(mode="json"), allow_unicode=True, sort_keys=False)
    return text


def _explained(error: ValidationError, known: list[str], where: str) -> InputError:
    """The first complaint as ours: which key, which value, and what would do."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
        hint = where + near[0] if near else ", ".join(where + name for name in known)
        detail = f"a recipe has no key {where + key!r}: " + (
            f"did you mean {hint!r}?" if near else f"the keys are {hint}"
        )
        return InputError(detail=detail, text_key="finetune.unknown_key", key=where + key, hint=hint)
    why, value = first["msg"].removeprefix("Value error, "), str(first["input"])[:80]
    detail = (
        f"{where + key} = {value} in the recipe cannot be used: {why}" if key else f"the recipe cannot be used: {why}"
    )
    return InputError(detail=detail, text_key="finetune.bad_value", key=where + key, value=value, why=why)
