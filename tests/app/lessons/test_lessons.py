"""Every lesson at both ends of its controls, with fewer steps than a reader takes; the words and figures that it needs."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from app.lessons import amount, images, methods, rate, ways
from app.lessons.base import Bench, Progress, Result, measured, read_values
from app.lessons.running import lessons
from app.lessons.ways import Said
from app.ui.i18n import LANGUAGES, catalog
from models.errors import InputError, MissingError

LESSONS = lessons()
WORDS = ("title", "goal", "predict", "guess_1", "guess_2", "guess_3", "told", "see", "outside")


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    monkeypatch.setattr(methods, "METHODS", ("full", "prompt", "lora"))
    for lesson in (rate, amount, images):
        monkeypatch.setattr(lesson, "STEPS", 5)
    for lesson in (amount, images):
        monkeypatch.setattr(lesson, "SEEDS", (1,))


def ends(name: str) -> list[dict[str, Any]]:
    """The first and the last value of all controls."""
    controls = LESSONS[name].controls
    return [{control.name: control.values[at] for control in controls} for at in (0, -1)]


def computed(name: str, values: dict[str, Any], bench: Bench) -> Result:
    *progress, result = LESSONS[name].compute(bench, **values)
    assert isinstance(result, Result)
    assert progress
    assert all(isinstance(event, Progress) and 0 <= event.done <= event.total for event in progress)
    return result


@pytest.mark.parametrize("name", [name for name, lesson in LESSONS.items() if lesson.apart and name != "methods"])
def test_both_ends_of_the_controls_give_figures(name: str, home: Path, few_steps: None) -> None:
    for values in ends(name):
        result = computed(name, values, Bench(home))
        assert result.rows
        for row, metric in itertools.product(result.rows, result.metrics):
            assert metric.name in row.figures
        assert Result.from_dict(result.to_dict()) == result


@pytest.mark.parametrize("steps", [methods.LESSON.controls[0].values[0]])
def test_methods_stand_beside_each_other(steps: int, home: Path, few_steps: None) -> None:
    result = computed("methods", {"steps": steps}, Bench(home))
    rows = {row.key: row.figures for row in result.rows}
    assert set(rows) == {"base", "full", "prompt", "lora"}
    assert rows["prompt"]["trained"] < rows["lora"]["trained"] < rows["full"]["trained"]
    assert {curve.key for curve in result.curves} == set(rows) - {"base"}


def test_a_rate_is_judged() -> None:
    assert rate.judge({"score": 0.2, "forgot": 0.0}, 0.15) == "stalls"
    assert rate.judge({"score": 0.6, "forgot": 0.3}, 0.15) == "converges"
    assert rate.judge({"score": 0.6, "forgot": 5.0}, 0.15) == "destroys"
    assert rate.judge({"score": 0.0, "forgot": float("nan")}, 0.15) == "destroys"


def test_questions_are_asked_in_every_way_there_is(home: Path) -> None:
    asked: list[tuple[str, str]] = []

    def ask(way: str, question: str) -> Said | None:
        asked.append((way, question))
        return None if way.startswith("tuned") else Said("자료에서 답을 찾을 수 없습니다.", True, 0.1)

    for values in ends("ways"):
        result = computed("ways", values, Bench(home, ask=ask))
        assert {row.key for row in result.rows} == {"closed", "prompt", "rag"}
        assert result.verdict == "no_adapter"
    assert len({question for _, question in asked}) == 2
    right = {q.id: q.right("자료에서 답을 찾을 수 없습니다.", True) for q in ways.questions()}
    assert any(right.values())
    assert not all(right.values())
    with pytest.raises(MissingError):
        list(ways.LESSON.compute(Bench(home), question=1))


@pytest.mark.parametrize("name", list(LESSONS))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_is_there(name: str, lang: Any) -> None:
    lesson = LESSONS[name]
    wanted = [*WORDS, *(f"control_{control.name}" for control in lesson.controls)]
    assert [key for key in wanted if f"lesson.{name}.{key}" not in catalog(lang)] == []
    assert 1 <= lesson.right <= 3
    shipped = measured(name)
    for metric in shipped.metrics if shipped else ():
        assert f"lessons.metric_{metric.name}" in catalog(lang)


def test_values_that_cannot_be_are_refused() -> None:
    lesson = LESSONS["rate"]
    assert read_values(lesson, {}) == {"rate": 1e-3}
    assert read_values(lesson, {"rate": "0.01"}) == {"rate": 0.01}
    with pytest.raises(InputError, match="choose one of"):
        read_values(lesson, {"rate": "7"})
    with pytest.raises(InputError, match="no control"):
        read_values(lesson, {"speed": 1})
