"""Method and recipe as HTML: which way of learning, five things to set, all others folded, and what a probe says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from app.ui.finetune.run_view import duration
from app.ui.i18n import catalog
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page
from finetune.base import Method
from finetune.recipe import Recipe

FIRST = ("data", "base", "steps", "learning_rate")
"""What everybody sees, beside the first option of the method."""
HIDDEN = frozenset({"method", "options", *FIRST})
GROUPS = {
    "reading": ("epochs", "batch_tokens", "accumulation", "max_tokens"),
    "learning": ("schedule", "warmup", "weight_decay", "clip", "seed"),
    "machine": ("precision", "checkpointing", "threads", "wall_clock_min", "report_to"),
    "watching": ("validate_every", "validation_examples", "early_stop", "watch_every", "ask_every", "questions", "save_every", "keep"),
}  # fmt: skip
MB = 1e6


def choices(page: Page, methods: Mapping[str, Method], chosen: str) -> str:
    """The methods, each with what it does in a line."""
    rows = "".join(
        f'<li><button type="button" class="cm-step-row{" on" if name == chosen else ""}" data-act="method" data-method="{name}">'
        f"<b>{inline(method.label_ko if page.lang == 'ko' else method.label)}</b><span>{_words(page, f'method.{name}.line')}</span></button></li>"
        for name, method in methods.items()
    )
    return f'<h6>{page.text("bench.methods")}</h6><ol class="cm-rows">{rows}</ol>'


def _words(page: Page, key: str) -> str:
    return inline(page.text(key)) if key in catalog(page.lang) else ""


def explained(page: Page, name: str, method: Method) -> str:
    """The right column: how the method works, where it comes from, who answers with what it makes."""
    about = f"method.{name}.about"
    body = blocks(page.text(about)) if about in catalog(page.lang) else ""
    serves = ", ".join(page.text(f"bench.serves_{backend}") for backend in method.serves)
    return (
        f'<h6>{page.text("bench.about_method")}</h6><div class="cm-body">{body}</div>'
        f'<dl class="cm-pairs"><dt>{page.text("bench.serves")}</dt><dd>{serves}</dd>'
        f"<dt>{page.text('bench.leaves')}</dt><dd>{page.text('bench.leaves_whole' if method.whole else 'bench.leaves_part')}</dd></dl>"
    )


def form(page: Page, recipe: Recipe, options: type[Any], datasets: Sequence[str], bases: Sequence[str]) -> str:
    """The recipe to fill in. options: the method's own, a pydantic model; its first field stands with the five."""
    if not datasets:
        return f'<h3>{page.text("bench.recipe")}</h3><p class="cm-empty">{page.text("bench.data_first")}</p>'
    own = list(options.model_fields)
    first = [
        _field(page, "data", _select("data", datasets, recipe.data)),
        _field(page, "base", _combo("base", bases, recipe.base)),
        _field(page, "steps", _input("steps", recipe.steps, Recipe)),
        _field(page, "learning_rate", _input("learning_rate", recipe.learning_rate, Recipe)),
        *(_option(page, options, recipe, name) for name in own[:1]),
    ]
    more = "".join(_option(page, options, recipe, name) for name in own[1:])
    groups = [(f"bench.group_{recipe.method}", more)] if more else []
    groups += [
        (f"bench.group_{group}", "".join(_of_recipe(page, recipe, name) for name in names))
        for group, names in GROUPS.items()
    ]
    folded = "".join(
        f'<section><h5>{page.text(title) if title in catalog(page.lang) else page.text("bench.group_own")}</h5><div class="cm-fields">{fields}</div></section>'
        for title, fields in groups
    )
    return (
        f'<form class="cm-recipe" data-method="{recipe.method}"><h3>{page.text("bench.recipe")}</h3>'
        f'<p class="cm-lead">{page.text("bench.recipe_lead")}</p><div class="cm-fields">{"".join(first)}</div>'
        f'<details class="cm-more"><summary>{page.text("bench.all_keys")}</summary>{folded}</details>'
        f"{_field(page, 'run_name', '<input name=run_name maxlength=50>')}"
        f'<div class="cm-try-go"><button type="submit" class="cm-pill cm-large" value="probe">{page.text("bench.probe")}</button>'
        f'<button type="submit" class="cm-primary" value="start">{page.text("bench.start")}</button></div></form>'
    )


def _field(page: Page, name: str, control: str) -> str:
    """A control with its name, its key in a recipe, and what it does."""
    title, told = f"recipe.{name}", f"recipe.{name}_lead"
    words = page.text(title) if title in catalog(page.lang) else name
    lead = f"<small>{inline(page.text(told))}</small>" if told in catalog(page.lang) else ""
    return f'<label class="cm-field"><span>{inline(words)} <code>{name}</code></span>{control}{lead}</label>'


def _of_recipe(page: Page, recipe: Recipe, name: str) -> str:
    return _field(page, name, _input(name, getattr(recipe, name), Recipe))


def _option(page: Page, options: type[Any], recipe: Recipe, name: str) -> str:
    value = recipe.options.get(name, options.model_fields[name].default)
    return _field(page, f"options.{name}", _input(name, value, options, f"options.{name}"))


def _input(name: str, value: Any, model: type[Any], key: str = "") -> str:
    """The control that suits the type of a field."""
    key, kind = key or name, model.model_fields[name].annotation
    if get_origin(kind) is Literal:
        return _select(key, [str(choice) for choice in get_args(kind)], str(value))
    if kind is bool:
        return _select(key, ["false", "true"], str(value).lower())
    if get_origin(kind) is tuple:
        return f'<textarea name="{key}" rows="3">{attribute(chr(10).join(value))}</textarea>'
    if kind in {int, float} or (isinstance(kind, UnionType) and {int, float} & set(get_args(kind))):
        shown = "" if value is None else f"{value:g}" if isinstance(value, float) else value
        return f'<input name="{key}" value="{shown}" inputmode="decimal" required>'
    return f'<input name="{key}" value="{attribute("" if value is None else value)}">'


def _select(key: str, values: Sequence[str], chosen: str) -> str:
    shown = "".join(
        f'<option value="{attribute(v)}"{" selected" if v == chosen else ""}>{inline(v) or "–"}</option>'
        for v in values
    )
    return f'<select name="{key}">{shown}</select>'


def _combo(key: str, values: Sequence[str], chosen: str) -> str:
    """A text with suggestions: any folder or hub id may stand there."""
    shown = "".join(f'<option value="{attribute(v)}">' for v in values)
    return f'<input name="{key}" value="{attribute(chosen)}" list="cm-bases" required><datalist id="cm-bases">{shown}</datalist>'


def probing(page: Page) -> str:
    """While the three steps are taken."""
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{page.text("bench.probing")} · '
        f'<span class="cm-elapsed"></span></span><span class="cm-progress cm-endless"><u></u></span></div>'
    )


def starting(page: Page) -> str:
    """While the run's process begins."""
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{page.text("bench.starting")} · '
        f'<span class="cm-elapsed"></span></span></div>'
    )


def probed(page: Page, found: Mapping[str, Any]) -> str:
    """What the probe measured, and whether it fits."""
    facts = {
        "per_step": duration_of(page, found.get("s_per_step")),
        "memory": f"{(found.get('peak_bytes') or 0) / MB:,.0f} MB",
        "steps": str(found.get("steps") or ""),
        "total": duration_of(page, found.get("total_s")),
        "trained_parameters": f"{found['trained_parameters']:,}" if found.get("trained_parameters") else "",
    }
    shown = "".join(
        f"<div><dt>{page.text(f'bench.probe_{name}')}</dt><dd>{value}</dd></div>"
        for name, value in facts.items()
        if value
    )
    return f'<section class="cm-probe" role="status"><h5>{page.text("bench.probed")}</h5><dl>{shown}</dl></section>'


def duration_of(page: Page, seconds: float | None) -> str:
    """Tenths below ten seconds."""
    if seconds is None:
        return ""
    return page.text("lessons.seconds", n=f"{seconds:.1f}") if seconds < 10 else duration(page, seconds)


def refused(words: str) -> str:
    """Why it cannot run so, with what would."""
    return f'<div class="cm-said cm-bad" role="status">{blocks(words)}</div>'
