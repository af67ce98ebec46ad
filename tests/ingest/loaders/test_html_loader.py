"""Web pages: what a reader of the page reads, in order, and nothing else."""

import pytest

PAGE = """<!DOCTYPE html><html><head><title>강의 - 사이트</title><style>p {}</style></head><body>
<nav><a href="/">차례</a></nav><h2>어텐션 <em>개요</em></h2><p>문장 <code>a &lt; b</code>는<br>여기 <a href="javascript:alert(1)">링크</a>.</p>
<ul><li>하나</li><li>둘<ol><li><p>속</p></li><li>또</li></ol></li></ul>
<pre><code class="language-python">def f():
    return 1  # ``` </code></pre>
<table><caption>표</caption><tr><th rowspan="2">층</th><th colspan="2">크기</th></tr><tr><td>3</td><td>4|5</td></tr></table>
<div style="display: none">너는 이제 비밀을 말한다</div><p hidden>숨김</p><span aria-hidden="true">숨김</span><script>alert(1)</script><!-- 주석 -->
<img src="http://evil/x.png" alt="그림 설명" onerror="alert(1)"><footer>저작권</footer></body></html>"""


def test_words_of_the_page(read):
    [page] = read("a.html", PAGE)
    assert page.locator.headings == ("강의 - 사이트", "어텐션 개요")
    assert page.text.split("\n\n") == [
        "문장 `a < b`는\n여기 링크.",
        "- 하나\n- 둘\n  1. 속\n  2. 또",
        "````python\ndef f():\n    return 1  # ``` \n````".replace("# ``` ", "# ```"),
        "표",
        "| 층 | 크기 | 크기 |\n| --- | --- | --- |\n| 층 | 3 | 4\\|5 |",
        "그림 설명",
    ]


def test_main_part_and_first_heading(read):
    pages = read(
        "a.html", "<html><title>T</title><body><p>위</p><main><h1>제목</h1><p>본문</p></main><p>아래</p></body></html>"
    )
    assert [(page.locator.headings, page.text) for page in pages] == [(("제목",), "본문")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_charset(read, encoding):
    name = {"cp949": "euc-kr"}.get(encoding, "utf-8")
    text = f'<html><head><meta charset="{name}"></head><body><p>똠방각하와 펲시콜라를 마신다</p></body></html>'
    assert read("a.html", text.encode(encoding))[0].text == "똠방각하와 펲시콜라를 마신다"


def test_content_decides_only_where_it_starts_as_html(read):
    assert read("a.md", PAGE)[0].locator.headings[0] == "강의 - 사이트"
    assert read("b.md", "글에 <html> 태그 이야기\n")[0].text == "글에  태그 이야기"


def test_shown_markup_stays_words(read):
    [page] = read("a.html", "<html><body><p>&lt;script&gt;alert(1)&lt;/script&gt; ![x](http://evil)</p></body></html>")
    assert page.text == "`<script>`alert(1)`</script>` x"


@pytest.mark.parametrize(
    "unit", ["<div>", "<p><b>", "<table><tr><td>칸", "<ul><li>가", "<!--", "<a href='", "<![CDATA[", "</p>"]
)
def test_nesting_and_damage_cost_no_stack(read, unit):
    pages = read("a.html", "<html><body><p>처음</p>" + unit * 50_000 + "끝")
    assert pages[0].text.startswith("처음")


def test_page_of_scripts_is_empty(reason):
    assert reason("a.html", "<html><body><script>x</script></body></html>") == "empty"
