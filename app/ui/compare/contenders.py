"""Choosing who answers: a row a contender, each with a model and a prompt technique."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.templates import Templates, is_own
from app.ui.compare import answerers
from app.ui.compare.contest import Rival
from app.ui.events import Visit, connect
from app.ui.i18n import catalog
from app.ui.page import Page
from app.ui.theme import panel

FEWEST, MOST = 2, 4
FIRST = ("few_shot", "zero_shot", "role", "chain_of_thought")


@dataclass(slots=True)
class Row:
    """One contender's components."""

    box: Any
    backend: Any
    prompt: Any
    drop: Any | None


@dataclass(slots=True)
class Chooser:
    """count: state, how many rows are shown."""

    rows: list[Row]
    count: Any
    add: Any

    def values(self) -> list[Any]:
        """Inputs of an event that needs the choice; `rivals` reads their values."""
        return [self.count, *(part for row in self.rows for part in (row.backend, row.prompt))]


def build(page: Page, templates: Templates) -> Chooser:
    """Lays the rows out and connects adding and dropping them."""
    import gradio as gr

    panel("cm-side-who", "", f"<h6>{page.text('compare.who')}</h6>")
    rows = [_row(page, templates, place) for place in range(MOST)]
    add = gr.Button(page.text("compare.add"), size="sm", elem_id="cm-side-add", elem_classes="cm-quiet")
    chooser = Chooser(rows, gr.State(FEWEST), add)
    _connect(page, templates, chooser)
    return chooser


def _row(page: Page, templates: Templates, place: int) -> Row:
    import gradio as gr

    letter = "ABCD"[place]
    with gr.Row(elem_classes="cm-contender", elem_id=f"cm-contender-{place}", visible=place < FEWEST) as box:
        with gr.Column(min_width=0):
            backend = gr.Dropdown(
                answerers.choices(page),
                value=page.context.settings.backend,
                label=page.text("compare.backend_of", letter=letter),
                show_label=False,
                container=False,
                filterable=False,
                elem_classes="cm-pick",
                elem_id=f"cm-who-{place}",
            )
            prompt = gr.Dropdown(
                prompt_choices(page, templates, ""),
                value=FIRST[place],
                label=page.text("compare.prompt_of", letter=letter),
                show_label=False,
                container=False,
                filterable=False,
                elem_classes="cm-pick",
                elem_id=f"cm-how-{place}",
            )
        drop = None
        if place >= FEWEST:
            drop = gr.Button("×", size="sm", min_width=0, elem_classes="cm-drop", elem_id=f"cm-drop-{place}")
    return Row(box, backend, prompt, drop)


def _connect(page: Page, templates: Templates, chooser: Chooser) -> None:
    import gradio as gr

    boxes = [row.box for row in chooser.rows]
    shown = [chooser.count, chooser.add, *boxes]

    def visible(count: int) -> list[Any]:
        return [count, gr.Button(visible=count < MOST), *(gr.Row(visible=i < count) for i in range(MOST))]

    def more(_visit: Visit, count: int) -> list[Any]:
        return visible(min(count + 1, MOST))

    def less(place: int) -> Any:
        def drop(_visit: Visit, count: int, *last: Any) -> list[Any]:
            return [*visible(max(count - 1, FEWEST)), *last]  # what stood below moves up

        return drop

    connect(page, chooser.add.click, more, chooser.count, shown)
    for place, row in enumerate(chooser.rows):
        if row.drop is not None:
            below = chooser.rows[min(place + 1, MOST - 1)]
            moved = [row.backend, row.prompt]
            connect(page, row.drop.click, less(place), [chooser.count, below.backend, below.prompt], [*shown, *moved])

    def refreshed(visit: Visit, *chosen: Any) -> list[Any]:
        backends, prompts = answerers.choices(page), prompt_choices(page, templates, visit.owner)
        known = [value for _, value in prompts]
        updates: list[Any] = []
        for i, prompt in enumerate(chosen):
            kept = prompt if prompt in known else FIRST[i]
            updates += [gr.Dropdown(choices=backends), gr.Dropdown(choices=prompts, value=kept)]
        return updates

    everything = [part for row in chooser.rows for part in (row.backend, row.prompt)]
    connect(page, page.ready.change, refreshed, [row.prompt for row in chooser.rows], everything)


def prompt_choices(page: Page, templates: Templates, owner: str) -> list[tuple[str, str]]:
    """(label, value) of the techniques, the learner's own behind them."""
    return [(prompt_label(page, template.name, own), value) for value, template, own in templates.all(owner)]


def prompt_label(page: Page, name: str, own: bool = False) -> str:
    """A technique's name for people."""
    key = f"prompt.{name}"
    return page.text(key) if not own and key in catalog(page.lang) else name


def rivals(page: Page, templates: Templates, owner: str, values: Sequence[Any]) -> list[Rival]:
    """The chosen contenders, from the values of `Chooser.values`. Raises InputError for a prompt that is gone."""
    count, *choices = values
    pairs = list(zip(choices[::2], choices[1::2], strict=True))[: max(FEWEST, min(int(count), MOST))]
    return [rival(page, templates, owner, str(backend), str(prompt)) for backend, prompt in pairs]


def rival(page: Page, templates: Templates, owner: str, backend: str, prompt: str) -> Rival:
    """One contender. backend: a value of `answerers.choices`. Raises InputError for a prompt or an adapter that is gone."""
    from chains.compare import Contender

    who, template = answerers.find(page, backend), templates.get(owner, prompt)
    named = prompt_label(page, template.name, is_own(prompt))
    return Rival(
        Contender(who.backend, template=template, adapter=who.adapter),
        f"{who.name} · {templates.identity(owner, prompt)}",
        f"{who.title} · {named}",
        who.missing,
    )
