"""Markdown becomes sections whose headings, code and words are what its author meant."""

import pytest

from ingest.base import Page
from ingest.loading import PAGE_CHARACTERS


def paths(pages: list[Page]) -> list[tuple[str, ...]]:
    return [page.locator.headings for page in pages]


def test_sections_carry_their_heading_path(read):
    pages = read("a.md", "# 과적합\n머리\n## 드롭아웃 ##\n본문\n### 비율\n0.5\n## 조기 종료\n끝\n")
    assert paths(pages) == [
        ("과적합",),
        ("과적합", "드롭아웃"),
        ("과적합", "드롭아웃", "비율"),
        ("과적합", "조기 종료"),
    ]
    assert [page.text for page in pages] == ["머리", "본문", "0.5", "끝"]


def test_comment_in_code_is_no_heading(read):
    code = "````python\n# 주석\n```\n# 또 주석\nprint('<b>')  # `x`\n````"
    [page] = read("a.md", f"# 제목\n\n{code}\n\n    # 들여쓴 코드\n")
    assert page.locator.headings == ("제목",)
    assert code in page.text
    assert "# 들여쓴 코드" in page.text


def test_unclosed_fence_is_closed_with_its_page(read):
    [page] = read("a.md", "# 제목\n```python\n# 주석\nx = 1\n")
    assert page.text == "```python\n# 주석\nx = 1\n```"


def test_setext_headings_and_rules(read):
    pages = read("a.md", "큰 제목\n======\n글\n\n작은 제목\n---\n글 둘\n\n---\n\n- 항목\n---\n글 셋\n")
    assert paths(pages) == [("큰 제목",), ("큰 제목", "작은 제목")]
    assert pages[1].text == "글 둘\n\n- 항목\n글 셋"


def test_front_matter_gives_the_title(read):
    pages = read("a.md", '---\ntitle: "딥러닝 노트"\ntags: [a, b]\n---\n머리말\n# 딥러닝 노트\n본문\n## 절\n글\n')
    assert paths(pages) == [("딥러닝 노트",), ("딥러닝 노트",), ("딥러닝 노트", "절")]
    assert "tags" not in "".join(page.text for page in pages)


def test_links_images_and_emphasis_become_words(read):
    text = (
        "[![배지 글](https://x/badge.svg)](https://x) **굵은**은 *기운* [문서](http://x/a_(b) '제목')와 [참조][1], <https://a.b>\n"
        "![그림](data:image/png;base64,AAAA) 2*3*4 **kwargs a_b_c `**코드** [a](b)`\n\n[1]: http://x\n"
    )
    [page] = read("a.md", text)
    assert page.text == "배지 글 굵은은 기운 문서와 참조, https://a.b\n그림 2*3*4 **kwargs a_b_c `**코드** [a](b)`"


def test_html_in_markdown_leaves_its_words(read):
    text = (
        "앞<!-- 숨은\n글 -->뒤 &lt;k&gt; a<br>b List<int> 1 < 2 <img alt='그림 글' src=x onerror=alert(1)>\n"
        "<script>\nalert(1)\n</script>\n<div onclick=alert(2)>안</div>\n`<script>` 태그\n"
    )
    [page] = read("a.md", text)
    assert page.text == "앞\n뒤 <k> a b List<int> 1 < 2 그림 글\n\n안\n`<script>` 태그"


def test_unclosed_comment_hides_nothing(read):
    [page] = read("a.md", "앞 <!-- 뒤\n\n다음 문단\n")
    assert "다음 문단" in page.text
    assert "`<!--`" in page.text


def test_headings_with_nothing_below_are_words_to_find(read):
    pages = read("a.md", "# 차례\n## 하나\n## 둘\n# 혼자\n# 본문\n글\n# 끝\n")
    assert [(page.locator.headings, page.text) for page in pages] == [
        (("차례",), "하나\n둘"),
        (("혼자",), "혼자"),
        (("본문",), "글"),
        (("끝",), "끝"),
    ]


def test_long_headings_stay_text(read):
    long = "제목처럼 쓴 문단이다. " * 20
    [page] = read("a.md", f"# {long}\n본문\n")
    assert page.text == f"{long.strip()}\n본문"
    assert page.locator.headings[0].endswith("…")
    assert len(page.locator.headings[0]) < 70


def test_anchors_are_no_words(read):
    pages = read("a.md", "# 설치 [[install]]\n글\n# 사용 {#use}\n글\n")
    assert paths(pages) == [("설치",), ("사용",)]


def test_mdx_components_and_imports_are_dropped(read):
    [page] = read(
        "a.mdx",
        "import X from './x'\n\n# 제목\n<Tip warning>\n팁 글\n</Tip>\n{/* 주석 */}\n```jsx\nimport Y\n<Tip/>\n```\n",
    )
    assert page.text == "팁 글\n\n```jsx\nimport Y\n<Tip/>\n```"


def test_tables_stay_whole(read):
    rows = "| 이름 | 값 |\n| --- | --- |\n| **가** | 1 |"
    assert read("a.md", f"# 표\n{rows}\n")[0].text == rows.replace("**", "")


@pytest.mark.parametrize("unit", ["[", "![", "<a ", "`", "<!--", "$", " ", "\t#", "&", "[a](", "**a ", "~~~\n", "- "])
def test_hostile_lines_cost_linear_time(read, unit):
    pages = read("a.md", "글 " + unit * (300_000 // len(unit)))  # a quadratic pattern would run into the test's timeout
    assert pages[0].text.startswith("글")
    assert all(len(page.text) <= PAGE_CHARACTERS + 10 for page in pages)
