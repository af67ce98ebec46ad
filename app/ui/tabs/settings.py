"""설정: who can answer and what each lacks, keys, models and their download, speed and language, and the doctor's view."""

from __future__ import annotations

from typing import Any

from app.ui import cabinet
from app.ui.context import SPEEDS, BackendInfo
from app.ui.events import Visit, connect
from app.ui.i18n import LANGUAGES
from app.ui.lacks import label_of
from app.ui.page import Page, Tab
from app.ui.theme import panel, script

LOOK_S = 0.5


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-settings"):
        with gr.Column(elem_classes="cm-col", min_width=0):
            _backends(page)
            _keys(page)
            _compatible(page)
        with gr.Column(elem_classes="cm-col", min_width=0):
            _general(page)
            _models(page)
            _doctor(page)


TAB = Tab("settings", 90, build)


def _title(page: Page, name: str) -> None:
    panel(
        f"cm-title-{name}", "", f"<h3>{page.text(f'settings.{name}')}</h3><p>{page.text(f'settings.{name}_lead')}</p>"
    )


def _backends(page: Page) -> None:
    import gradio as gr

    with gr.Column(elem_classes="cm-section", min_width=0):
        _title(page, "backends")
        listing = panel("cm-backends", "")
    connect(page, page.ready.change, lambda _visit: cabinet.backends(page.context.backends(), page.lang), None, listing)


def _keys(page: Page) -> None:
    """One line a provider. The field is emptied as soon as the key has been taken; it is never filled from here."""
    import gradio as gr

    takers = [info for info in page.context.backends() if info.key_variable]
    if not takers:
        return
    with gr.Column(elem_classes="cm-section", min_width=0):
        _title(page, "keys")
        for info in takers:
            _key(page, info)


def _key(page: Page, info: BackendInfo) -> None:
    import gradio as gr

    label = label_of(info, page.lang)
    with gr.Row(elem_classes="cm-line"):
        field = gr.Textbox(
            label=f"{label} ({info.key_variable})",
            type="password",
            placeholder=page.text("settings.key_hint"),
            elem_id=f"cm-key-{info.name}",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
            scale=4,
        )
        save = gr.Checkbox(label=page.text("settings.save_key"), elem_id=f"cm-save-{info.name}", scale=2, min_width=130)
        take = gr.Button(
            page.text("settings.take_key"), size="md", elem_id=f"cm-take-{info.name}", scale=1, min_width=72
        )
        forget = gr.Button(
            page.text("settings.forget_key"), size="md", elem_id=f"cm-forget-{info.name}", scale=1, min_width=72
        )

    def enter(_visit: Visit, key: str, keep: bool) -> tuple[str, str]:
        if key.strip():
            page.context.set_key(info.name, key.strip(), keep)
            gr.Info(page.text("settings.key_saved" if keep else "settings.key_taken", backend=label))
        return "", page.changed()

    def drop(_visit: Visit) -> tuple[str, str]:
        page.context.set_key(info.name, "", False)
        gr.Info(page.text("settings.key_forgotten", backend=label))
        return "", page.changed()

    connect(page, take.click, enter, [field, save], [field, page.ready])
    connect(page, field.submit, enter, [field, save], [field, page.ready])
    connect(page, forget.click, drop, None, [field, page.ready])


def _compatible(page: Page) -> None:
    """The models of the providers, and where a server of one's own is."""
    import gradio as gr

    names = [name for name in ("base_url", "compatible_model", "openai_model", "gemini_model") if _has(page, name)]
    with gr.Column(elem_classes="cm-section", min_width=0):
        _title(page, "providers")
        fields = [
            gr.Textbox(
                value=getattr(page.context.settings, name),
                label=page.text(f"settings.{name}"),
                placeholder=page.text(f"settings.{name}_hint"),
                elem_id=f"cm-{name}",
            )
            for name in names
        ]
        keep = gr.Button(page.text("settings.save"), size="md", elem_id="cm-save-providers")

    def store(_visit: Visit, *values: str) -> str:
        page.context.change_settings(**{name: value.strip() for name, value in zip(names, values, strict=True)})
        gr.Info(page.text("settings.saved"))
        return page.changed()

    connect(page, keep.click, store, fields, page.ready)


def _has(page: Page, name: str) -> bool:
    return hasattr(page.context.settings, name)


def _general(page: Page) -> None:
    import gradio as gr

    speeds = [(page.text(f"speed.{name}"), name) for name in SPEEDS]
    languages = [(page.text(f"settings.language_{name}"), name) for name in LANGUAGES]
    settings = page.context.settings
    with gr.Column(elem_classes="cm-section", min_width=0):
        _title(page, "general")
        speed = gr.Radio(speeds, value=settings.speed, label=page.text("settings.speed"), elem_id="cm-default-speed")
        language = gr.Radio(
            languages, value=settings.language, label=page.text("settings.language"), elem_id="cm-default-language"
        )
        panel("cm-speed-lead", "", f"<p>{page.text('settings.speed_lead')}</p>")

    def set_speed(_visit: Visit, value: str) -> str:
        page.context.change_settings(speed=value)
        gr.Info(page.text("settings.saved"))
        return value

    def set_language(_visit: Visit, value: str) -> None:
        page.context.change_settings(language=value)
        gr.Info(page.text("settings.language_saved"))

    connect(page, speed.input, set_speed, speed, page.speed)
    connect(page, language.input, set_language, language)


def _models(page: Page) -> None:
    """The model of the local backend, and what can be fetched. A timer looks at downloads while there are some."""
    import gradio as gr

    with gr.Column(elem_classes="cm-section", min_width=0):
        _title(page, "models")
        with gr.Row(elem_classes="cm-line"):
            model = gr.Dropdown(
                cabinet.model_choices(page),
                value=page.context.settings.model,
                label=page.text("settings.model"),
                info=page.text("settings.model_hint"),
                allow_custom_value=True,
                elem_id="cm-model",
                scale=5,
            )
            keep = gr.Button(page.text("settings.save"), size="md", elem_id="cm-save-model", scale=1, min_width=72)
        weights = panel("cm-weights", script("table"))
    timer = gr.Timer(LOOK_S, active=False)

    def look(_visit: Visit) -> tuple[str, Any]:
        return cabinet.weights(page), gr.Timer(active=page.downloads.active())

    def pull(visit: Visit) -> tuple[str, Any]:
        page.downloads.start(visit.words("id"))
        return cabinet.weights(page), gr.Timer(active=True)

    def cancel(visit: Visit) -> tuple[str, Any]:
        page.downloads.cancel(visit.words("id"))
        return look(visit)

    def store(_visit: Visit, value: str | None) -> str:
        page.context.change_settings(model=(value or "").strip())
        gr.Info(page.text("settings.saved"))
        return page.changed()

    watched = [weights, timer]
    connect(page, timer.tick, look, None, watched)
    connect(page, page.ready.change, look, None, watched)
    connect(page, weights.pull, pull, None, watched)
    connect(page, weights.cancel, cancel, None, watched)
    connect(page, keep.click, store, model, page.ready)


def _doctor(page: Page) -> None:
    import gradio as gr

    with gr.Column(elem_classes="cm-section", min_width=0):
        _title(page, "doctor")
        findings = panel("cm-doctor", "")
        look = gr.Button(page.text("settings.examine"), size="md", elem_id="cm-examine")
    connect(page, look.click, lambda _visit: cabinet.doctor(page.context.doctor(), page.lang), None, findings)
