"""파인튜닝: from data over a method and its training to a comparison, the adapters that came of it, and lessons."""

from __future__ import annotations

from typing import Any

from app.ui.finetune import adapters, compare, data, lessons, method, training
from app.ui.finetune.shared import Shared
from app.ui.page import Page, Tab

STEPS = {
    "data": data.build,
    "method": method.build,
    "training": training.build,
    "compare": compare.build,
    "adapters": adapters.build,
}


def build(page: Page) -> None:
    """Lay the tab out: a step each in a tab of its own."""
    import gradio as gr

    shared = Shared(
        data=gr.State(""), adapters=gr.State(""), run=gr.State("")
    )  # outside: children of Tabs are tabs alone
    with gr.Tabs(elem_id="cm-bench", overflow_behavior="wrap") as shared.tabs:
        for name, step in STEPS.items():
            with _tab(page, name):
                step(page, shared)
        with _tab(page, "lessons"):
            lessons.build(page)


def _tab(page: Page, name: str) -> Any:
    import gradio as gr

    return gr.Tab(page.text(f"bench.{name}"), id=name, elem_id=f"cm-section-bench-{name}", render_children=True)


TAB = Tab("finetune", 60, build)
