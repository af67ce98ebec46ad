"""The tab 질문 세트 over the real application with quick parts: made, looked through, imported, collected, and edited twice."""

from __future__ import annotations

import json

import pytest

from app.conversations import Conversations, Record
from models.types import Answer, Sentence

pytestmark = pytest.mark.browser

NOTES = """# 신경망
드롭아웃(dropout)은 학습할 때 은닉 뉴런을 무작위로 끄는 정규화 방법입니다. BERT는 입력 토큰의 15%를 예측 대상으로 고릅니다.
"""
HOSTILE = "<img src=x onerror=window.hacked=1> ${window.hacked=1} 왜 그런가요?"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(home, serve_module):
    from app.keys import Keys
    from app.settings import load
    from app.wiring import Wiring

    settings = load(home, embedder="fake", backend="fake", offline=True, threads=2)
    wiring = Wiring(settings, Keys(home / "keys.toml", {}))
    wiring.course_files = list  # the notes below are enough
    (home / "notes.md").write_text(NOTES, encoding="utf-8")
    list(wiring.ingest([home / "notes.md"]))
    with serve_module(wiring) as url:
        yield url
    wiring.close()


@pytest.fixture
def tab(visit, address):
    """Opens the tab in a new window."""

    def open_tab(width: int = 1440):
        page = visit(address, width).open()
        page.wait_for_selector("#cm-status .cm-ready")
        page.click("#cm-tab-questions-button")
        page.wait_for_selector(".cm-set >> visible=true")
        return page

    return open_tab


def test_a_set_is_made_looked_through_and_edited_in_two_windows(tab, home):
    page = tab()
    page.fill(".cm-make [name=count]", "4")
    page.click(".cm-make .cm-primary")
    page.wait_for_selector("#cm-sets-said .cm-said")
    asked = page.locator(".cm-question-text").all_inner_texts()
    assert "BERT는 입력 토큰의 몇 퍼센트를 예측 대상으로 고르나요?" in asked
    page.click("text=BERT는 입력 토큰의 몇 퍼센트를")
    page.wait_for_selector(".cm-proof mark")
    assert page.locator(".cm-proof mark").inner_text() == "BERT는 입력 토큰의 15%를 예측 대상으로 고릅니다."
    assert "notes.md" in page.locator(".cm-proof").inner_text()

    other = tab()
    other.click(".cm-set .cm-name >> nth=0")
    other.wait_for_selector(".cm-question")
    page.click(".cm-question >> nth=0 >> [data-act=accept]")
    page.wait_for_function("document.querySelectorAll('[data-act=accept]').length == 3")
    other.click(".cm-question >> nth=0 >> [data-act=drop]")
    other.wait_for_selector(".cm-questions [role=alert]")
    assert "다른 창에서" in other.locator(".cm-questions [role=alert]").inner_text()
    assert other.locator(".cm-question").count() == len(asked)

    other.click(".cm-question >> nth=0 >> .cm-act[data-act=edit]")
    other.fill(".cm-question >> nth=0 >> textarea[name=question]", HOSTILE)
    other.click(".cm-question >> nth=0 >> .cm-set-edit .cm-primary")
    other.wait_for_function("document.querySelector('.cm-question-text').innerText.includes('<img')")
    assert other.evaluate("window.hacked") is None
    (kept,) = (home / "questions").glob("*.jsonl")
    assert json.loads(kept.read_text(encoding="utf-8").split("\n")[0])["question"] == HOSTILE


def test_a_table_is_imported_and_a_bad_one_is_explained(tab, tmp_path):
    good, bad = tmp_path / "중간 고사.csv", tmp_path / "나쁜.csv"
    good.write_bytes("질문,답변 가능\n드롭아웃이란?,예\n수강료는?,아니오\n".encode("cp949"))
    bad.write_text("질문,답변 가능\n,예\n왜?,글쎄\n", encoding="utf-8")
    page = tab()
    page.set_input_files("#cm-sets-drop input[type=file]", [str(good), str(bad)])
    page.wait_for_selector("#cm-sets-said .cm-bad")
    said = page.locator("#cm-sets-said").inner_text()
    assert "중간 고사을 가져왔습니다" in said or "중간 고사를 가져왔습니다" in said
    assert "2행: `question`이 비어 있습니다" in said.replace("question이", "`question`이").replace("``", "`")
    assert page.locator(".cm-question").count() == 2
    with page.expect_download() as download:
        page.click(".cm-set.on a[download]")
    assert download.value.suggested_filename == "중간 고사.jsonl"


def test_the_chat_becomes_a_set_that_a_person_decides(tab, home):
    conversations = Conversations(home / "conversations.sqlite")
    conversation = conversations.create("", "질문")
    turn = conversations.ask("", conversation, "드롭아웃은 왜 쓰나요?")
    conversations.answer(turn, Record(Answer("q", (Sentence("빨라집니다.", 0.1),))))
    conversations.rate("", turn, -1)
    page = tab()
    page.click("[data-act=collect]")
    page.wait_for_selector(".cm-mark-undecided")
    page.click(".cm-question [data-act=prove]")
    page.wait_for_selector(".cm-proof")
    assert "빨라집니다." in page.locator(".cm-proof").inner_text()
    page.click(".cm-question .cm-accept")
    page.check(".cm-set-edit input[value=no]")
    page.click(".cm-set-edit .cm-primary")
    page.wait_for_selector("text=이 조건에 맞는 질문이 없습니다")
    page.click("[data-act=show][data-show=no]")
    page.wait_for_selector(".cm-mark-no")
    kept = (home / "questions" / "채팅에서 모은 질문.jsonl").read_text(encoding="utf-8")
    assert json.loads(kept)["answerable"] is False
