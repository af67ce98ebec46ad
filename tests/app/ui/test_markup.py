"""Nothing that a document, a model or a name says becomes a tag of its own."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from app.conversations import Conversation, Record, StoredTurn
from app.ui import answers, evidence, history, shelf, suggest
from app.ui.export import harmless
from app.ui.intake import Item
from app.ui.markup import blocks, inline
from models.types import Answer, Chunk, Citation, Locator, Passage, Sentence

HOSTILE = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<svg/onload=window.hacked=1>",
    "[click](javascript:window.hacked=1)",
    "![x](http://evil.example/x.png)",
    "<a href='javascript:window.hacked=1'>x</a>",
    '"><iframe src=http://evil.example></iframe>',
    "</div></article><style>*{display:none}</style>",
    "${window.hacked=1} {{value}} `${window.hacked=1}`",
    "<!--><script>window.hacked=1</script>-->",
    "**<b onclick=window.hacked=1>x</b>**",
    "```html\n<script>window.hacked=1</script>\n```",
    "| <img src=x onerror=window.hacked=1> | b |",
    "- <meta http-equiv=refresh content='0;url=http://evil.example'>",
    "' onmouseover='window.hacked=1' x='",
]
OUR_TAGS = {
    "p", "b", "code", "pre", "div", "span", "mark", "button", "article", "section", "svg", "path", "h6", "u", "i", "br", "form",
    "input", "nav", "sub", "sup", "ul", "li", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        names = {name for name, _ in attrs}
        links = [value for name, value in attrs if name in {"src", "href", "action", "formaction", "srcdoc"}]
        handlers = [name for name in names if name.startswith("on")]
        if tag not in OUR_TAGS or handlers or any(not link.startswith("export/") for link in links):
            self.bad.append(f"{tag} {attrs}")

    def handle_data(self, data):
        self.text += data


def check(html: str, hostile: str) -> None:
    tags = Tags()
    tags.feed(html)
    assert tags.bad == []
    longest = max(hostile.replace("`", "").replace("**", "").split("\n"), key=len)
    words = longest.strip("|- ").split("|")[0].strip()
    assert words[:14] in tags.text, "the text itself must be shown"


def turn_with(text: str) -> StoredTurn:
    chunk = Chunk("c", text, text, Locator(headings=(text,)), 0, "d", "md")
    passage = Passage(1, chunk, text, (text,), 0, 0.7)
    citation = Citation(1, text, chunk.locator, text)
    answer = Answer(text, (Sentence(text, 0.1, (1,), (text,), False),), (citation,), backend=text, model=text)
    return StoredTurn(7, text, Record(answer, (passage,)), -1, text)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_stays_text_everywhere(hostile):
    turn = turn_with(hostile)
    refused = Record(
        replace(turn.record.answer, refused=True, reason="model_refused", nearest=turn.record.answer.citations[0])
    )
    document = SimpleNamespace(
        id=hostile, source=hostile, format=hostile, size_bytes=1, chunks=1, added_at="x", title=""
    )
    rendered = [
        inline(hostile),
        blocks(hostile),
        answers.turn_html(turn, "ko"),
        answers.turn_html(replace(turn, record=refused), "ko"),
        answers.streaming(hostile, hostile, "ko"),
        answers.waiting(hostile, "x", "ko"),
        answers.failure(hostile, hostile, "ko", "settings"),
        evidence.panel(evidence.Shown(turn.record.passages, 1, turn.record.answer.citations), "ko"),
        history.listing([Conversation("a" * 32, hostile, "2026-11-21T00:00:00+00:00", 1)], "", "ko"),
        shelf.table([document], "", "ko"),
        shelf.contents(hostile, hostile, [turn.record.passages[0].chunk], 5, "ko"),
        shelf.results([Item(hostile, "failed", message=hostile)], "ko"),
    ]
    for html in rendered:
        check(html, hostile)


def test_few_marks_become_tags():
    assert inline("**굵게** `x < y`") == "<b>굵게</b> <code>x &lt; y</code>"
    assert blocks("- 하나\n2. 둘") == (
        '<div class="cm-item"><span>-</span><span>하나</span></div><div class="cm-item"><span>2.</span><span>둘</span></div>'
    )
    assert blocks("```python\na < b\n```") == '<pre tabindex="0"><code>a &lt; b\n</code></pre>'
    assert blocks("```\nopen") == '<pre tabindex="0"><code>open\n</code></pre>'
    assert blocks("| a | b |\n|---|---|") == '<div class="cm-row"><span>a</span><span>b</span></div>'
    assert inline("값은 $5, $10이나 $5/$10 [1]") == "값은 $5, $10이나 $5/$10 [1]"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"$784 \times 128$", "784 × 128"),
        (r"$\max(0, x)$", "max(0, x)"),
        ("$1/(1-p)$", "1/(1-p)"),
        (r"$w_{t+1} = w_t - \eta \nabla L$", "w<sub>t+1</sub> = w<sub>t</sub> - η ∇ L"),
        (r"$\frac{1}{n} \sum_i^n x_i^2$", "1/n ∑<sub>i</sub><sup>n</sup> x<sub>i</sub><sup>2</sup>"),
        (r"$a < b^{</span><script>}$", "a &lt; b<sup>&lt;/span&gt;&lt;script&gt;</sup>"),
        (r"$\frac{\frac{a}{b}}{c}$", "(a/b)/c"),
        (r"$\unknown{x}$", "unknownx"),
    ],
)
def test_formulas_are_readable(source, shown):
    assert inline(source) == f'<span class="cm-math">{shown}</span>'


@pytest.mark.parametrize(
    "text", ["*" * 200_000, "`" * 200_000, "[" * 200_000, "**a" * 70_000, "| " * 100_000, "가" * 2_000_000]
)
def test_huge_texts_are_cut_and_quick(text):
    started = time.perf_counter()
    assert len(blocks(text)) < 1_000_000
    assert time.perf_counter() - started < 5  # seconds where a quadratic pattern would take minutes


def test_chips_and_weak_sentences():
    sentences = (Sentence("맞다.", 0.9, (2, 1)), Sentence("0.05가 좋다.", 0.1, (), ("0.05",), False))
    html = answers.turn_html(StoredTurn(3, "q", Record(Answer("q", sentences))), "ko")
    assert html.count('class="cm-chip"') == 2
    assert html.index('data-n="2"') < html.index('data-n="1"')
    assert '<span class="cm-sentence cm-weak"' in html
    assert "자료에 없는 말: 0.05" in html
    assert "근거 2문장 중 1" in html


def test_refusal_points_at_the_nearest_place_and_on():
    near = Citation(2, "안내.md", Locator(headings=("과정 안내", "과제")), "x")
    answer = Answer("q", (Sentence("없다", 0.0),), refused=True, reason="model_refused", nearest=near)
    html = answers.turn_html(StoredTurn(3, "q", Record(answer)), "ko")
    assert "과정 안내 › 과제</span>입니다" in html
    assert 'data-act="tab" data-tab="library"' in html
    assert "근거" not in html.split("cm-meta")[1].split("cm-acts")[0]


def test_evidence_marks_the_best_sentence_and_then_the_quoted_one():
    chunk = Chunk("c", "", "a.md", Locator(), 0)
    passage = Passage(1, chunk, "하나. 둘.", ("하나.", "둘."), 0, 2.0)
    before = evidence.panel(evidence.Shown((passage,)), "ko")
    after = evidence.panel(evidence.Shown((passage,), 80, (Citation(1, "a.md", Locator(), "둘."),), 5, 1), "ko")
    assert "<mark>하나.</mark>" in before
    assert "<mark>둘.</mark>" in after
    assert "<mark>하나.</mark>" not in after
    assert 'class="cm-source on"' in after
    assert "width:100%" in after


def test_history_groups_by_day():
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    groups = [history.group_of(f"2026-11-{day:02}T12:00:00+00:00", now) for day in (22, 21, 20, 14, 13)]
    assert groups == ["today", "today", "week", "week", "older"]


def test_suggestions_are_made_of_headings():
    assert suggest.topic_of("3.2 드롭아웃의 원리") == "드롭아웃의 원리"
    assert suggest.topic_of("제2장 과적합") == "과적합"
    assert suggest.topic_of("왜 과적합이 생길까?") == ""
    assert suggest.topic_of("가" * 60) == suggest.topic_of("참고 문헌") == suggest.topic_of("5. 요약") == ""
    chunk = Chunk("c", "", "a.md", Locator(headings=("과적합", "드롭아웃")), 0)
    passages = [Passage(1, chunk, "", ("",), 0, 1.0)] * 2
    assert suggest.follow_ups(passages, ["드롭아웃이 뭐야?"], "ko") == ["과적합을 설명해 주세요."]


def test_exported_markdown_loads_nothing():
    assert (
        harmless("![x](http://evil.example/x.png) <img src=x> a < b")
        == "\\![x](http://evil.example/x.png) \\<img src=x> a < b"
    )
