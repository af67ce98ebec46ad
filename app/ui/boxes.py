"""The box that people type into at the foot of a tab: its send button becomes a stop button while something runs."""

from __future__ import annotations

from typing import Any

from app.ui.page import Page


def typing_box(page: Page, tab: str, elem_id: str, autofocus: bool = False) -> Any:
    """The box of a tab; its texts are `<tab>.placeholder` and `<tab>.send`."""
    import gradio as gr

    words = page.text(f"{tab}.placeholder")
    return gr.Textbox(
        placeholder=words,
        label=words,
        container=False,
        max_lines=8,
        autofocus=autofocus,
        submit_btn=page.text(f"{tab}.send"),
        elem_id=elem_id,
    )


def box_update(page: Page, tab: str, busy: bool | None, words: str | None = None) -> Any:
    """What changes of it: whether something runs, what stands in it; None leaves either as it is."""
    import gradio as gr

    changes: dict[str, Any] = {} if words is None else {"value": words}
    if busy is not None:
        changes["submit_btn"] = False if busy else page.text(f"{tab}.send")
        changes["stop_btn"] = page.text("chat.stop") if busy else False
    return gr.Textbox(**changes)
