"""The report in Chromium: alone, safe, legible on a screen, a phone and paper."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from evals.base import Case, Outcome
from evals.report import write_report
from evals.report.markup import Markup, element
from evals.report.texts import metric_label
from evals.run import run
from evals.suite import suite
from models.errors import BackendUnreachable
from models.types import Answer, Chunk, Citation, Hit, Locator, Passage, Sentence, Usage

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<script>document.title='taken'</script><img src=http://192.0.2.1/x onerror=alert(1)>\"'&"
LONG = "아주긴낱말" * 40
EVIDENCE = "드롭아웃은 은닉층에서 보통 확률 0.5를 쓴다."
CASES = [
    Case(
        f"q{i:02}",
        HOSTILE if i == 3 else f"질문 {i}번은 무엇인가요?" + (LONG if i == 4 else ""),
        answerable=i % 4 != 0,
        documents=("강의.md",),
        must_include=(("0.5",),) if i % 4 else (),
        reference="0.5를 쓴다.",
        evidence=EVIDENCE,
        tags=("수치", HOSTILE),
    )
    for i in range(16)
]


class Speaker:
    """Right for a share of the questions, in every way an answer can look."""

    workers = 1

    def __init__(self, name: str, right: int, dies: bool = False) -> None:
        self.name, self.right, self.dies = name, right, dies
        self.fingerprint = f"{right}" * 32
        self.about: Mapping[str, str] = {"backend": name, "model": "모델 " + name, "speed": "normal"}

    def answer(self, case: Case, cancel: threading.Event) -> Outcome:
        i = int(case.id[1:])
        if self.dies and i > 9:
            raise BackendUnreachable(backend=self.name, url="http://127.0.0.1:1", detail=HOSTILE)
        chunk = Chunk("c" * 32, EVIDENCE, "강의.md", Locator(headings=("2장", HOSTILE)), 0)
        said = "보통 0.5를 쓴다." if i % self.right else f"모른다 {HOSTILE} {LONG}"
        answer = Answer(
            case.question,
            (Sentence(said, 0.9, (1,)), Sentence("지어낸 말.", 0.1, (), ("7",), False)),
            (Citation(1, "강의.md", chunk.locator, EVIDENCE),),
            refused=i % 5 == 0,
            usage=Usage(100 + i, 20, 0.001),
            timings_ms={"retrieve": 20.0, "first_token": 900.0 + i, "total": 2000.0 + i},
            draft=f"초안 {HOSTILE}",
        )
        return Outcome(answer, (Hit(chunk, 0.9),), (Passage(1, chunk, EVIDENCE, (EVIDENCE,), 0, 0.9),))

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three systems, one of which dies."""
    place = tmp_path_factory.mktemp("report") / "run"
    run(
        CASES,
        [Speaker("local", 3), Speaker("openai:few_shot", 7), Speaker("gemini@" + "어댑터" * 9, 2, dies=True)],
        place,
    )
    return place


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("the browser tests need /usr/bin/chromium (Debian: apt install chromium fonts-nanum)")
    from playwright.sync_api import sync_playwright

    switches = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*switches.split(), "--disable-component-update", "--disable-sync"]
        )
        yield window
        window.close()


OVERLAPS = """() => {
  const found = []
  for (const row of document.querySelectorAll('.rows li, .bars li, article dl, summary, .heading, tr')) {
    const boxes = [...row.children].filter(c => c.getClientRects().length).map(c => [c, c.getBoundingClientRect()])
    for (const [a, p] of boxes) for (const [b, q] of boxes)
      if (a !== b && p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1)
        found.push(row.textContent.slice(0, 60))
  }
  return found
}"""


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (768, "dark"), (390, "light")])
def test_it_opens_from_a_file_and_asks_for_nothing(folder: Path, browser: Any, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, asked, wrong = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.goto((folder / "report.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.wait_for_timeout(100)
    assert (asked, wrong) == ([(folder / "report.html").as_uri()], [])
    assert page.title() != "taken"
    assert page.evaluate("document.querySelectorAll('main script, main img').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(OVERLAPS) == []
    context.close()


@pytest.mark.browser
def test_paper_shows_what_is_folded(folder: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((folder / "report.html").as_uri())
    page.emulate_media(media="print")
    shown = page.evaluate("[...document.querySelectorAll('.said')].every(e => e.getBoundingClientRect().height > 0)")
    assert shown
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_it_says_what_a_reader_must_know(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "차이가 보이지 않음" in page
    assert "답을 얻지 못한 질문이 있습니다" in page
    assert "q10" in page
    assert "n=12" in page
    assert "근거를 읽고도 답에 담지 못함" in page
    assert set(re.findall(r"https?://[\w.:]+", page)) == {"http://192.0.2.1", "http://127.0.0.1:1"}  # as text
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+|[a-z]+nan", "", page.lower())


def test_the_markdown_has_a_row_a_metric_and_keeps_its_columns(folder: Path) -> None:
    table = (folder / "report.md").read_text(encoding="utf-8")
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert "정답률" in table
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert widths == {4, 5}  # one column a system; difference and verdict


def test_english_says_the_same(folder: Path) -> None:
    write_report(folder, "en")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "No difference shown" in page
    assert not re.search(
        "[가-힣]", page.partition('<section class="questions">')[0].partition("<h2>")[2].partition("</h2>")[0]
    )
    write_report(folder, "ko")


def keys(table: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in table.items():
        yield from keys(value, f"{before}{name}.") if isinstance(value, dict) else [before + name]


def test_both_languages_hold_the_same_keys_and_know_every_metric() -> None:
    korean, english = (
        tomllib.loads((files("evals.report") / f"{language}.toml").read_text(encoding="utf-8"))
        for language in ("ko", "en")
    )
    assert sorted(keys(korean)) == sorted(keys(english))
    named = [metric.name for metric in suite()] + ["semantic_similarity", "judge", "judge_agreement"]
    assert [name for name in named if metric_label(name, "ko") == name and name not in {"chrf", "mrr"}] == []


def test_markup_escapes_all_but_markup() -> None:
    assert (
        element("p", "<b>", Markup("<i></i>"), title='"', class_="x")
        == '<p title="&quot;" class="x">&lt;b&gt;<i></i></p>'
    )
    assert element("p", "a\x00\x1bb") == "<p>ab</p>"
