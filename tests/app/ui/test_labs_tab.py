"""The tab 실험실: every lab is shown in both languages, a run is one visitor's, and a browser draws what comes."""

from __future__ import annotations

import html
import importlib.util
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from app.labs.base import Code, Figure, Progress, Range, Said, Score, Shown, Table, Used, Words, read_values
from app.labs.running import labs
from app.ui.labs import controls, results, view
from app.ui.labs.runs import MOST, Runs, Sheet
from app.ui.labs.view import Tried
from app.ui.page import Page
from models.errors import InputError

LABS = labs()
SLOW = """
import time
from app.labs.base import *

class Slow:
    name, order, notes, network, controls, tries = "figures", 1, (), (), (Range("steps", 1, 1000, 1000),), ()

    def seconds(self, **values):
        return 100.0

    def compute(self, desk, **values):
        for step in range(values["steps"]):
            yield Progress(step, values["steps"])
            yield Score("share", step / 10, unit="share")
            time.sleep(0.05)

LAB = Slow()
"""


@pytest.fixture(params=["ko", "en"])
def page(request: pytest.FixtureRequest, context: Any) -> Page:
    nothing: Any = None
    return Page(context, nothing, nothing, nothing, request.param)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    path = tmp_path / "slow_lab.py"
    path.write_text(SLOW, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("slow_lab", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return module.LAB


def words_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


@pytest.mark.parametrize("name", LABS)
def test_every_lab_has_its_controls_predictions_notes_and_code(name: str, page: Page) -> None:
    lab = LABS[name]
    form = controls.form(page, lab)
    for control in lab.controls:
        assert f'name="{control.name}"' in form
    head = view.head(page, lab, {})
    assert head.count('data-act="guess"') == 9 and 'data-act="take"' not in head
    basis = view.basis(page, lab)
    assert basis.count("cm-lab-note") == len(lab.notes) and basis.count("cm-lab-code") == len(lab.network) + 1
    assert "<pre" in basis and f'data-lab="{name}"' in view.listing(page, LABS, name)
    go = controls.go(page, lab, read_values(lab, {}))
    assert re.search(r"\d", words_of(go)) and "disabled" not in go


def test_who_was_right_is_told_after_the_run_alone(page: Page) -> None:
    lab = next(iter(LABS.values()))
    right = lab.tries[0].right
    wrong = right % 3 + 1
    guessed = view.head(page, lab, {1: Tried(wrong)})
    assert 'data-act="take"' in guessed and "cm-told" not in guessed and 'option right"' not in guessed
    told = view.head(page, lab, {1: Tried(wrong, ran=True)})
    assert (
        page.text("labs.wrong") in told
        and f'cm-option right" data-act="guess" data-try="1" data-guess="{right}"' in told
    )
    assert page.text("labs.right") in view.head(page, lab, {1: Tried(right, ran=True)})


def test_what_a_lab_says_cannot_do_anything(page: Page) -> None:
    lab = next(iter(LABS.values()))
    bad = "<img src=x onerror=alert(1)>"
    sheet = Sheet(lab)
    blocks = (
        Said("s", bad),
        Table("t", (bad,), ((bad,),)),
        Code("c", bad),
        Figure(bad, [{"text": [bad], "name": bad}]),
    )
    for block in blocks:
        sheet.take(Shown(block))
    shown = results.sheet(page, sheet)
    assert "<img" not in shown
    plot = re.search(r'data-plot="([^"]*)"', shown)
    assert plot and json.loads(html.unescape(plot[1]))["data"][0]["text"] == [bad]


def test_a_figure_outside_its_range_is_marked_and_explained(page: Page) -> None:
    lab = next(iter(LABS.values()))
    sheet = Sheet.of(lab, [Used("made", "made", 3), Score("a", 0.5, 0.8, 1.0, "share")])
    shown = results.sheet(page, sheet)
    assert "cm-lab-odd" in shown and page.text("labs.outside") in shown and page.text("labs.origin_made") in shown
    assert "80.0% – 100.0%" in shown


def test_a_slider_by_powers_of_ten_begins_where_its_value_is() -> None:
    markup = controls._slider(Range("rate", 1e-4, 1.0, 0.01, log=True, whole=False), 0.01, "rate")
    assert f'value="{controls.STEPS // 2}"' in markup and "<output>0.01</output>" in markup


def test_text_begins_as_it_was_given() -> None:
    assert "<textarea" in (markup := controls._words(Words("text", "", lines=2), '\n"</textarea>', "글"))
    assert markup.count("</textarea>") == 1


def test_one_run_a_visitor_and_not_too_many_at_once(page: Page, slow: Any) -> None:
    runs = Runs()
    going = [runs.start(page, f"visitor {n}", slow, {}) for n in range(MOST)]
    with pytest.raises(InputError) as caught:
        runs.start(page, "visitor 0", slow, {})
    assert caught.value.params["text_key"] == "labs.busy_own"
    with pytest.raises(InputError) as caught:
        runs.start(page, "another", slow, {})
    assert caught.value.params["text_key"] == "labs.busy"
    for n, run in enumerate(going):
        runs.stop(f"visitor {n}")
        assert run.done.wait(60)
        assert run.sheet.state == "stopped"
    again = runs.start(page, "visitor 0", slow, {"steps": 2})
    assert again.done.wait(60) and again.sheet.state == "ended"
    assert again.sheet.scores["share"].value == 0.1 and again.sheet.seconds > 0
    assert again.version > 3


def test_who_turns_to_another_lab_may_run_it_at_once(page: Page, slow: Any) -> None:
    runs = Runs()
    first = runs.start(page, "visitor", slow, {})
    runs.leave("visitor")
    second = runs.start(page, "visitor", slow, {"steps": 1})
    assert first.left and not second.left
    assert first.done.wait(60) and second.done.wait(60)
    assert (first.sheet.state, second.sheet.state) == ("stopped", "ended")


def test_a_wrong_value_starts_nothing(page: Page, slow: Any) -> None:
    runs = Runs()
    with pytest.raises(InputError):
        runs.start(page, "visitor", slow, {"steps": 0})
    runs.stop("visitor")
    assert runs._runs == {}


def test_plotly_comes_from_our_own_server() -> None:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from app.ui.labs.routes import serve_plotly

    parent = Starlette()
    serve_plotly(parent)
    answer = TestClient(parent).get("/en/plotly.min.js")
    assert answer.status_code == 200 and "javascript" in answer.headers["content-type"]
    assert "Plotly" in answer.text


def quick() -> tuple[str, dict[str, Any]]:
    """A lab with small settings, the quickest."""
    found = [
        (lab.seconds(**read_values(lab, lab.small)), name) for name, lab in LABS.items() if getattr(lab, "small", None)
    ]
    if not found:
        pytest.skip("no lab offers small settings")
    name = min(found)[1]
    return name, LABS[name].small


@pytest.mark.browser
def test_a_prediction_a_run_and_its_figures_at_both_widths(url: str, visit: Any) -> None:
    name, _ = quick()
    for width in (1440, 390):
        page = visit(url, width).open()
        page.evaluate("window.coursemate.goTo('labs')")
        page.click(f"#cm-lab-list [data-lab={name}]")
        page.wait_for_selector(f"#cm-lab-form form[data-lab={name}]")
        page.click("#cm-lab-head [data-try='1'][data-guess='1']")
        page.click("#cm-lab-head [data-act=take]")
        page.wait_for_selector("#cm-lab-head .cm-told", timeout=180_000)
        page.wait_for_selector("#cm-lab-live .cm-lab-plot .main-svg")
        wide = "[...document.querySelectorAll('#cm-labs .cm-col *')].some(e => e.offsetParent && !e.closest('.cm-lab-scroll, pre, .cm-body, .cm-lab-plot') && e.getBoundingClientRect().right > innerWidth + 1)"
        assert not page.evaluate(wide), "nothing leaves the window"


@pytest.mark.browser
def test_a_run_is_stopped_and_what_it_showed_stays(url: str, visit: Any) -> None:
    name, _ = quick()
    page = visit(url).open()
    page.evaluate("window.coursemate.goTo('labs')")
    page.click(f"#cm-lab-list [data-lab={name}]")
    page.wait_for_selector(f"#cm-lab-form form[data-lab={name}]")
    page.click("#cm-lab-go [data-act=run]")
    page.wait_for_selector("#cm-lab-live [data-act=stop], #cm-lab-live [data-state=ended]")
    began = time.monotonic()
    page.evaluate("document.querySelector('#cm-lab-live [data-act=stop]')?.click()")  # drawn anew while it runs
    page.wait_for_selector("#cm-lab-live [data-state=stopped], #cm-lab-live [data-state=ended]")
    assert time.monotonic() - began < 30
    page.wait_for_selector("#cm-lab-go [data-act=run]:not([disabled])")


def test_the_desk_of_a_page_stays_on_this_machine_when_it_should(page: Page, slow: Any) -> None:
    page.context.settings.offline = True
    runs = Runs()
    run = runs.start(page, "visitor", slow, {"steps": 1})
    assert run._desk.offline and run._desk.home == page.context.home
    assert run.done.wait(60)
    assert run.sheet.progress == Progress(0, 1)
