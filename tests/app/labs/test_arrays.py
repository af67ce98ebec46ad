"""Shapes are read as people write them, and aligned as NumPy aligns them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.labs.arrays import LAB, Axis, broadcast, multiply, read_shape, shape_of
from app.labs.base import Desk, Said, Shown, Table, read_values
from models.errors import InputError

LENGTHS = [(), (1,), (3,), (4,), (1, 4), (3, 1), (3, 4), (4, 3), (2, 3, 4), (2, 1, 4), (5, 2, 3, 1), (0, 4), (1, 1)]
FULL = [shape for shape in LENGTHS if shape]


@pytest.mark.parametrize(
    ("said", "shape"),
    [
        ("(3, 4)", (3, 4)),
        ("3,4", (3, 4)),
        ("[3 4]", (3, 4)),
        (" 3×4 ", (3, 4)),
        ("3 x 4", (3, 4)),
        ("(5,)", (5,)),
        ("()", ()),
        ("0, 007", (0, 7)),
    ],
    ids=str,
)
def test_a_shape_is_read_as_people_write_it(said: str, shape: tuple[int, ...]) -> None:
    assert read_shape(said) == shape


@pytest.mark.parametrize(
    "said", ["가", "-1", "3.5", "🙂", "(3, a)", "²", "3, 99999999999999999999", "1," * 40, "٣"], ids=ascii
)
def test_what_is_no_shape_is_told(said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_shape(said)
    assert caught.value.params["text_key"] in {"no_shape", "too_many"}


def of(axes: list[Axis]) -> tuple[int, ...] | None:
    """The result's shape; None where the arrays do not fit."""
    return None if any(axis.clashes for axis in axes) else shape_of(axes)


def of_numpy(operation: Callable[..., tuple[int, ...]], *shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return operation(*shapes)
    except ValueError:
        return None


@pytest.mark.parametrize("left", LENGTHS, ids=str)
def test_broadcasting_is_numpys(left: tuple[int, ...]) -> None:
    for right in LENGTHS:
        assert of(broadcast(left, right)) == of_numpy(np.broadcast_shapes, left, right), right


@pytest.mark.parametrize("left", FULL, ids=str)
def test_the_matrix_product_is_numpys(left: tuple[int, ...]) -> None:
    for right in FULL:
        wanted = of_numpy(lambda a, b: (np.zeros(a) @ np.zeros(b)).shape, left, right)
        assert of(multiply(left, right)) == wanted, right


def shown(home: Path, **values: str) -> dict[str, object]:
    events = LAB.compute(Desk(home), **read_values(LAB, values))
    return {event.block.name: event.block for event in events if isinstance(event, Shown)}


def test_the_three_tries_come_out_as_told(home: Path) -> None:
    blocks = [shown(home, **one.values) for one in LAB.tries]  # type: ignore[arg-type]
    said = [block["verdict"] for block in blocks]
    assert [one.key for one in said] == ["fits", "clash", "fits"]
    assert (said[0].values["shape"], said[2].values["shape"]) == ("(3, 4)", "(2, 5, 4)")
    assert blocks[1]["remedy"].values["shape"] == "(3, 1)"


def test_small_results_are_drawn_and_large_ones_only_told(home: Path) -> None:
    small = shown(home, left="(3, 1)", right="(4,)")
    assert small["result"].data[0]["z"][2] == [2.0, 12.0, 22.0, 32.0]
    large = shown(home, left="(1000000, 1)", right="(1000000,)")
    assert "result" not in large
    assert large["memory"].values["mb"] == "8e+06"


def test_the_code_says_what_was_computed(home: Path) -> None:
    blocks = shown(home, left="(2, 3)", right="(3,)", operation="matmul")
    assert isinstance(blocks["align"], Table)
    assert "np.arange(6).reshape((2, 3))" in blocks["code"].source
    scalar = shown(home, left="()", right="3", operation="matmul")["verdict"]
    assert isinstance(scalar, Said) and scalar.key == "no_scalar"
