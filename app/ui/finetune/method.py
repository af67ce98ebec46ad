"""방법: the methods on the left, the recipe to fill in and what a probe says of it in the middle, how the method works right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.ui.events import Visit, connect
from app.ui.finetune import method_view as view
from app.ui.finetune.shared import Shared
from app.ui.finetune.training import runs
from app.ui.making import Watched
from app.ui.page import Page
from app.ui.theme import panel, script
from finetune.data.store import Datasets
from finetune.recipe import Recipe, changed, find, methods, shipped
from models.errors import CourseMateError, InputError

Updates = dict[Any, Any]
FIRST_METHOD = "lora"


@dataclass(slots=True)
class Parts:
    """The section's panels. chosen: state, name of the method."""

    shared: Shared
    listed: Any
    form: Any
    plan: Any
    right: Any
    chosen: Any


def build(page: Page, shared: Shared) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-bench-method", elem_classes="cm-grid cm-bench-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            listed = panel("cm-method-list", script("bench"))
        with gr.Column(elem_classes="cm-col", min_width=0):
            form = panel("cm-recipe-form", script("bench"))
            plan = panel("cm-plan", script("bench"))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            right = panel("cm-method-about", "")
    parts = Parts(shared, listed, form, plan, right, gr.State(FIRST_METHOD))
    _connect(page, parts)


def recipe_of(method: str) -> Recipe:
    """The shipped recipe of that name, or the method's defaults."""
    return find(method) if method in shipped() else changed(Recipe(), {"method": method})


def _shown(page: Page, parts: Parts, name: str, values: Mapping[str, Any] | None = None) -> Updates:
    known = methods()
    name = name if name in known else FIRST_METHOD
    recipe = changed(recipe_of(name), values) if values else recipe_of(name)
    datasets = sorted(Datasets(page.context.home).all(), key=lambda dataset: dataset.about.made, reverse=True)
    names = [dataset.about.name for dataset in datasets]
    return {
        parts.listed: view.choices(page, known, name),
        parts.form: view.form(page, recipe, known[name].Options, names, _bases(page)),
        parts.plan: "",
        parts.right: view.explained(page, name, known[name]),
        parts.chosen: name,
    }


def _bases(page: Page) -> list[str]:
    """Models that can be trained: those of the catalogue whose weights are here first."""
    weights = page.context.weights()
    found = [entry.name for entry in weights.entries() if entry.kind == "gguf"]
    return sorted(found, key=lambda name: weights.path(name) is None)


def wished(method: str, values: Mapping[str, Any]) -> tuple[Recipe, str]:
    """The recipe of a filled form, and the run's name. Raises InputError for a value that cannot be."""
    given = {str(key): value for key, value in values.items() if str(value).strip() != "" or key == "report_to"}
    name = str(given.pop("run_name", "")).strip()
    if "questions" in given:
        given["questions"] = [line.strip() for line in str(given["questions"]).splitlines() if line.strip()]
    if not given.get("data"):
        raise InputError(detail="Choose a dataset first; make one in the step before.", text_key="bench.data_first")
    return changed(recipe_of(method), given), name


def _connect(page: Page, parts: Parts) -> None:
    def choose(visit: Visit) -> Updates:
        return _shown(page, parts, visit.words("method"))

    def refreshed(_visit: Visit, chosen: str) -> Updates:
        return _shown(page, parts, chosen)

    def start(visit: Visit) -> Iterator[Updates]:
        yield from _start(page, parts, visit)

    def probe(visit: Visit) -> Iterator[Updates]:
        yield from _probe(page, parts, visit)

    shown = [parts.listed, parts.form, parts.plan, parts.right, parts.chosen]
    connect(page, parts.listed.method, choose, None, shown)
    connect(page, parts.form.start, start, None, [parts.plan, parts.shared.run, parts.shared.tabs])
    connect(page, parts.form.probe, probe, None, parts.plan)
    connect(page, page.ready.change, refreshed, parts.chosen, shown)
    connect(page, parts.shared.data.change, refreshed, parts.chosen, shown)


def _start(page: Page, parts: Parts, visit: Visit) -> Iterator[Updates]:
    """The run begins in a process of its own, and the page turns to it."""
    import gradio as gr

    recipe, name = _recipe(visit)
    yield {parts.plan: view.starting(page)}
    try:
        run = runs(page).start(recipe, name)
    except CourseMateError:
        yield {parts.plan: ""}
        raise
    yield {parts.plan: "", parts.shared.run: run.name, parts.shared.tabs: gr.Tabs(selected="training")}


def _recipe(visit: Visit) -> tuple[Recipe, str]:
    values = visit.data.get("values")
    return wished(visit.words("method"), values if isinstance(values, dict) else {})


def _probe(page: Page, parts: Parts, visit: Visit) -> Iterator[Updates]:
    """Three steps, and what they say of all."""
    recipe, _ = _recipe(visit)
    watched: Watched[str] = Watched("")

    def measure() -> str:
        from finetune.probe import probe

        settings: Any = page.context.settings
        return view.probed(page, probe(recipe, page.context.home, settings.weights_dir).to_dict())

    yield {parts.plan: view.probing(page)}
    for _ in watched.run(page, measure, view.refused):
        pass
    yield {parts.plan: watched.now}
