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
from app.labs.running import GROUPS, group, labs
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


def test_labs_stand_in_groups_in_their_order(page: Page) -> None:
    listed = view.listing(page, LABS, "mlp")
    assert re.findall(r'data-lab="(\w+)"', listed) == list(LABS)
    there = list(dict.fromkeys(group(lab) for lab in LABS.values()))
    assert [html.unescape(title) for title in re.findall(r"<h6>(.*?)</h6>", listed)] == [
        page.text(f"labs.group_{name}") for name in there
    ]
    assert set(there) <= {name for _, name in GROUPS}
    assert listed.count('aria-current="true"') == 1


def test_a_result_that_came_along_says_its_day_and_settings(page: Page) -> None:
    lab = LABS["mlp"]
    values = {**read_values(lab, {}), "rows": 1234, "activation": "tanh"}
    for weights, told in (("train", True), ("shipped", False)):
        sheet = Sheet.of(lab, [Score("accuracy", 0.9, unit="share")], "2026-11-22", {**values, "weights": weights})
        shown = words_of(results.sheet(page, sheet))
        assert page.text("labs.shown_before") in shown and "2026-11-22" in shown and "90.0%" in shown
        assert ("1,234" in shown, "tanh" in shown) == (told, told), (
            "how to train says nothing of weights that came along"
        )


def test_how_to_train_stands_back_where_weights_came_along(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = LABS["mlp"]
    monkeypatch.setattr("app.course.CHECKOUT", tmp_path)
    assert "cm-lab-training" not in controls.form(page, lab)
    weights = tmp_path / "labs" / "mlp" / "weights.safetensors"
    weights.parent.mkdir(parents=True)
    weights.touch()
    assert controls.form(page, lab).count("cm-lab-training") == len(lab.ships)


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


# What leaves the window to its right, but for what scrolls in a frame of its own.
TOO_WIDE = """[...document.querySelectorAll('#cm-labs .cm-col *')].filter(e => e.offsetParent
  && !e.closest('.cm-lab-scroll, pre, .cm-body, .cm-lab-plot') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`).slice(0, 5)"""
FILL = """([lab, given]) => { const form = document.querySelector(`#cm-lab-form form[data-lab=${lab}]`);
  for (const [name, value] of Object.entries(given)) {
    const slider = form.querySelector(`[data-name="${name}"]`);
    if (slider) slider.dataset.value = value;
    const option = form.querySelector(`[type=radio][name="${name}"][value="${value}"]`);
    if (option) option.click();
    else if (!slider) form.elements[name].value = value;
  } }"""
DRAWN = "document.querySelector('#cm-lab-form .cm-lab-drawing input').value"
ENDED_MS = 240_000


def opened(visitor: Any, name: str, given: dict[str, Any], lang: str = "ko") -> Any:
    """The lab's page with these settings."""
    page = visitor.open("/" if lang == "ko" else "/en/")
    page.evaluate("window.coursemate.goTo('labs')")
    page.click(f"#cm-lab-list [data-lab={name}]")
    page.wait_for_selector(f"#cm-lab-form form[data-lab={name}]")
    page.evaluate(FILL, [name, given])
    return page


def ended(page: Any, *places: str) -> str:
    """Runs the lab to its end; what it said. places: what must be drawn."""
    page.click("#cm-lab-go [data-act=run]:not([disabled])")
    page.wait_for_selector("#cm-lab-live [data-state=ended]", timeout=ENDED_MS)
    for place in places:
        page.locator(f"#cm-lab-live {place}").first.scroll_into_view_if_needed()
        page.wait_for_selector(f"#cm-lab-live {place}")
    assert page.evaluate(TOO_WIDE) == []
    return page.inner_text("#cm-lab-live")


@pytest.mark.browser
def test_a_table_dropped_on_the_page_is_explored(url: str, visit: Any) -> None:
    page = opened(visit(url), "eda", LABS["eda"].small)
    table = "도시,기온,강수량\n" + "\n".join(f"도시{n},{n % 30},{n * 7 % 50}" for n in range(60))
    carried = page.evaluate_handle(
        "text => { const t = new DataTransfer(); t.items.add(new File([text], '날씨.csv', {type: 'text/csv'})); return t; }",
        table,
    )
    page.dispatch_event("#cm-lab-form .cm-lab-drop", "dragover", {"dataTransfer": carried})
    assert page.locator("#cm-lab-form .cm-lab-file.over").count() == 1
    page.dispatch_event("#cm-lab-form .cm-lab-drop", "drop", {"dataTransfer": carried})
    page.wait_for_function("document.querySelector('#cm-lab-form .cm-lab-which').textContent.includes('날씨.csv')")
    said = ended(page, ".cm-lab-plot .main-svg")
    assert "강수량" in said and "60" in said


@pytest.mark.browser
def test_what_is_drawn_with_the_mouse_is_classified(url: str, visit: Any) -> None:
    page = opened(visit(url), "mlp", LABS["mlp"].small)
    canvas = page.locator("#cm-lab-form canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y, side = box["x"], box["y"], box["width"]
    page.mouse.move(x + 0.5 * side, y + 0.15 * side)
    page.mouse.down()
    page.mouse.move(x + 0.5 * side, y + 0.85 * side, steps=5)
    page.mouse.up()
    page.wait_for_function(DRAWN)
    greys = page.input_value("#cm-lab-form .cm-lab-drawing input").split(",")
    assert len(greys) == 28 * 28 and int(greys[14 * 28 + 14]) > 200 and greys[14 * 28 + 2] == "0"
    ended(page, "[data-name='mlp/drawing_share'] .main-svg", "[data-name='mlp/loss'] .main-svg")


@pytest.mark.browser
def test_a_finger_draws_and_the_page_stays_where_it_is(url: str, visit: Any) -> None:
    page = opened(visit(url, 390, has_touch=True), "mlp", {}, "en")
    canvas = page.locator("#cm-lab-form canvas")
    canvas.scroll_into_view_if_needed()
    before, box = page.evaluate("scrollY"), canvas.bounding_box()
    finger = page.context.new_cdp_session(page)
    for kind, down in (("touchStart", 0.2), ("touchMove", 0.5), ("touchMove", 0.8), ("touchEnd", None)):
        points = [] if down is None else [{"x": box["x"] + box["width"] / 2, "y": box["y"] + down * box["height"]}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function(DRAWN)
    assert page.evaluate("scrollY") == before
    page.click("#cm-lab-form [data-act=clear]")
    assert page.input_value("#cm-lab-form .cm-lab-drawing input") == ""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "lang", "width", "place"),
    [
        ("regression", "ko", 1440, "[data-name='regression/loss'] .main-svg"),
        ("ngram", "en", 390, ".cm-table td"),
        ("gpt", "en", 390, "[data-name='gpt/attention_1'] .main-svg"),
    ],
    ids=["regression", "ngram", "gpt"],
)
def test_labs_run_for_real(url: str, visit: Any, name: str, lang: str, width: int, place: str) -> None:
    page = opened(visit(url, width), name, LABS[name].small, lang)
    ended(page, place)


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "width"), [("ko", 1440), ("en", 390)])
def test_no_lab_is_wider_than_the_window(url: str, visit: Any, lang: str, width: int) -> None:
    page = visit(url, width).open("/" if lang == "ko" else "/en/")
    page.evaluate("window.coursemate.goTo('labs')")
    for name in LABS:
        page.click(f"#cm-lab-list [data-lab={name}]")
        page.wait_for_selector(f"#cm-lab-form form[data-lab={name}]")
        assert page.evaluate(TOO_WIDE) == [], name


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
        assert page.evaluate(TOO_WIDE) == []


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
