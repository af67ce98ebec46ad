"""The page as people get it: the real application, the shipped course, the real 0.5B model, a real browser.

One application for the whole file; the tests build on each other's documents but not on each other's conversations.
"""

from __future__ import annotations

import pytest

from app.conversations import Conversations

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]

QUESTION = "드롭아웃은 왜 과적합을 줄이나요?"
NOTE = """# 별빛 과정 안내
## 과제 제출
별빛 과정의 실습 보고서는 7쪽까지 쓰고 매주 수요일 저녁 9시에 제출합니다.
<script>window.hacked=1</script> ![x](http://evil.example/x.png)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory, weights_dir):
    folder = tmp_path_factory.mktemp("home")
    (folder / "weights").symlink_to(weights_dir)
    return folder


@pytest.fixture(scope="module")
def wiring(home):
    from app.keys import Keys
    from app.settings import load
    from app.wiring import Wiring

    settings = load(home, model="qwen2.5-coder-0.5b", offline=True, threads=2)
    application = Wiring(settings, Keys(home / "keys.toml", {}))
    yield application
    application.close()


@pytest.fixture(scope="module")
def real_url(wiring, serve_module):
    with serve_module(wiring) as url:
        yield url


@pytest.fixture
def visitor(visit, real_url):
    one = visit(real_url)
    one.page.set_default_timeout(180_000)
    one.open()
    one.page.wait_for_selector("#cm-status .cm-ready")
    return one


def test_first_run_brings_the_course(visit, real_url, wiring):
    first = visit(real_url)
    first.page.set_default_timeout(180_000)
    first.page.goto(real_url)
    first.page.wait_for_selector("#cm-status .cm-ready")
    first.page.wait_for_selector(".cm-cards .cm-pill")
    first.page.click("#cm-tab-library-button")
    first.page.wait_for_selector(".cm-name")
    assert first.page.locator(".cm-name").count() == len(wiring.course_files())


def test_cited_answer(visitor):
    visitor.ask(QUESTION)
    visitor.page.wait_for_selector("#cm-right .cm-source")
    article = visitor.answers(1)
    assert article.locator("button.cm-chip").count() >= 1
    assert "06-mlp-overfitting.md" in visitor.page.locator("#cm-right").inner_text()
    assert visitor.page.locator("#cm-right mark, #cm-right .cm-marked").count() >= 1
    article.locator("button.cm-chip").first.click()
    assert visitor.page.locator(".cm-source.on").count() == 1
    assert "토큰/초" in article.locator(".cm-meta").inner_text()


def test_uploaded_document_is_cited_and_its_html_is_dead(visitor, tmp_path):
    note, broken = tmp_path / "별빛 과정.md", tmp_path / "broken.pdf"
    note.write_text(NOTE, encoding="utf-8")
    broken.write_bytes(b"%PDF-1.7\nnothing")
    page = visitor.page
    page.click("#cm-tab-library-button")
    page.set_input_files("#cm-drop input[type=file]", [note, broken])
    page.wait_for_selector(".cm-file.cm-added:has-text('별빛 과정.md')")
    assert "손상된" in page.wait_for_selector(".cm-file.cm-failed:has-text('broken.pdf')").inner_text()
    page.click(".cm-name:has-text('별빛 과정.md')")
    page.wait_for_selector(".cm-contents:has-text('수요일')")
    page.click("#cm-tab-chat-button")
    visitor.ask("별빛 과정의 실습 보고서는 몇 쪽까지 쓰나요?")
    visitor.answers(1)
    assert "별빛 과정.md" in page.locator("#cm-right").inner_text()
    assert page.evaluate("window.hacked") is None


def test_question_outside_the_course_is_refused(visitor):
    visitor.ask("서울에서 부산까지 기차 요금은 얼마인가요?")
    article = visitor.answers(1)
    assert article.get_attribute("class") == "cm-none"
    assert "자료에서 찾지 못했습니다" in article.inner_text()


def test_openai_without_a_key(visitor):
    page = visitor.page
    page.click("#cm-backend input")
    page.click("[role=option]:has-text('OpenAI'):not(:has-text('호환'))")
    visitor.ask(QUESTION)
    page.wait_for_selector("#cm-live .cm-error")
    assert "OPENAI_API_KEY" in page.locator("#cm-live").inner_text()
    assert page.input_value("#cm-box textarea") == QUESTION


def test_stop_really_stops(visitor, home):
    page = visitor.page
    page.click("#cm-speed input")
    page.click("[role=option]:has-text('꼼꼼히')")
    visitor.ask("과적합을 막는 방법을 모두 자세하고 길게 설명해 주세요.")
    page.wait_for_selector("#cm-live .cm-draft")
    page.click("#cm-box .stop-button")
    visitor.answers(1)
    assert "여기에서 멈추었습니다" in page.locator("#cm-thread").inner_text()
    kept = Conversations(home / "conversations.sqlite")
    assert kept.turns("", kept.search("")[0].id)[-1].record.answer.stopped
    visitor.ask("드롭아웃이란?")
    visitor.answers(2)


def test_reload_keeps_the_conversation(visitor):
    page = visitor.page
    visitor.ask("합성곱 층은 무엇을 하나요?")
    visitor.answers(1)
    before = page.locator("#cm-thread .cm-body, #cm-thread .cm-none p").first.inner_text()
    page.wait_for_function("location.search.includes('c=')")
    page.reload()
    page.wait_for_selector("#cm-thread .cm-turn")
    assert page.locator("#cm-thread .cm-body, #cm-thread .cm-none p").first.inner_text() == before


def test_two_windows_do_not_mix(visit, real_url):
    questions = {"LSTM의 게이트는 무엇인가요?": None, "벡터 데이터베이스란 무엇인가요?": None}
    for words in questions:
        questions[words] = visit(real_url)
        questions[words].page.set_default_timeout(180_000)
        questions[words].open()
    for words, one in questions.items():
        one.ask(words)
    for words, one in questions.items():
        one.answers(1)
        assert one.page.locator("#cm-thread .cm-q").all_inner_texts() == [words]


def test_phone(visit, real_url):
    one = visit(real_url, 390, 844, has_touch=True)
    one.page.set_default_timeout(180_000)
    one.open()
    one.ask(QUESTION)
    one.answers(1)
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
    box = one.page.locator("#cm-box").bounding_box()
    assert box["y"] + box["height"] <= 844
    assert one.page.locator("#cm-thread article").bounding_box()["width"] <= 390
