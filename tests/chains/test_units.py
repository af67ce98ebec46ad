"""Texts are cut where they can be quoted, and nothing gets lost."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from chains.units import cut


def test_sentences_items_rows_and_code() -> None:
    text = (
        "드롭아웃은 뉴런을 끕니다. 시험할 때는 모두 켭니다.\n\n순서는 다음과 같습니다.\n- 첫째 항목\n  이어진 줄\n- 둘째 항목\n\n"
        "| 함수 | 범위 |\n| --- | --- |\n| tanh | -1에서 1 |\n\n```python\n# 주석\nx = 1\n\ny = 2\n```\n끝입니다."
    )
    units = cut(text)
    assert [(u.kind, u.text) for u in units] == [
        ("sentence", "드롭아웃은 뉴런을 끕니다."),
        ("sentence", "시험할 때는 모두 켭니다."),
        ("sentence", "순서는 다음과 같습니다."),
        ("item", "- 첫째 항목 이어진 줄"),
        ("item", "- 둘째 항목"),
        ("row", "| 함수 | 범위 |"),
        ("row", "| tanh | -1에서 1 |"),
        ("code", "```python\n# 주석\nx = 1\n\ny = 2\n```"),
        ("sentence", "끝입니다."),
    ]
    assert [u.lead for u in units] == [None, None, None, 2, 2, None, 5, None, None]


def test_a_heading_is_no_sentence() -> None:
    assert [(u.kind, u.text) for u in cut("## 과적합\n\n외우는 것입니다.")] == [
        ("heading", "## 과적합"),
        ("sentence", "외우는 것입니다."),
    ]


def test_a_fence_that_never_closes_is_code_to_the_end() -> None:
    assert [u.kind for u in cut("본문입니다.\n```\nx = 1\n| a |\n- b")] == ["sentence", "code"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="가나다 .?\n|-`#*1aA", max_size=200))
def test_no_visible_character_is_lost(text: str) -> None:
    kept = re.sub(r"[\s|:-]", "", "".join(u.text for u in cut(text)))
    assert kept == re.sub(r"[\s|:-]", "", text)
