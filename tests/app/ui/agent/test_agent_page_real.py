"""The tab 에이전트 as people get it: the real application over one note of the course, the real 0.5B model, a real browser."""

from __future__ import annotations

import pytest

from app.course import course_files

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

TASK = "풀링은 왜 쓰나요? 자료에서 찾아 주세요."


@pytest.fixture(scope="module")
def url(tmp_path_factory, weights_dir, serve_module):
    from app.keys import Keys
    from app.settings import load
    from app.wiring import Wiring

    home = tmp_path_factory.mktemp("home")
    (home / "weights").symlink_to(weights_dir)
    settings = load(home, collection="notes", model="qwen2.5-coder-0.5b", speed="fast", offline=True, threads=2)
    wiring = Wiring(settings, Keys(home / "keys.toml", {}))
    assert [report.error for report in wiring.ingest([p for p in course_files() if p.name.startswith("07-")])] == [None]
    with serve_module(wiring) as address:
        yield address
    wiring.close()


def test_steps_sources_stops_and_conversations(visit, url) -> None:
    visitor = visit(url)
    page = visitor.page
    page.set_default_timeout(240_000)
    visitor.open()
    page.wait_for_selector("#cm-status .cm-ready", state="attached")
    page.evaluate("coursemate.goTo('agent')")
    page.wait_for_selector("#cm-agent-thread .cm-welcome")
    assert page.locator("#cm-agent-tools li").count() >= 5

    page.fill("#cm-agent-box textarea", TASK)
    page.press("#cm-agent-box textarea", "Enter")
    page.wait_for_selector("#cm-agent-thread .cm-a .cm-meta")
    step = page.locator("#cm-agent-thread .cm-step").first
    assert "자료 검색" in step.inner_text()
    step.locator("summary").click()
    assert all(step.locator("dl dd").all_inner_texts())  # what it was called with, and what came of it
    page.click("#cm-agent-thread .cm-a [data-act=cite]")
    page.wait_for_selector("#cm-agent-right .cm-source.on")

    page.fill("#cm-agent-box textarea", "풀링은 왜 쓰나요? 자료에서 찾아 길게 설명해 주세요.")
    page.press("#cm-agent-box textarea", "Enter")
    page.wait_for_selector("#cm-agent-box .stop-button")
    page.click("#cm-agent-box .stop-button")
    page.wait_for_selector("#cm-agent-box .submit-button")
    assert page.locator("#cm-agent-thread .cm-turn").count() == 2

    assert page.locator("#cm-agent-conversations .cm-conversation.on").count() == 1
    page.click("#cm-agent-new")
    page.wait_for_selector("#cm-agent-thread .cm-welcome")
    page.click("#cm-agent-conversations [data-act=open]")
    page.wait_for_selector("#cm-agent-thread .cm-step")
    page.click("#cm-agent-conversations [data-act=delete]")
    page.wait_for_selector("#cm-agent-conversations .cm-empty")
