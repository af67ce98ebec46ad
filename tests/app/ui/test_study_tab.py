"""The tab 학습 over the real application with quick parts: a quiz made, taken, scored, kept over a reload and exported."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

COURSE = Path(__file__).parents[3] / "data" / "course"
HOSTILE = "드롭커넥트는 <img src=x onerror=window.hacked=1> 가중치를 무작위로 끄는 규제 방법입니다.\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve_module):
    from app.keys import Keys
    from app.settings import load
    from app.wiring import Wiring

    home = tmp_path_factory.mktemp("home")
    wiring = Wiring(load(home, embedder="fake", backend="fake", offline=True, threads=2), Keys(home / "keys.toml", {}))
    wiring.course_files = list
    (home / "위험.txt").write_text(HOSTILE, encoding="utf-8")
    list(wiring.ingest([COURSE / "06-mlp-overfitting.md", COURSE / "07-cnn.md", home / "위험.txt"]))
    with serve_module(wiring) as url:
        yield url
    wiring.close()


def opened(window):
    page = window.open()
    page.wait_for_selector("#cm-status .cm-ready")
    page.click("#cm-tab-study-button")
    page.wait_for_selector(".cm-study-form >> visible=true")
    return page


def test_a_quiz_is_taken_scored_kept_and_exported(visit, address):
    window = visit(address)
    page = opened(window)
    page.fill("#cm-study-form [name=count]", "4")
    page.click("#cm-study-form .cm-primary")
    page.wait_for_selector(".cm-study-item")
    assert page.locator(".cm-study-item").count() == 4
    assert page.locator(".cm-study-why").count() == 0  # nothing tells the answer yet
    while True:
        open_items = page.locator(".cm-study-item:not(.cm-study-right):not(.cm-study-wrong)")
        before = open_items.count()
        if not before:
            break
        item = open_items.first
        if item.locator("form").count():
            item.locator("input").fill("아마도 이것은 아닙니다")
            item.locator("form button").click()
        else:
            item.locator("[data-act=answer]").first.click()
        page.wait_for_function(
            f"document.querySelectorAll('.cm-study-item:not(.cm-study-right):not(.cm-study-wrong)').length < {before}"
        )
    score = page.locator(".cm-study-score").inner_text()
    right = page.locator(".cm-study-right").count()
    assert f"점수 {right}/4" in score
    page.click(".cm-study-item >> nth=0 >> [data-act=source]")
    page.wait_for_selector("#cm-study-source .cm-marked")
    with page.expect_download() as download:
        page.click("a[href$='.apkg']")
    with zipfile.ZipFile(download.value.path()) as deck:
        assert "collection.anki2" in deck.namelist()
    with page.expect_download() as download:
        page.click("a[href$='.csv']")
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text)))) == 5

    page.reload()  # the tab that was open comes back
    page.wait_for_selector(".cm-study-score")
    assert f"점수 {right}/4" in page.locator(".cm-study-score").inner_text()


def test_cards_are_flipped_and_hostile_text_does_nothing(visit, address):
    page = opened(visit(address, 390, 844))
    page.select_option("#cm-study-form [name=kind]", "flashcards")
    assert page.input_value("#cm-study-form [name=count]") == "20"
    page.click("#cm-study-form .cm-primary")
    page.wait_for_selector(".cm-card >> visible=true")
    assert not page.locator(".cm-card-back >> visible=true").count()
    page.click(".cm-deck-acts [data-act=flip]")
    page.wait_for_selector(".cm-card-back >> visible=true")
    page.click(".cm-deck-acts [data-act=next]")
    assert page.locator(".cm-deck-at").inner_text().startswith("2 /")
    assert "<img src=x" in page.locator(".cm-deck").evaluate("deck => deck.textContent")
    assert page.evaluate("window.hacked") is None
