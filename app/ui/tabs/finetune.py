"""파인튜닝: from data over a method and its training to a comparison, the adapters that came of it, and lessons."""

from __future__ import annotations

from app.ui.finetune import lessons
from app.ui.page import Page, Tab

STEPS = {"lessons": lessons.build}


def build(page: Page) -> None:
    """Lay the tab out: a step each in a tab of its own."""
    import gradio as gr

    with gr.Tabs(elem_id="cm-bench"):
        for name, step in STEPS.items():
            with gr.Tab(page.text(f"bench.{name}"), id=name, elem_id=f"cm-section-bench-{name}", render_children=True):
                step(page)


TAB = Tab("finetune", 60, build)
