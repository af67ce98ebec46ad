"""프롬프트 실험: techniques on the left, the opened one as an editable template in the middle, trying it out on the right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.templates import OWN, is_own
from app.ui.compare import examples, trial
from app.ui.compare.arena import Arena
from app.ui.compare.contenders import prompt_choices
from app.ui.events import Visit, connect
from app.ui.i18n import catalog
from app.ui.markup import inline
from app.ui.page import Page
from app.ui.theme import panel
from models.errors import InputError

if TYPE_CHECKING:
    from chains.templates import PromptTemplateText

FIRST = "few_shot"
EDITED = " *"
NAME_CHARACTERS = 60


@dataclass(slots=True)
class Parts:
    """The section's components. fields: the editor, in the order of `read`."""

    pick: Any
    about: Any
    fields: list[Any]
    save: Any
    reset: Any
    delete: Any


def build(page: Page, arena: Arena, _voted: Any) -> None:
    """Lay the section out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-lab", elem_classes="cm-grid"):
        parts = _layout(page, arena)
        trial.build(page, arena, parts.pick, parts.fields)
    _connect(page, arena, parts)


def _layout(page: Page, arena: Arena) -> Parts:
    import gradio as gr

    t, template = page.text, arena.templates.get("", FIRST)
    name, rules, shots, human, final, samples, temperature = values(page, template, FIRST)
    with gr.Column(elem_classes="cm-col cm-col-left cm-form", min_width=0):
        pick = gr.Radio(
            prompt_choices(page, arena.templates, ""), value=FIRST, label=t("lab.techniques"), elem_id="cm-lab-pick"
        )
        about = panel("cm-lab-about", "", about_html(page, FIRST))
    with gr.Column(elem_classes="cm-col cm-form", elem_id="cm-lab-editor", min_width=0):
        boxes: list[Any] = [
            gr.Textbox(name, label=t("lab.name"), max_length=NAME_CHARACTERS, elem_id="cm-lab-name"),
            gr.Textbox(rules, label=t("lab.rules"), lines=6, max_lines=14, elem_id="cm-lab-rules"),
            gr.Textbox(
                shots,
                label=t("lab.examples"),
                info=t("lab.examples_lead"),
                lines=4,
                max_lines=10,
                elem_id="cm-lab-examples",
            ),
            gr.Textbox(
                human, label=t("lab.human"), info=t("lab.human_lead"), lines=3, max_lines=8, elem_id="cm-lab-human"
            ),
        ]
        with gr.Row(elem_classes="cm-line"):
            boxes += [
                gr.Textbox(final, label=t("lab.final"), info=t("lab.final_lead"), min_width=130, elem_id="cm-lab-final"),
                gr.Number(samples, precision=0, label=t("lab.samples"), info=t("lab.samples_lead"), min_width=110, elem_id="cm-lab-samples"),
                gr.Textbox(temperature, label=t("lab.temperature"), info=t("lab.temperature_lead"), min_width=110, elem_id="cm-lab-temperature"),
            ]  # fmt: skip
        with gr.Row(elem_classes="cm-line"):
            save = gr.Button(t("lab.save"), size="md", min_width=90, elem_id="cm-lab-save")
            reset = gr.Button(t("lab.reset"), size="md", min_width=90, elem_id="cm-lab-reset")
            delete = gr.Button(t("lab.delete"), size="md", min_width=90, visible=False, elem_id="cm-lab-delete")
    return Parts(pick, about, boxes, save, reset, delete)


def values(page: Page, template: PromptTemplateText, value: str) -> tuple[Any, ...]:
    """What the editor shows of a template; a technique is offered under a name of one's own."""
    name = template.name if is_own(value) else page.text("lab.my", name=page.text(f"prompt.{template.name}"))
    warmth = "" if template.temperature is None else f"{template.temperature:g}"
    shots = examples.write(template.examples)
    return name, template.rules, shots, template.human, template.final, template.samples, warmth


def read(
    name: str, rules: str, shots: str, human: str, final: str, samples: Any, temperature: str
) -> PromptTemplateText:
    """The editor's content as a template. Raises InputError, which names the field and the next step."""
    from chains.templates import PromptTemplateText, shipped

    try:
        warmth = float(temperature) if temperature.strip() else None
    except ValueError:
        detail = f"The prompt has temperature={temperature!r}; give a number from 0 to 2."
        raise InputError(detail=detail, text_key="prompt.temperature", value=temperature) from None
    if name.strip() in shipped():
        detail = f"{name!r} is the name of a technique that ships; choose another."
        raise InputError(detail=detail, text_key="lab.name_taken", name=name)
    return PromptTemplateText(
        name.strip(), rules, examples.read(shots), human, final.strip(), int(samples or 0), warmth
    )


def edited(arena: Arena, owner: str, value: str, fields: tuple[Any, ...]) -> tuple[str, PromptTemplateText]:
    """The opened template as the editor holds it, and its value; "" where it differs from what is stored.

    Raises InputError where it cannot be used.
    """
    content, stored = read(*fields), arena.templates.get(owner, value)
    if replace(content, name=stored.name) == stored:
        return value, stored
    name = (
        content.name if is_own(value) and content.name != stored.name else content.name[: NAME_CHARACTERS - 2] + EDITED
    )
    return "", replace(content, name=name)


def about_html(page: Page, value: str) -> str:
    """One sentence on the technique."""
    key = f"prompt.{value}_about"
    words = page.text(key) if key in catalog(page.lang) else page.text("lab.own_about")
    return f'<p class="cm-hint">{inline(words)}</p><p class="cm-hint">{page.text("lab.lead")}</p>'


def _connect(page: Page, arena: Arena, parts: Parts) -> None:
    import gradio as gr

    def opened(visit: Visit, value: str) -> list[Any]:
        template = arena.templates.get(visit.owner, value)
        return [about_html(page, value), gr.Button(visible=is_own(value)), *values(page, template, value)]

    def listed(visit: Visit, value: str) -> Any:
        choices = prompt_choices(page, arena.templates, visit.owner)
        return gr.Radio(choices=choices, value=value if value in {v for _, v in choices} else FIRST)

    def save(visit: Visit, *fields: Any) -> tuple[Any, Any]:
        template = read(*fields)
        arena.templates.save(visit.owner, template)
        gr.Info(page.text("lab.saved", name=template.name))
        return listed(visit, OWN + template.name), page.changed()

    def delete(visit: Visit, value: str) -> tuple[Any, Any]:
        arena.templates.delete(visit.owner, value)
        return listed(visit, FIRST), page.changed()

    editor = [parts.about, parts.delete, *parts.fields]
    connect(page, parts.pick.change, opened, parts.pick, editor)
    connect(page, parts.reset.click, opened, parts.pick, editor)
    connect(page, parts.save.click, save, parts.fields, [parts.pick, page.ready])
    connect(page, parts.delete.click, delete, parts.pick, [parts.pick, page.ready])
    connect(page, page.ready.change, listed, parts.pick, parts.pick)
