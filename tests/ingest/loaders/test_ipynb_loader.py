"""Notebooks: cells, headings across cells, outputs in short, and JSON that is none."""

import json

import pytest


def notebook(*cells: dict, version: int = 4, **more) -> str:
    return json.dumps({"nbformat": version, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more})


def markdown(source: str) -> dict:
    return {"cell_type": "markdown", "source": source.splitlines(keepends=True)}


def code(source: str, *outputs: dict) -> dict:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def test_cells_carry_the_headings_above_them(read):
    pages = read(
        "a.ipynb",
        notebook(markdown("# 1장\n설명 **굵게**"), markdown("## 절"), code("# 주석\nx = 1"), markdown("## 끝")),
    )
    assert [(page.locator.cell, page.locator.headings) for page in pages] == [
        (1, ("1장",)),
        (3, ("1장", "절")),
        (4, ("1장", "끝")),
    ]
    assert [page.text for page in pages] == ["설명 굵게", "```python\n# 주석\nx = 1\n```", "끝"]


def test_outputs_are_shortened_and_pictures_left_out(read):
    outputs = (
        {"output_type": "stream", "text": [f"\x1b[31mepoch {i}\x1b[0m\n" for i in range(100)]},
        {
            "output_type": "display_data",
            "data": {"image/png": "AAAA" * 9_999, "text/plain": "<Figure size 640x480 with 1 Axes>"},
        },
    )
    [page] = read("a.ipynb", notebook(code("train()", *outputs)))
    assert page.text.count("epoch") == 15
    assert page.text.endswith("epoch 14\n…\n```")
    [page] = read(
        "b.ipynb",
        notebook(code("1/0", {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero"})),
    )
    assert "ZeroDivisionError: division by zero" in page.text


def test_language_and_old_format(read):
    [page] = read("a.ipynb", notebook(code("x <- 1"), metadata={"language_info": {"name": "R"}}))
    assert page.text.startswith("```R\n")
    cells = [{"cell_type": "heading", "level": 2, "source": "제목"}, {"cell_type": "code", "input": "x"}]
    old = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]})
    assert read("b.ipynb", old)[0].locator.headings == ("제목",)


def test_content_decides(read):
    assert read("a.txt", notebook(code("x")))[0].locator.cell == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"nbformat": 4, "cells": [', "broken"),
        ("[1, 2]", "broken"),
        ("그냥 글", "broken"),
        ('{"nbformat": 2}', "unsupported"),
        ('{"cells": []}', "unsupported"),
        ('{"nbformat": 4, "cells": 7}', "broken"),
        ('{"nbformat": 4, "cells": []}', "empty"),
        (
            '{"nbformat": 4, "cells": [1, null, {"cell_type": "code", "source": 5, "outputs": 7}, {"source": {}}]}',
            "empty",
        ),
        ('{"nbformat": 3, "worksheets": 4}', "broken"),
        ("[" * 100_000, "broken"),
    ],
)
def test_broken_notebooks(reason, content, expected):
    assert reason("a.ipynb", content) == expected
