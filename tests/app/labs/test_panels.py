"""Figures join into one, and a slider shows what differs between them."""

from __future__ import annotations

import json

from app.labs.base import Shown, from_row, to_row
from app.labs.drawing import document, drawn
from app.labs.figures import Axes, bars, heatmap, line
from app.labs.panels import panels, stepped

LAB = "figures"


def joined(height: float) -> object:
    parts = [line("loss", {"train": [1, 2]}), bars("count", ["a"], {"count": [height]}), heatmap("x1", [[1, 2]] * 2)]
    return panels("both", parts)


def test_each_panel_has_its_own_axes_and_its_name_above() -> None:
    made = panels("both", [line("loss", {"train": [1]}, Axes("step", "loss")), heatmap("x1", [[1, 2], [3, 4]])])
    assert [trace["xaxis"] for trace in made.data] == ["x", "x2"]
    assert made.data[1]["showscale"] is False
    left, right = made.layout["xaxis"], made.layout["xaxis2"]
    assert left["domain"][1] < right["domain"][0] and left["title"]["text"] == "step"
    assert made.layout["yaxis2"]["scaleanchor"] == "x2" and right["anchor"] == "y2"
    assert [note["text"] for note in made.layout["annotations"]] == ["loss", "x1"]


def test_rows_run_from_top_to_bottom() -> None:
    layout = joined(1).layout
    assert layout["yaxis3"]["domain"][1] < layout["yaxis"]["domain"][0] == layout["yaxis2"]["domain"][0]


def test_a_slider_keeps_only_what_moves() -> None:
    made = stepped({"0": joined(3), "1": joined(4), "2": joined(3)}, "step", "1")
    assert [frame["name"] for frame in made.frames] == ["0", "1", "2"]
    assert [frame["traces"] for frame in made.frames] == [[1]] * 3
    assert [frame["data"] for frame in made.frames] == [[{"y": [3]}], [{"y": [4]}], [{"y": [3]}]]
    assert made.data[1]["y"] == [4]
    (slider,) = made.layout["sliders"]
    assert slider["active"] == 1 and [step["args"][0] for step in slider["steps"]] == [["0"], ["1"], ["2"]]


def test_it_is_drawn_and_kept_with_its_frames() -> None:
    made = stepped({"0": joined(3), "1": joined(4)}, "step", "0")
    korean = drawn(LAB, made, "ko")
    assert korean["layout"]["sliders"][0]["currentvalue"]["prefix"] == "학습 단계 "
    assert len(korean["frames"]) == 2
    assert "frames" not in drawn(LAB, line("loss", {"train": [1]}), "ko")
    again = from_row(json.loads(json.dumps(to_row(Shown(made)))))
    assert again.block.frames[1]["data"] == [{"y": [4]}]
    assert '"frames"' in document(LAB, made, "ko")
