"""The look: the palette of the sketch as a Gradio theme, and the style sheets. Local fonts only; light in every mode."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "static"
FONTS = ("NanumGothic", "Nanum Gothic", "Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic")
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "DejaVu Sans Mono", "NanumGothicCoding", "D2Coding", "monospace")
GREEN = (
    "#f4f9f7",
    "#e8f1ee",
    "#d3e5df",
    "#b3d2c8",
    "#7fb1a2",
    "#4f8f7d",
    "#2f6f5e",
    "#285e50",
    "#214d42",
    "#1a3c34",
    "#122a25",
)
GREY = (
    "#fbfbfa",
    "#f7f7f5",
    "#efefec",
    "#e6e6e3",
    "#c9c9c6",
    "#a0a0a5",
    "#6e6e73",
    "#515154",
    "#3a3a3c",
    "#1d1d1f",
    "#101012",
)

VALUES = {
    "body_background_fill": "#f7f7f5",
    "body_text_color": "#1d1d1f",
    "body_text_color_subdued": "#6e6e73",
    "background_fill_primary": "#ffffff",
    "background_fill_secondary": "#fbfbfa",
    "block_background_fill": "#ffffff",
    "block_border_color": "#e6e6e3",
    "block_label_text_color": "#6e6e73",
    "block_title_text_color": "#6e6e73",
    "block_title_text_weight": "700",
    "block_title_text_size": "12px",
    "block_shadow": "none",
    "border_color_primary": "#e6e6e3",
    "border_color_accent": "#2f6f5e",
    "input_background_fill": "#ffffff",
    "input_border_width": "1px",
    "input_border_color": "#cfd8d4",
    "input_border_color_focus": "#2f6f5e",
    "input_shadow_focus": "0 0 0 3px #e8f1ee",
    "input_placeholder_color": "#8a8a90",
    "button_primary_background_fill": "#2f6f5e",
    "button_primary_background_fill_hover": "#285e50",
    "button_primary_text_color": "#ffffff",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_hover": "#f4f9f7",
    "button_secondary_text_color": "#1d1d1f",
    "button_secondary_border_color": "#e6e6e3",
    "button_border_width": "1px",
    "checkbox_background_color_selected": "#2f6f5e",
    "checkbox_border_color_selected": "#2f6f5e",
    "checkbox_label_background_fill_selected": "#e8f1ee",
    "checkbox_label_text_color_selected": "#1d1d1f",
    "color_accent_soft": "#e8f1ee",
    "link_text_color": "#2f6f5e",
    "loader_color": "#2f6f5e",
}


def theme() -> Any:
    """The theme; its dark half equals its light half, so a dark desktop does not get a half-dark page."""
    import gradio as gr
    from gradio.themes.utils.colors import Color

    look = gr.themes.Base(
        primary_hue=Color(*GREEN, name="green"),
        secondary_hue=Color(*GREEN, name="green"),
        neutral_hue=Color(*GREY, name="grey"),
        font=[*FONTS, "sans-serif"],
        font_mono=list(MONO),
        radius_size=gr.themes.sizes.radius_lg,
    ).set(**VALUES)
    for name in [name for name in vars(look) if name.endswith("_dark")]:
        setattr(look, name, getattr(look, name.removesuffix("_dark"), getattr(look, name)))
    return look


@cache
def head() -> str:
    """Style sheets and the page's script, for the document's head."""
    styles = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.css")))
    script = (STATIC / "page.js").read_text(encoding="utf-8")
    return f"<style>\n{styles}\n</style>\n<script>\n{script}\n</script>"


def script(name: str) -> str:
    """The `js_on_load` of a panel: static/<name>.js."""
    return (STATIC / f"{name}.js").read_text(encoding="utf-8")


def panel(elem_id: str, js_on_load: str, value: str = "") -> Any:
    """HTML of our own as a component. Its template is the bare value, because Gradio evaluates what Handlebars tags put in."""
    import gradio as gr

    return gr.HTML(value, elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)
