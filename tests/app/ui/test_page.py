"""The page in a real browser, over an engine that answers as the tests want. The real one is in test_page_real.py."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.conversations import Conversations
from app.ui.context import Status
from app.ui.i18n import text
from models.discovery import discover
from models.errors import BackendTimeout, MissingError
from models.types import Chunk, Locator, Passage, Sentence

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>window.hacked=1</script><img src=x onerror=window.hacked=1> ![x](http://evil.example/x.png) "
    "[click](javascript:window.hacked=1) <svg/onload=window.hacked=1> ${window.hacked=1} `${window.hacked=1}` {{value}} "
    "<style>body{display:none}</style> <iframe src=http://evil.example></iframe>"
)


def tab_names(lang):
    tabs = sorted(discover("app.ui.tabs", "TAB").values(), key=lambda tab: tab.order)
    return [text(f"nav.{tab.name}", lang) for tab in tabs]


def test_first_look(visit, url):
    page = visit(url).open()
    assert page.title() == "코스메이트 · CourseMate"
    assert page.locator("#cm-tabs > .tab-wrapper [role=tab]:visible").all_inner_texts() == tab_names("ko")
    page.wait_for_selector(".cm-cards .cm-pill")
    page.wait_for_function("document.querySelectorAll('#cm-scope input:checked').length == 2")
    assert page.locator("#cm-status").inner_text() == "준비됨"


def test_ask_see_the_answer_and_follow_its_marks(visit, url):
    visitor = visit(url)
    page = visitor.open()
    visitor.ask("드롭아웃은 왜 과적합을 줄이나요?")
    article = visitor.answers(1)
    assert article.locator("button.cm-chip").all_inner_texts() == ["1", "2", "2"]
    assert article.locator(".cm-weak").inner_text() == "입력층에는 0.05가 가장 좋습니다."
    assert "자료에 없는 말: 0.05" in article.locator(".cm-note").inner_text()
    assert article.locator(".cm-meta").inner_text().split("\n")[:3] == [
        "근거 3문장 중 2",
        "첫 글자 1.9초 · 27 토큰/초",
        "토큰 214 + 96 · 0원",
    ]
    page.click("#cm-thread button.cm-chip >> nth=1")
    assert page.locator(".cm-source.on").get_attribute("data-n") == "2"
    assert page.locator(".cm-source mark").count() == 3
    page.click("#cm-chips .cm-pill")
    visitor.answers(2)
    page.click("#cm-thread .cm-turn >> nth=0 >> button.cm-chip >> nth=0")
    page.wait_for_selector(".cm-source.on[data-n='1']")


def test_hostile_text_does_nothing(visit, url, context):
    chunk = Chunk("c", HOSTILE, HOSTILE, Locator(headings=(HOSTILE,)), 0, "d", "md")
    context.engine_ = replace(
        context.engine_, words=HOSTILE * 20, sentences=(Sentence(HOSTILE, 0.1, (), (HOSTILE,), False),)
    )
    context.store_.rows[0].source = HOSTILE
    context.store_.chunks_of = lambda _: [chunk]
    original = type(context.engine_).stream

    def stream(question, history=(), options=None):
        for event in original(context.engine_, question, history, options):
            if hasattr(event, "passages"):
                event = replace(event, passages=(Passage(1, chunk, HOSTILE, (HOSTILE, "| " + HOSTILE + " |"), 0, 0.9),))
            yield event

    context.engine_.stream = stream
    visitor = visit(url)
    page = visitor.open()
    visitor.ask(HOSTILE)
    visitor.answers(1)
    page.click("#cm-tab-library-button")
    page.click(".cm-name >> nth=0")
    page.wait_for_selector(".cm-contents")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("getComputedStyle(document.body).display") != "none"
    assert page.locator("#cm-chat img, #cm-chat iframe, #cm-chat script, #cm-chat style").count() == 0
    assert "<script>" in page.locator("#cm-thread .cm-body").text_content()


def test_stop_in_mid_answer(visit, url, context):
    context.engine_.words, context.engine_.pause_s = "낱말 " * 500, 0.05
    visitor = visit(url)
    page = visitor.open()
    visitor.ask("긴 답")
    page.wait_for_selector("#cm-live .cm-draft")
    page.click("#cm-box .stop-button")
    article = visitor.answers(1)
    assert "여기에서 멈추었습니다" in article.inner_text()
    assert context.engine_.asked[-1][2].cancel.is_set()
    page.wait_for_selector("#cm-box .submit-button")


def test_reload_keeps_the_conversation(visit, url):
    visitor = visit(url)
    page = visitor.open()
    visitor.ask("남아 있을 질문")
    visitor.answers(1)
    page.wait_for_function("location.search.includes('c=')")
    page.reload()
    page.wait_for_selector("#cm-thread .cm-turn")
    assert "남아 있을 질문" in page.locator("#cm-thread").inner_text()
    assert page.locator(".cm-conversation.on").inner_text() == "남아 있을 질문"
    assert page.locator("#cm-right .cm-source").count() == 3
    visitor.ask("이어지는 질문")
    visitor.answers(2)
    assert page.locator(".cm-conversation").count() == 1


def test_edit_and_retry_replace_the_answer(visit, url, context):
    visitor = visit(url)
    page = visitor.open()
    visitor.ask("틀린 질문")
    visitor.answers(1)
    page.hover(".cm-q-row")
    page.click("[data-act=edit]")
    page.fill(".cm-edit", "고친 질문")
    page.press(".cm-edit", "Enter")
    page.wait_for_function("document.querySelector('#cm-thread .cm-q')?.innerText == '고친 질문'")
    visitor.answers(1)
    page.click("[data-act=retry]")
    page.wait_for_function("document.querySelector('#cm-live').innerText.includes('고친 질문')")
    visitor.answers(1)
    assert [question for question, _, _ in context.engine_.asked] == ["틀린 질문", "고친 질문", "고친 질문"]


def test_feedback_with_a_reason(visit, url, context):
    visitor = visit(url)
    page = visitor.open()
    visitor.ask("질문")
    visitor.answers(1)
    page.click("[data-act=vote][data-vote='-1']")
    page.fill(".cm-reason input", "비율이 틀렸어요")
    page.press(".cm-reason input", "Enter")
    page.wait_for_selector(".cm-reason[hidden]", state="attached")
    page.wait_for_timeout(300)
    (given,) = Conversations(context.home / "conversations.sqlite").feedback()
    assert (given.vote, given.reason) == (-1, "비율이 틀렸어요")
    page.reload()
    assert page.wait_for_selector("[data-vote='-1']").get_attribute("aria-pressed") == "true"


def test_conversations_are_found_renamed_exported_and_deleted(visit, url):
    visitor = visit(url)
    page = visitor.open()
    for words in ("LSTM 게이트 정리", "벡터 DB 준비물"):
        page.click("#cm-new")
        page.wait_for_selector(".cm-welcome")
        visitor.ask(words)
        visitor.answers(1)
    assert page.locator(".cm-open").all_inner_texts() == ["벡터 DB 준비물", "LSTM 게이트 정리"]
    page.fill("#cm-search input, #cm-search textarea", "lstm")
    page.wait_for_function("document.querySelectorAll('.cm-open').length == 1")
    page.fill("#cm-search input, #cm-search textarea", "")
    page.wait_for_function("document.querySelectorAll('.cm-open').length == 2")
    row = page.locator(".cm-conversation", has_text="LSTM")
    row.hover()
    row.locator("[data-act=menu]").click()
    with page.expect_download() as download:
        row.locator("a[download]").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("# LSTM 게이트 정리\n\n## LSTM 게이트 정리\n")
    assert "입력층에는 0.05가 가장 좋습니다. ⚠" in text
    assert "- [1] 04-mlp.md · 과적합과 방지 › 드롭아웃: 뉴런이" in text
    row.hover()
    row.locator("[data-act=menu]").click()
    row.locator("[data-act=rename]").click()
    row.locator(".cm-rename input").fill("순환 신경망")
    row.locator(".cm-rename input").press("Enter")
    page.wait_for_function("[...document.querySelectorAll('.cm-open')].some(n => n.innerText == '순환 신경망')")
    row = page.locator(".cm-conversation", has_text="벡터")
    row.hover()
    row.locator("[data-act=menu]").click()
    row.locator("[data-act=delete]").click()
    row.locator("[data-act=delete-yes]").click()
    page.wait_for_selector(".cm-welcome")
    assert page.locator(".cm-open").all_inner_texts() == ["순환 신경망"]
    page.click(".cm-open")
    page.wait_for_selector("#cm-thread .cm-turn")


def test_missing_key_leads_to_the_settings_and_the_question_stays(visit, url, context):
    visitor = visit(url)
    page = visitor.open()
    page.click("#cm-backend input")
    page.click("[role=option]:has-text('OpenAI')")
    visitor.ask("열쇠 없는 질문")
    page.wait_for_selector("#cm-live .cm-error")
    assert "API 키가 필요합니다" in page.locator("#cm-live").inner_text()
    assert page.input_value("#cm-box textarea") == "열쇠 없는 질문"
    page.click("#cm-live [data-tab=settings]")
    page.fill("#cm-key-openai input", "sk-test-123456")
    page.click("#cm-take-openai")
    page.wait_for_function("document.querySelector('#cm-key-openai input').value == ''")
    assert context.keys == {"openai": ("sk-test-123456", False)}
    page.wait_for_function("!document.querySelector('#cm-backends').innerText.includes('필요합니다')")
    assert "sk-test" not in page.content()
    page.click("#cm-tab-chat-button")
    page.press("#cm-box textarea", "Enter")
    visitor.answers(1)


def test_error_says_what_to_do_and_the_question_stays(visit, url, context):
    context.engine_.error = BackendTimeout(backend="local", timeout_s=60)
    visitor = visit(url)
    page = visitor.open()
    visitor.ask("느린 질문")
    page.wait_for_selector("#cm-live .cm-error[role=alert]")
    assert "60초 안에 답하지 않았습니다" in page.locator("#cm-live").inner_text()
    assert page.input_value("#cm-box textarea") == "느린 질문"
    context.engine_.error = None
    page.press("#cm-box textarea", "Enter")
    visitor.answers(1)


def test_question_while_loading_waits_and_says_so(visit, serve, context):
    context.ready.clear()
    context.status_ = Status("starting", "model")
    with serve(context) as url:
        visitor = visit(url)
        page = visitor.open()
        assert "준비 중" in page.locator("#cm-status").inner_text()
        visitor.ask("이른 질문")
        page.wait_for_selector("#cm-live .cm-waiting:has-text('답하는 모델을 여는 중')")
        context.status_ = Status("ready")
        context.ready.set()
        visitor.answers(1)
        page.wait_for_selector("#cm-status .cm-ready")
        page.wait_for_function("document.querySelectorAll('#cm-scope input:checked').length == 2")


def test_failed_start_is_shown_with_its_reason(visit, serve, context):
    context.status_ = Status("failed", "model", MissingError(what="The weights", fix="run `coursemate models pull x`"))
    with serve(context) as url:
        page = visit(url).open()
        assert "models pull x" in page.locator("#cm-status").inner_text()


def test_two_windows_do_not_mix(visit, url, context):
    context.engine_.pause_s = 0.05
    first, second = visit(url), visit(url)
    first.open()
    second.open()
    first.ask("첫째 사람의 질문")
    second.ask("둘째 사람의 질문")
    for visitor, mine, other in ((first, "첫째", "둘째"), (second, "둘째", "첫째")):
        visitor.answers(1)
        text = visitor.page.locator("#cm-thread").inner_text()
        assert mine in text
        assert other not in text


def test_signed_in_users_have_their_own_conversations(visit, serve, context):
    with serve(context, {"가영": "password-1", "나영": "password-2"}) as url:
        for user, password in (("가영", "password-1"), ("나영", "password-2")):
            visitor = visit(url, http_credentials={"username": user, "password": password})
            page = visitor.open()
            assert page.locator(".cm-open").count() == 0
            visitor.ask(f"{user}의 질문")
            visitor.answers(1)
            assert page.locator(".cm-open").all_inner_texts() == [f"{user}의 질문"]


def test_other_conversation_while_answering(visit, url, context):
    context.engine_.words, context.engine_.pause_s = "낱말 " * 30, 0.05
    visitor = visit(url)
    page = visitor.open()
    visitor.ask("먼저 물은 것")
    page.wait_for_selector("#cm-live .cm-draft")
    page.click("#cm-new")
    page.wait_for_selector(".cm-welcome")
    page.wait_for_timeout(2500)
    assert page.locator("#cm-thread .cm-turn").count() == 0
    page.click(".cm-open")
    visitor.answers(1)


def test_scope_is_what_is_ticked(visit, url, context):
    visitor = visit(url)
    page = visitor.open()
    page.wait_for_selector("#cm-scope label")
    page.uncheck("#cm-scope label:has-text('기본 강의') input")
    visitor.ask("이 문서에서만")
    visitor.answers(1)
    assert context.engine_.asked[-1][2].scope.documents == frozenset({"d-4주차.pdf"})


def test_draft_is_read_ahead(visit, url, context):
    page = visit(url).open()
    page.locator("#cm-box textarea").press_sequentially("드롭아웃이란", delay=30)
    page.wait_for_timeout(1200)
    assert context.engine_.drafts == ["드롭아웃이란"]


def test_upload_good_and_broken(visit, url, context, tmp_path):
    context.bad_files = {"깨짐.pdf"}
    good, bad = tmp_path / "새 노트.md", tmp_path / "깨짐.pdf"
    good.write_text("# 새 노트\n내용", encoding="utf-8")
    bad.write_text("not a pdf", encoding="utf-8")
    page = visit(url).open()
    page.click("#cm-tab-library-button")
    page.set_input_files("#cm-drop input[type=file]", [good, bad])
    page.wait_for_selector(".cm-file.cm-failed")
    page.wait_for_selector(".cm-file.cm-added")
    assert "손상된 파일" in page.locator(".cm-file.cm-failed").inner_text()
    page.wait_for_selector(".cm-name:has-text('새 노트.md')")
    page.wait_for_selector("#cm-scope label:has-text('새 노트.md')", state="attached")
    row = page.locator("tr", has_text="새 노트.md")
    row.locator("[data-act=remove]").click()
    row.locator("[data-act=remove-yes]").click()
    page.wait_for_function("![...document.querySelectorAll('.cm-name')].some(n => n.innerText == '새 노트.md')")


def test_download_shows_its_progress(visit, url, context):
    context.weights_.step_s = 0.2
    page = visit(url).open()
    page.click("#cm-tab-settings-button")
    page.click("#cm-weights [data-act=pull]")
    line = page.wait_for_selector("#cm-weights .cm-facts:has-text('남음')").inner_text()
    assert re.search(r"\d+% · .*/ 1\.12 GB · 5\.2 MB/s · \d+분 \d+초 남음", line)
    page.wait_for_function("!document.querySelector('#cm-weights [data-act=pull], #cm-weights [data-act=cancel]')")


def test_settings_are_kept(visit, url, context):
    page = visit(url).open()
    page.click("#cm-tab-settings-button")
    page.click("#cm-default-speed label:has-text('꼼꼼히')")
    page.wait_for_function("document.querySelector('#cm-speed input').value == '꼼꼼히'")
    assert context.settings.speed == "thorough"
    page.fill("#cm-base_url textarea", "http://127.0.0.1:8000/v1")
    page.click("#cm-save-providers")
    page.click("#cm-examine")
    page.wait_for_selector("#cm-doctor td:has-text('3.11.2')")
    assert context.settings.base_url == "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_phone(visit, url, lang):
    visitor = visit(url, 390, 844, has_touch=True)
    page = visitor.open("/" if lang == "ko" else "/en/")
    visitor.ask("드롭아웃은 왜 과적합을 줄이나요? " * 6)
    visitor.answers(1)
    page.click("#cm-thread button.cm-chip >> nth=1")
    page.wait_for_selector("#cm-right .cm-source.on >> visible=true")
    page.wait_for_timeout(400)
    assert page.locator("#cm-right").bounding_box()["x"] >= 0
    page.keyboard.press("Escape")
    page.click("#cm-brand [data-drawer=left]")
    page.wait_for_timeout(400)
    assert page.locator("#cm-left").bounding_box()["x"] == 0
    page.keyboard.press("Escape")
    for tab in ("chat", "library", "settings"):  # the strip of tabs scrolls
        page.click(f"#cm-tab-{tab}-button")
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = page.evaluate(WIDE, f"#cm-tab-{tab}")
        assert wide == []


WIDE = """(selector) => [...document.querySelectorAll(`${selector} *`)].filter((node) => {
    const box = node.getBoundingClientRect();
    const clipped = node.closest("#cm-left, #cm-right, #cm-chips, pre, .sr-only, svg, select");
    return box.width && box.height && !clipped && (box.right > 391 || box.left < -1);
}).map((node) => node.outerHTML.slice(0, 120))"""


def test_english_page(visit, url):
    visitor = visit(url)
    page = visitor.open("/en/")
    assert page.locator("#cm-tabs > .tab-wrapper [role=tab]:visible").all_inner_texts() == tab_names("en")
    visitor.ask("Why dropout?")
    visitor.answers(1)
    assert "2 of 3 sentences supported" in page.locator(".cm-meta").inner_text()
    hangul = re.compile("[가-힣]")
    for tab in ("library", "settings"):
        page.click(f"#cm-tab-{tab}-button")
        page.wait_for_timeout(300)
        text = page.locator(f"#cm-tab-{tab}").inner_text()
        lines = [line for line in text.split("\n") if hangul.search(line) and line not in {"한국어", "4주차.pdf"}]
        assert lines == []
    page.click("#cm-language a[lang=ko]")
    page.wait_for_selector("#cm-tabs [role=tab]:has-text('채팅')")


def test_enter_while_composing_hangul_does_not_send(visit, url, context):
    visitor = visit(url)
    page = visitor.open()
    page.focus("#cm-box textarea")
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "한", "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process"})
    page.wait_for_timeout(400)
    assert context.engine_.asked == []
    session.send("Input.insertText", {"text": "한글"})
    page.press("#cm-box textarea", "Enter")
    visitor.answers(1)
    assert [question for question, _, _ in context.engine_.asked] == ["한글"]
