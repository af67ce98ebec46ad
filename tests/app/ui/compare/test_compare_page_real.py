"""The tab 비교 as people get it: the real application over three notes of the course, the real 0.5B model, a real browser."""

from __future__ import annotations

import json

import pytest

from app.course import course_files

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

QUESTION = "드롭아웃은 왜 과적합을 줄이나요?"
NOTES = ("06-", "07-", "08-")
CASES = [
    {"id": "a", "question": QUESTION, "documents": ["06-mlp-overfitting.md"], "must_include": [["뉴런"]]},
    {"id": "b", "question": "합성곱 층은 무엇을 하나요?", "documents": ["07-cnn.md"]},
    {"id": "c", "question": "서울에서 부산까지 기차 요금은 얼마인가요?", "answerable": False},
]


@pytest.fixture(scope="module")
def home(tmp_path_factory, weights_dir):
    folder = tmp_path_factory.mktemp("home")
    (folder / "weights").symlink_to(weights_dir)
    (folder / "questions").mkdir()
    lines = "\n".join(json.dumps(case, ensure_ascii=False) for case in CASES)
    (folder / "questions" / "셋.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def url(home, serve_module):
    from app.keys import Keys
    from app.settings import load
    from app.wiring import Wiring

    settings = load(home, collection="notes", model="qwen2.5-coder-0.5b", speed="fast", offline=True, threads=2)
    wiring = Wiring(settings, Keys(home / "keys.toml", {}))
    reports = list(wiring.ingest([path for path in course_files() if path.name.startswith(NOTES)]))
    assert len(reports) == len(NOTES)
    with serve_module(wiring) as address:
        yield address
    wiring.close()


@pytest.fixture
def page(visit, url):
    return opened(visit(url))


def opened(visitor):
    """The tab, with the application ready."""
    page = visitor.page
    page.set_default_timeout(180_000)
    visitor.open()
    page.wait_for_selector("#cm-status .cm-ready", state="attached")
    page.evaluate("coursemate.goTo('compare')")
    page.wait_for_selector("#cm-side-head .cm-welcome")
    return page


def ask(page, words=QUESTION):
    page.fill("#cm-side-box textarea", words)
    page.press("#cm-side-box textarea", "Enter")


def choose(page, box, label):
    page.click(f"{box} input")
    page.click(f"[role=option]:has-text('{label}')")


def ended(page, columns=2):
    """Waits until every column has come to its end."""
    page.wait_for_function(
        f"document.querySelectorAll('#cm-side-grid .cm-rival').length == {columns}"
        " && !document.querySelector('#cm-side-grid [aria-busy]')"
    )
    page.wait_for_selector("#cm-side-box .submit-button")
    return page.locator("#cm-side-grid .cm-rival")


def test_two_prompts_from_one_retrieval_and_a_reload(page):
    ask(page)
    page.wait_for_selector("#cm-side-grid .cm-waiting:has-text('앞 상대')")
    rivals = ended(page)
    assert ["제로샷" in title for title in rivals.locator("header b").all_inner_texts()] == [False, True]
    assert all("토큰" in figures for figures in rivals.locator(".cm-meta").all_inner_texts())
    page.click("#cm-side-grid button.cm-chip >> nth=0")
    page.wait_for_selector("#cm-side-right .cm-evidence[data-turn='1'] .cm-source.on")
    words = rivals.nth(0).inner_text()
    page.wait_for_function("location.search.includes('m=')")
    page.click("#cm-tab-compare-button")
    page.reload()
    page.wait_for_selector("#cm-side-grid .cm-rival")
    assert page.locator("#cm-side-grid .cm-rival").nth(0).inner_text() == words


def test_blind_vote_then_the_names_and_the_ranking(page):
    page.check("#cm-blind input")
    ask(page)
    rivals = ended(page)
    page.wait_for_selector(".cm-ballot")
    assert rivals.locator("header b").all_inner_texts() == ["이름 가림", "이름 가림"]
    assert "qwen" not in rivals.nth(0).inner_html() + rivals.nth(1).inner_html()
    page.click(".cm-choices [data-verdict=left]")
    page.wait_for_selector(".cm-voted")
    winner = rivals.locator("header b").first.inner_text()
    assert "qwen2.5-coder-0.5b" in winner
    page.click("#cm-section-standing-button")
    row = page.wait_for_selector(".cm-ranks tbody tr").inner_text()
    assert winner.rsplit(" · ", 1)[1] in row
    assert "1승" in row
    with page.expect_download() as download:
        page.click("a[href='votes.csv']")
    assert QUESTION in download.value.path().read_text(encoding="utf-8-sig")


def test_stop_ends_all_columns(page):
    page.click("#cm-speed input")
    page.click("[role=option]:has-text('꼼꼼히')")
    ask(page, "과적합을 막는 방법을 모두 자세하고 길게 설명해 주세요.")
    page.wait_for_selector("#cm-side-grid .cm-draft")
    page.click("#cm-side-box .stop-button")
    words = ended(page).all_inner_texts()
    assert "여기에서 멈추었습니다" in words[0]
    assert "멈추었습니다" in words[1]


def test_backend_without_a_key_holds_nobody(page):
    choose(page, "#cm-who-0", "OpenAI · ")
    ask(page)
    rivals = ended(page)
    assert "OPENAI_API_KEY" in rivals.nth(0).inner_text()
    assert rivals.nth(0).locator("[data-tab=settings]").count() == 1
    assert "토큰" in rivals.nth(1).locator(".cm-meta").inner_text()


def test_batch_to_its_report(page, url):
    page.click("#cm-section-batch-button")
    page.wait_for_selector("#cm-batch-set input")
    page.fill("#cm-batch-count input", "0")
    page.click("#cm-batch-start")
    page.wait_for_selector(".cm-batch .cm-progress")
    page.reload()
    page.wait_for_selector(".cm-batch.cm-done")
    assert "답 3/3" in page.locator(".cm-batch").inner_text()
    page.click("#cm-batches [data-act=open]")
    frame = page.frame_locator(".cm-report iframe")
    frame.locator("h1").wait_for()
    assert QUESTION in frame.locator("body").inner_text()
    path = page.locator(".cm-report iframe").get_attribute("src")
    answer = page.request.get(f"{url}/{path}")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert page.request.get(f"{url}/{path.replace('report.html', 'batch.json')}").status == 404
    assert page.request.get(f"{url}/batch/..%2F..%2Fkeys.toml/report.html").status == 404


def test_phone(visit, url):
    page = opened(visit(url, 390, 844, has_touch=True))
    ask(page)
    rivals = ended(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert rivals.nth(0).bounding_box()["width"] <= 390
    for section in ("lab", "batch", "standing"):
        page.click(f"#cm-section-{section}-button")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
