"""Chunks keep everything, in order, within their limit, and know where they stand."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.base import Page
from ingest.split import SplitOptions, estimate_tokens, heading_path, indexed_text, split_pages
from models.types import Chunk, Locator


def pieces(*texts: str, limit: int = 60, overlap: int = 0) -> list[str]:
    pages = [Page(text, Locator()) for text in texts]
    return [piece.text for piece in split_pages(pages, options=SplitOptions(limit, overlap))]


def is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(character in rest for character in part)


def visible(texts: Iterable[str]) -> str:
    return "".join("".join(text.split()) for text in texts)


words = st.text("가나다라마abc019.,!?다요|`#*-()[]…。", min_size=1, max_size=30)
lines = st.one_of(
    st.lists(words, max_size=12).map(" ".join),
    st.sampled_from(
        [
            "",
            "# 제목",
            "## 둘째 제목",
            "```python",
            "```",
            "~~~",
            "| a | b |",
            "| --- | --- |",
            "| 1 | 2 |",
            "- 항목",
            "1. 하나",
        ]
    ),
)
texts = st.lists(lines, max_size=40).map("\n".join)


@example(["```python\n0 0 0 0 0 0 0 0 0\n0 0 0 0 000 000 00000 00000 00000\n```python"], 32)  # that is no closing fence
@given(st.lists(texts, max_size=3), st.integers(20, 120))
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_and_the_order_stays(pages: list[str], limit: int) -> None:
    assert is_subsequence(visible(pages), visible(pieces(*pages, limit=limit)))


@given(st.lists(texts, max_size=3), st.integers(20, 120), st.integers(0, 20))
@settings(max_examples=300, deadline=None)
def test_the_limit_is_kept(pages: list[str], limit: int, overlap: int) -> None:
    assert all(tokens <= limit for tokens in estimate_tokens(pieces(*pages, limit=limit, overlap=overlap)))


@given(texts, st.lists(words, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_the_limit_holds_with_the_heading_path(text: str, headings: list[str]) -> None:
    page = Page(text, Locator(headings=tuple(headings)))
    for piece in split_pages([page], options=SplitOptions(200)):
        chunk = Chunk("id", piece.text, "s", piece.locator, 0)
        assert estimate_tokens([indexed_text(chunk)])[0] <= 200


def test_a_short_document_is_one_chunk() -> None:
    assert pieces("# 드롭아웃\n뉴런을 끈다.\n\n시험할 때는 모두 켠다.") == [
        "# 드롭아웃\n\n뉴런을 끈다.\n\n시험할 때는 모두 켠다."
    ]


def test_long_text_is_cut_at_sentence_ends() -> None:
    sentences = [f"{n}번째 문장은 여기에서 끝난다." for n in range(30)]
    for piece in pieces(" ".join(sentences)):
        assert piece.endswith("끝난다.")
        assert set(piece.replace("다. ", "다.|").split("|")) <= set(sentences)


def test_headings_cut_and_lead_their_chunk() -> None:
    body = "학습률은 보폭을 정한다. " * 5
    found = list(split_pages([Page(f"# 가\n{body}\n# 나\n{body}", Locator())], options=SplitOptions(60)))
    assert [piece.locator.headings for piece in found] == [("가",), ("나",)]
    assert found[1].text.startswith("# 나\n\n")


def test_a_heading_never_ends_a_chunk_while_text_follows() -> None:
    body = "문장이 하나 있다. " * 4
    found = pieces(f"# 첫째\n{body}\n\n{body}\n## 둘째\n{body}", limit=40)
    assert all(not piece.rstrip().split("\n")[-1].startswith("#") for piece in found)


def test_very_small_sections_share_a_chunk_and_show_their_titles() -> None:
    pages = [Page(f"{name}의 뜻.", Locator(headings=("용어", name))) for name in ("손실", "가중치")]
    (piece,) = split_pages(pages)
    assert piece.locator.headings == ("용어",)
    assert piece.text == "## 손실\n\n손실의 뜻.\n\n## 가중치\n\n가중치의 뜻."


def test_pages_never_share_a_chunk() -> None:
    pages = [Page("짧다.", Locator(page=n)) for n in (1, 2)]
    assert [piece.locator.page for piece in split_pages(pages)] == [1, 2]


def test_code_stays_whole_where_it_fits_and_is_fenced_where_it_does_not() -> None:
    code = "```python\n" + "\n".join(f"x{n} = {n}" for n in range(6)) + "\n```"
    assert any(code in piece for piece in pieces(f"설명이다.\n\n{code}\n\n" + "긴 뒷말이 이어진다. " * 9))
    long_code = "```python\n" + "\n".join(f"value_{n} = {n}" for n in range(60)) + "\n```"
    found = pieces(long_code)
    assert len(found) > 1
    assert all(piece.startswith("```python\n") and piece.endswith("\n```") for piece in found)


def test_a_long_table_repeats_its_header() -> None:
    rows = "\n".join(f"| 모델 {n} | {n * 10} |" for n in range(40))
    found = pieces(f"| 이름 | 점수 |\n| --- | --- |\n{rows}")
    assert len(found) > 1
    assert all(piece.startswith("| 이름 | 점수 |\n| --- | --- |\n| 모델") for piece in found)
    assert all(line.endswith("|") for piece in found for line in piece.split("\n"))


def test_overlap_repeats_the_end_of_the_chunk_before() -> None:
    text = " ".join(f"{n}번 문장이 끝난다." for n in range(20))
    first, second, *_ = pieces(text, overlap=10)
    assert second.startswith(first.split(". ")[-1])
    assert not pieces(text)[1].startswith(first.split(". ")[-1])


@pytest.mark.parametrize(
    "text",
    [
        "가" * 1_000_000,
        "a" * 1_000_000,
        "다." * 100_000,
        "```" + "x" * 1_000_000,
        "#" * 1_000_000,
        "# " + "가" * 300_000,
        "|" * 1_000_000,
        "| a |\n| - |\n" + "| 1 |\n" * 50_000,
        "가 " * 100_000,
        "\n" * 1_000_000,
    ],
    ids=["hangul", "latin", "ends", "fence", "hashes", "heading", "bars", "rows", "words", "newlines"],
)
@pytest.mark.timeout(60)  # a step that takes squared time would need hours
def test_hostile_text_is_cut_like_any_other(text: str) -> None:
    found = pieces(text, limit=400)
    assert is_subsequence(visible([text]), visible(found))
    assert all(tokens <= 400 for tokens in estimate_tokens(found))


def test_a_long_path_keeps_its_innermost_headings() -> None:
    path = heading_path(["가" * 200, "2장", "드롭아웃"])
    assert path.endswith("2장 > 드롭아웃")
    assert len(path) <= 170


def test_what_is_indexed_has_the_headings_that_the_text_lacks() -> None:
    chunk = Chunk("id", "## 드롭아웃\n뉴런을 끈다.", "s", Locator(headings=("과적합", "드롭아웃")), 0)
    assert indexed_text(chunk) == "과적합\n## 드롭아웃\n뉴런을 끈다."
