"""비교: answers side by side, prompts as an experiment, whole question sets, and who was preferred."""

from __future__ import annotations

from app.ui.compare import batch, lab, side, standing
from app.ui.page import Page, Tab

SECTIONS = {"side": side.build, "lab": lab.build, "batch": batch.build, "standing": standing.build}


def build(page: Page) -> None:
    """Lay the tab out: a section each in a tab of its own."""
    import gradio as gr

    if page.arena is None:
        raise RuntimeError("the tab is built where no arena was opened")
    voted = gr.State("")
    with gr.Tabs(elem_id="cm-sections", overflow_behavior="wrap"):
        for name, section in SECTIONS.items():
            with gr.Tab(page.text(f"compare.{name}"), id=name, elem_id=f"cm-section-{name}", render_children=True):
                section(page, page.arena, voted)


TAB = Tab("compare", 40, build)
