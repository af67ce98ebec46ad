"""The bar on top: the name, how the application is doing, who answers and how thoroughly, and the language."""

from __future__ import annotations

from typing import Any

from app.ui.context import SPEEDS, BackendInfo, Status
from app.ui.events import Visit, connect
from app.ui.i18n import localize
from app.ui.icons import icon
from app.ui.lacks import label_of
from app.ui.markup import attribute, inline
from app.ui.page import Page

POLL_S = 1.0


def build(page: Page) -> Any:
    """Lay the bar out; sets the page's switches and returns the component that shows the state."""
    import gradio as gr

    from app.ui.theme import panel

    with gr.Row(elem_id="cm-header"):
        panel("cm-brand", "", _brand(page))
        status = panel("cm-status", "", status_html(page, page.context.status()))
        page.backend = gr.Dropdown(
            backend_choices(page),
            value=page.context.settings.backend,
            label=page.text("header.backend"),
            show_label=False,
            container=False,
            filterable=False,
            elem_id="cm-backend",
        )
        page.speed = gr.Dropdown(
            [(page.text(f"speed.{name}"), name) for name in SPEEDS],
            value=page.context.settings.speed,
            label=page.text("header.speed"),
            show_label=False,
            container=False,
            filterable=False,
            elem_id="cm-speed",
        )
        panel("cm-language", "", _languages(page))
    return status


def connect_status(page: Page, status: Any) -> None:
    """Look at the state every second until it has settled; tell the tabs when the page opens and when it is ready."""
    import gradio as gr

    timer = gr.Timer(POLL_S)

    def look(_visit: Visit, seen: str) -> tuple[Any, Any, Any, Any]:
        now = page.context.status()
        settled = now.state != "starting"
        mark = _mark(now)
        choices = gr.Dropdown(choices=backend_choices(page)) if mark != seen else gr.skip()
        return status_html(page, now), mark, gr.Timer(active=not settled), choices

    looks = [status, page.ready, timer, page.backend]
    connect(page, timer.tick, look, [page.ready], looks)
    connect(page, page.blocks.load, look, [page.ready], looks)


def _mark(status: Status) -> str:
    return f"{status.state} {status.step}"


def backend_choices(page: Page) -> list[tuple[str, str]]:
    """(label with its model, name) of every backend, usable or not: choosing one that lacks something says what."""
    usual = page.context.settings.backend
    infos = sorted(page.context.backends(), key=lambda info: (info.name != usual, info.missing is not None))
    return [(_choice(page, info), info.name) for info in infos if info.name != "fake" or info.name == usual]


def _choice(page: Page, info: BackendInfo) -> str:
    label = label_of(info, page.lang)
    return f"{label} · {info.model.rsplit('/', 1)[-1]}" if info.model else label


def status_html(page: Page, status: Status) -> str:
    """A dot and a word; the reason where something is wrong."""
    word = page.text(f"header.{status.state}")
    reason = localize(status.error, page.lang) if status.error else ""
    if status.state == "starting" and status.step:
        reason = page.text(f"status.{status.step}")
        if status.total:
            reason += f" {status.done}/{status.total}"
    more = f'<span class="cm-status-reason">{inline(reason)}</span>' if reason else ""
    title = attribute(reason or word)
    return (
        f'<div class="cm-state cm-{status.state}" role="status" title="{title}"><i></i><span>{word}</span>{more}</div>'
    )


def _brand(page: Page) -> str:
    return (
        f'<button type="button" class="cm-act cm-drawer" data-drawer="left" aria-label="{page.text("header.conversations")}">'
        f"{icon('menu')}</button><b>{page.text('page.name')}</b>"
    )


def _languages(page: Page) -> str:
    evidence = (
        f'<button type="button" class="cm-pill cm-drawer" data-drawer="right">{page.text("header.evidence")}</button>'
    )
    links = '<span class="cm-slash"> / </span>'.join(
        f'<a href="{path_of(page, lang)}" data-language="{lang}"{" aria-current=true" if lang == page.lang else ""} lang="{lang}">{lang.upper()}</a>'
        for lang in ("ko", "en")
    )
    return f"{evidence}<span>{links}</span>"


def path_of(page: Page, lang: str) -> str:
    """Where the page of a language is served: the user's own language at the root."""
    return "/" if lang == page.context.settings.language else f"/{lang}/"
