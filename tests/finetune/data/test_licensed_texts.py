"""Texts of others: the licence decides, and what is read of them is prose."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from finetune.data.licensed import is_allowed, prose, read_licensed
from finetune.data.strategyqa import texts
from models.errors import InputError


def write(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "texts.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    return path


@pytest.mark.parametrize(
    "licence", ["MIT", "apache-2.0", "Apache 2.0", "CC BY 4.0", "CC-BY-4.0 text / Apache-2.0 code", "CC0"]
)
def test_permissive_licences_are_allowed(licence: str) -> None:
    assert is_allowed(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "CC-BY-SA-4.0",
        "CC-BY-SA-4.0 text / MIT code",
        "CC BY-ND 2.0 KR",
        "CC-BY-NC-4.0",
        "GPL-3.0",
        "",
        "unknown",
        "MIT AND GPL-3.0",
    ],
)
def test_the_others_are_not(licence: str) -> None:
    assert not is_allowed(licence)


def test_a_row_of_another_licence_is_refused_by_name(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"id": "a", "license": "MIT", "text": "x"}, {"id": "b", "license": "CC-BY-SA-4.0", "text": "y"}
    )
    with pytest.raises(InputError, match=r"texts.jsonl.gz, row 2: its licence 'CC-BY-SA-4.0'"):
        read_licensed(path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "a", "license": "MIT"}], "`text` is missing"),
        ([{"license": "MIT", "text": "x"}], "`id` is missing"),
        ([{"id": "a", "license": "MIT", "text": "x"}] * 2, "row 2: the id 'a' has stood before"),
        ([], "holds no text"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, rows: list[dict[str, str]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_licensed(write(tmp_path, *rows))


def test_a_file_that_is_no_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl.gz"
    path.write_bytes(b"not gzip")
    with pytest.raises(InputError, match="cannot be read"):
        read_licensed(path)


def test_what_is_read_is_prose() -> None:
    markdown = "# 제목 [[anchor]]\n\n![그림](a.png)\n> [링크](http://x)를 봅니다.\n\n```python\nx = 1\n```\n끝입니다."
    assert prose(markdown, "a.md") == "# 제목\n\n링크를 봅니다.\n\n끝입니다."
    script = '# -*- coding: utf-8 -*-\n"""\n시작\n====\n첫 문장입니다.\n"""\nimport torch\n#######################\n# :func:`torch.add` 를 씁니다.\nx = 1\n'
    assert prose(script, "a.py") == "## 시작\n\n첫 문장입니다.\n\ntorch.add 를 씁니다."


def test_prose_of_a_long_line_of_brackets_takes_no_time() -> None:
    assert len(prose("[" * 20_000 + "\n" * 5_000 + ".. note::\n" + "   \n" * 5_000, "a.rst")) <= 20_000


@pytest.mark.shared
def test_facts_of_the_strategy_questions(shared_data: Path) -> None:
    rows = list(texts(shared_data / "ko_strategyqa" / "ko-strategyqa-test-v2.csv"))
    assert len(rows) > 40
    assert all(row["license"] == "Apache-2.0" and row["text"].endswith("다.") for row in rows)
