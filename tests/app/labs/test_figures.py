"""Figures are plain JSON that Plotly reads, with keys where words will stand."""

from __future__ import annotations

import base64
import json
import struct
import zlib

import numpy as np
import pytest

from app.labs import figures
from app.labs.base import Figure
from app.labs.figures import Axes, Cells, Ground

GRID = Ground(np.linspace(-1, 1, 3), np.linspace(0, 2, 4), np.arange(12.0).reshape(4, 3))
MADE = {
    "line": figures.line("a", {"train": [3, 2, 1], "held": ([5, 10], [2.0, 1.5])}),
    "bars": figures.bars("a", ["강아지", "고양이"], {"count": np.array([2, 3])}, lying=True),
    "histogram": figures.histogram("a", {"count": np.array([0.0, 0.5, 1.0, 1.0])}, bins=2),
    "scatter": figures.scatter("a", {"train": ([0, 1], [1, 0])}, labels={"train": ["왕", "여왕"]}),
    "heatmap": figures.heatmap("a", np.eye(2), Cells(["a", "b"], ["c", "d"], shown=True, apart=True)),
    "confusion": figures.confusion("a", [[8, 2], [0, 0]], ["shirt", "coat"]),
    "surface": figures.surface("a", GRID, {"adam": ([0, 0.5, 1], [2, 1, 0])}),
    "boundary": figures.boundary("a", GRID, {"zero": ([0], [1]), "one": ([1], [0])}),
    "images": figures.images("a", np.zeros((3, 4, 4)), ["1", "2", "3"], columns=2),
}


@pytest.mark.parametrize("kind", MADE)
def test_every_figure_is_plain_json(kind: str) -> None:
    made = MADE[kind]
    assert isinstance(made, Figure)
    text = json.dumps([made.data, made.layout], allow_nan=False)
    assert json.loads(text)[0] == [dict(trace) for trace in made.data]


def test_a_diverging_curve_ends_instead_of_breaking_the_page() -> None:
    made = figures.line("loss", {"train": [1.0, float("inf"), float("nan"), 123456.789]})
    assert made.data[0]["y"] == [1.0, None, None, 123460.0]
    assert made.data[0]["x"] == [1, 2, 3, 4]


def test_a_histogram_counts_every_finite_value_once() -> None:
    values = np.array([0.0, 0.1, 0.5, 0.99, 1.0, np.nan])
    made = figures.histogram("a", {"count": values}, bins=4)
    assert made.data[0]["y"] == [2, 0, 1, 2]
    assert figures.histogram("a", {"count": [7, 7]}, bins=3).data[0]["y"] == [2, 0, 0]
    assert sum(figures.histogram("a", {"count": []}).data[0]["y"]) == 0


def test_a_confusion_matrix_is_coloured_by_share_and_says_counts() -> None:
    trace = MADE["confusion"].data[0]
    assert trace["z"] == [[0.8, 0.2], [0.0, 0.0]]
    assert trace["text"] == [[8, 2], [0, 0]]


def test_heights_by_their_logarithm() -> None:
    assert Ground([0, 1], [0], [[0.01, 100.0]], log=True).heights() == [[-2.0, 2.0]]


def test_lying_bars_grow_with_their_number() -> None:
    labels = [str(n) for n in range(40)]
    assert figures.bars("a", labels, {"count": range(40)}, lying=True).height > 900


def pixels(source: str) -> list[bytes]:
    """Rows of a picture that `png` made, three bytes a pixel."""
    raw = base64.b64decode(source.removeprefix("data:image/png;base64,"))
    wide, high = struct.unpack(">II", raw[16:24])
    body = zlib.decompress(raw[raw.index(b"IDAT") + 4 : -16])
    assert len(body) == high * (wide * 3 + 1)
    return [body[at + 1 : at + 1 + wide * 3] for at in range(0, len(body), wide * 3 + 1)]


@pytest.mark.parametrize("shape", [(2, 5, 5), (2, 5, 5, 3)], ids=["grey", "colour"])
def test_pictures_lie_side_by_side_with_their_own_values(shape: tuple[int, ...]) -> None:
    pictures = np.zeros(shape, dtype=np.uint8)
    pictures[1] = 200
    rows = pixels(figures.images("a", pictures).data[0]["source"])
    assert len(rows) == 5
    assert rows[0][:15] == bytes(15) and rows[0][-15:] == bytes([200] * 15)


def test_pictures_of_shares_and_of_bytes_look_the_same() -> None:
    shares, whole = np.full((1, 2, 2), 0.2), np.full((1, 2, 2), 51)
    assert figures.images("a", shares).data == figures.images("a", whole).data


def test_captions_stand_under_their_pictures() -> None:
    notes = MADE["images"].layout["annotations"]
    assert [note["text"] for note in notes] == ["1", "2", "3"]
    assert notes[0]["y"] < notes[2]["y"] and notes[0]["x"] == notes[2]["x"]


def test_axes_say_how_they_run() -> None:
    layout = figures.line("a", {"train": [1]}, Axes("step", "loss", log_x=True, log_y=True, span_y=(0, 1))).layout
    assert layout["xaxis"]["type"] == "log" == layout["yaxis"]["type"]
    assert layout["yaxis"]["range"] == [0, 1] and layout["xaxis"]["title"]["text"] == "step"
