"""Plain text: Markdown by another name, numbered headings, free-standing titles, and text that only looks so."""

import pytest

BODY = "이 문단은 제목 아래에 놓인 본문이며, 제목보다 길어서 본문으로 읽힌다.\n"


def test_markdown_under_another_name(read):
    pages = read("a.txt", "# 1주차\n## 목표\n- 이해\n")
    assert [(page.locator.headings, page.text) for page in pages] == [(("1주차", "목표"), "- 이해")]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("제1장 총칙", "제1절 목적"),
        ("1편 기초", "2장 신경망"),
        ("Ⅰ. 과정 개요", "1. 학습 목표"),
        ("1.1 개념", "1.1.1 정의"),
    ],
)
def test_numbered_headings_nest(read, outer, inner):
    pages = read("a.txt", f"{outer}\n\n{BODY}\n{inner}\n\n{BODY}")
    assert [page.locator.headings for page in pages] == [(outer,), (outer, inner)]


def test_numbered_list_is_no_heading(read):
    text = "준비물은 다음과 같다.\n\n1. 사과\n2. 배\n3. 감\n\n1. 이것은 문장이므로 제목이 아니다.\n\n끝.\n"
    [page] = read("a.txt", text)
    assert page.locator.headings == ()
    assert page.text == text.strip()


def test_table_of_contents_is_no_heading(read):
    pages = read("a.txt", f"차례\n\nⅠ. 개요\t1\n\nⅡ. 계획 ······ 2\n\nⅠ. 개요\n\n{BODY}")
    assert [page.locator.headings for page in pages] == [(), ("Ⅰ. 개요",)]


def test_free_standing_titles_need_company(read):
    several = "".join(f"{name}\n\n{BODY}\n" for name in ("임베딩", "토큰", "어텐션"))
    assert [page.locator.headings for page in read("a.txt", several)] == [("임베딩",), ("토큰",), ("어텐션",)]
    assert [page.locator.headings for page in read("b.txt", f"임베딩\n\n{BODY}")] == [()]


def test_code_comments_do_not_make_markdown(read):
    [page] = read("a.txt", "import os\nx = 1  # 값\n# 주석\ny = 2\n")
    assert "# 주석" in page.text


def test_markup_in_text_is_shown_not_run(read):
    [page] = read(
        "a.txt", "XSS: <script>alert(1)</script> ![x](http://evil/p.png) [y](javascript:alert(1)) <x onclick=a>\n"
    )
    assert page.text == "XSS: `<script>`alert(1)`</script>` x y `<x onclick=a>`"
