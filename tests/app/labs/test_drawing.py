"""Figures get words and the house's look when they are drawn; keys without words stay as they are."""

from __future__ import annotations

import json

import pytest

from app.labs import figures
from app.labs.base import Figure, Score
from app.labs.drawing import cell, cells, document, drawn, figure_of, named, phrase, plotly_js, span
from app.labs.figures import Axes, Cells

LAB = "figures"  # the words that all labs share serve as a lab's own


def test_axes_and_curves_speak_the_language() -> None:
    made = figures.line("loss", {"train": [1, 0.5], "강아지": [1, 2]})
    korean, english = drawn(LAB, made, "ko"), drawn(LAB, made, "en")
    assert korean["layout"]["xaxis"]["title"]["text"] == "학습 단계"
    assert english["layout"]["yaxis"]["title"]["text"] == "loss"
    assert [trace["name"] for trace in korean["data"]] == ["학습 데이터", "강아지"]
    assert made.data[0]["name"] == "train", "the figure itself is not changed"


def test_the_look_is_laid_under_what_the_figure_says() -> None:
    made = drawn(LAB, Figure("a", [], {"xaxis": {"gridcolor": "#123456"}, "margin": {"t": 99}}, height=500), "ko")
    assert made["layout"]["xaxis"]["gridcolor"] == "#123456" and made["layout"]["xaxis"]["automargin"]
    assert made["layout"]["margin"]["t"] == 99 and made["layout"]["margin"]["l"] == 44
    assert made["layout"]["height"] == 500
    assert "Nanum" in made["layout"]["font"]["family"]


def test_colour_bars_are_named_and_ticks_without_words_stay() -> None:
    made = drawn(LAB, figures.heatmap("a", [[1, 2]], Cells(["나"], ["x", "y"], bar="share"), Axes()), "ko")
    assert made["data"][0]["colorbar"]["title"]["text"] == "비율"
    assert made["layout"]["xaxis"]["ticktext"] == ["x", "y"]


def test_a_phrase_is_filled_and_its_particles_fit() -> None:
    assert phrase(LAB, "axis_loss", "ko") == "손실"
    assert phrase(LAB, "no such key", "ko") == "no such key"
    assert named(LAB, "axis", "step", "en") == "training step" and named(LAB, "axis", "키", "en") == "키"


def test_a_document_needs_nothing_else() -> None:
    page = document(LAB, figures.bars("</script>", ["</script>"], {"count": [1]}), "ko")
    assert plotly_js().read_text(encoding="utf-8")[:200] in page
    assert page.count("</script>") == 2, "nothing of the figure ends the script"
    assert "src=" not in page.split("<body>")[1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (12345, "12,345"),
        (0.25, "0.25"),
        (2.0, "2"),
        (0.0000123, "1.23e-05"),
        ("글", "글"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_as_people_read_them(value: float | str, shown: str) -> None:
    assert cell(value) == shown


def test_a_score_says_its_unit_and_where_it_usually_is() -> None:
    share = Score("accuracy", 0.912, 0.87, 1.0, "share")
    assert figure_of(share, share.value) == "91.2%" and span(share) == "87.0% – 100.0%"
    assert span(Score("loss", 1.0, high=0.5, unit="loss")) == "≤ 0.500" and span(Score("n", 1, low=2)) == "≥ 2"
    assert span(Score("n", 1)) == ""


def test_everything_drawn_is_json() -> None:
    made = drawn(LAB, figures.images("a", [[[0.5, 1.0]]], ["하나"]), "ko")
    assert "하나" in json.dumps(made, ensure_ascii=False, allow_nan=False)


def test_cells_that_are_labels_speak_the_language() -> None:
    assert cells("eda", ("점수", "kind_number", 3, 0.5), "ko") == ["점수", "수", "3", "0.5"]
    assert cells("eda", ("점수", "kind_number", 3, 0.5), "en")[1] == "number"
