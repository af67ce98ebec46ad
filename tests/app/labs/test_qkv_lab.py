"""Q, K and V by hand: what the lab asks comes true, its row by hand is the library's, and matrices that do not fit are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk, Score, Shown, Value, read_values  # noqa: E402
from app.labs.qkv import EXACT, LAB  # noqa: E402
from models.errors import InputError  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def run(home: Path, **values: Value) -> tuple[dict[tuple[str, str], Any], dict[str, float]]:
    events = list(LAB.compute(Desk(home), **read_values(LAB, values)))
    found = {(type(e.block).__name__, e.block.name): e.block for e in events if isinstance(e, Shown)}
    return found, {e.name: e.value for e in events if isinstance(e, Score)}


@pytest.mark.parametrize(("positions", "changes"), [("none", False), ("sinusoidal", True), ("rotary", True)])
def test_only_positions_tell_the_order(home: Path, positions: str, changes: bool) -> None:
    found, scores = run(home, **{**LAB.tries[0].values, "positions": positions})
    assert (scores["order_gap"] > 0.01) == changes
    assert found["Said", "order"].key == ("order_matters" if changes else "order_lost")


def test_the_first_word_sees_itself_alone_under_a_mask(home: Path) -> None:
    found, _ = run(home, **LAB.tries[1].values)
    shares = found["Figure", "shares_1"].data[0]["z"]
    assert shares[0] == [1, 0, 0, 0]
    assert [row[2] for row in found["Table", "by_hand"].rows][1:] == ["-∞"] * 3
    assert found["Said", "looks"].values["share"] == "100"


def test_without_the_root_one_key_takes_nearly_all(home: Path) -> None:
    _, scores = run(home, **LAB.tries[2].values)
    assert scores["largest_undivided"] > 0.9
    assert scores["largest_divided"] < 0.4


@pytest.mark.parametrize("heads", ["1", "2"])
@pytest.mark.parametrize("mask", ["none", "causal"])
def test_every_way_it_is_torchs(home: Path, heads: str, mask: str) -> None:
    found, scores = run(home, heads=heads, mask=mask, positions="rotary")
    assert scores["apart"] < EXACT
    assert ("Figure", f"shares_{heads}") in found


def test_the_row_by_hand_is_the_figures(home: Path) -> None:
    found, _ = run(home, query=3)
    shares = found["Figure", "shares_1"].data[0]["z"][2]
    assert [row[4] for row in found["Table", "by_hand"].rows] == pytest.approx(shares, abs=1e-3)
    assert found["Said", "looks"].values == {"word": "사과를", "at": "빨간", "share": "61"}


BAD = {
    "no numbers": ({"x": "하나 둘"}, "no_matrix"),
    "uneven rows": ({"x": "1 2 / 3"}, "no_matrix"),
    "nothing but parts": ({"wq": " / / "}, "no_matrix"),
    "not a number": ({"wk": "nan 1"}, "no_matrix"),
    "too large": ({"wk": "1e9"}, "no_matrix"),
    "too wide": ({"wk": "1 2 3 4 5 6 7 8 9"}, "no_matrix"),
    "a word more": ({"words": "하나 둘 셋 넷 다섯"}, "wrong_rows"),
    "too many words": ({"words": "가 " * 9}, "too_many_words"),
    "queries and keys differ": ({"wk": "1 / 1 / 1 / 1"}, "wrong_columns"),
    "odd heads": ({"wv": "1 / 1 / 1 / 1", "heads": "2"}, "uneven"),
    "odd turns": ({"wq": "1 / 1 / 1 / 1", "wk": "1 / 1 / 1 / 1", "positions": "rotary"}, "uneven"),
    "odd vectors": ({"words": "가", "x": "1", "wq": "1", "wk": "1", "wv": "1", "positions": "sinusoidal"}, "uneven"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_named(home: Path, case: str) -> None:
    values, key = BAD[case]
    with pytest.raises(InputError) as caught:
        run(home, **values)  # type: ignore[arg-type]
    assert caught.value.params["text_key"] == key


def test_one_word_and_rows_by_line(home: Path) -> None:
    found, _ = run(home, words="🙂", x="1, 2", wq="1 0\n0 1", wk="1 0\n0 1", wv="3\n4", query=8, mask="causal")
    assert found["Table", "taken"].rows == (("🙂", "1, 2", "11"),)
