"""The tab 요약 in a real browser over the real application, one note of the course and the backend that quotes."""

from __future__ import annotations

import pytest

from app.course import course_files

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def url(tmp_path_factory, weights_dir, serve_module):
    from app.keys import Keys
    from app.settings import load
    from app.wiring import Wiring

    home = tmp_path_factory.mktemp("home")
    (home / "weights").symlink_to(weights_dir)
    wiring = Wiring(
        load(home, collection="notes", backend="fake", offline=True, threads=2), Keys(home / "keys.toml", {})
    )
    assert len(list(wiring.ingest([path for path in course_files() if path.name.startswith("06-")]))) == 1
    with serve_module(wiring) as address:
        yield address
    wiring.close()


def test_a_plan_a_summary_its_sources_and_the_file(visit, url):
    page = visit(url).page
    page.set_default_timeout(90_000)
    page.goto(url)
    page.wait_for_selector("#cm-status .cm-ready", state="attached")
    page.evaluate("coursemate.goTo('summary')")
    page.wait_for_selector("#cm-summary-plan dl:has-text('한 번에 읽기')")
    page.click("#cm-summary-style label:has-text('강의노트')")
    page.wait_for_selector("#cm-summary-plan dl:has-text('제목을 따라 읽기')")
    page.click("#cm-summary-start")
    page.wait_for_selector("#cm-summary-body [data-act=export]")
    assert page.locator("#cm-summary-body .cm-part h4").count() > 1
    page.click("#cm-summary-body .cm-part .cm-chip >> nth=1")
    card = page.wait_for_selector("#cm-summary-right .cm-source.on")
    assert card.get_attribute("data-n") == "2"
    assert card.query_selector("mark, .cm-marked")
    with page.expect_download() as saved:
        page.click("[data-act=export]")
    assert saved.value.suggested_filename.endswith(".md")
    assert "06-mlp-overfitting.md" in saved.value.path().read_text("utf-8").splitlines()[0]
