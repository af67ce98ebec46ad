"""What every lesson is: controls, a computation that tells how far it is, rows of figures and curves, and shipped figures.

A lesson is a file of this folder that exports LESSON; its words are the table `lesson.<name>` of app/ui/i18n:

    title  goal  predict  guess_1 guess_2 guess_3  told  see  outside  and   control_<name>  row_<key>  verdict_<key>  made

`compute` yields Progress while it works and one Result at the end. It runs in the process that calls it, takes as long as
`minutes` says on two cores, and leaves nothing behind. Figures measured by benchmarks/ lie in data/lessons/<name>.json; where
there are none, the page says so and offers to run the lesson.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

from app.course import shipped
from models.errors import InputError, MissingError

Value = str | float | int
INSTALL = 'pip install -e ".[hf]"'


@dataclass(frozen=True, slots=True)
class Control:
    """One thing to set. values: what it can be, in order; a row of words is shown as buttons, of numbers as a slider.

    shown: what stands for each value, where `value_<value>` of the lesson's texts does not."""

    name: str
    values: tuple[Value, ...]
    default: Value
    shown: tuple[str, ...] = ()

    def read(self, given: Any) -> Value:
        """The value that was meant. Raises InputError for one that is not among `values`."""
        found = next((value for value in self.values if str(value) == str(given)), None)
        if found is None:
            choices = ", ".join(map(str, self.values))
            detail = f"{self.name} cannot be {given!r}; choose one of {choices}"
            raise InputError(detail=detail, text_key="lessons.no_value", name=self.name, value=given, choices=choices)
        return found


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of the chart. unit: how its numbers are written; best: which end is the good one."""

    name: str
    unit: Literal["share", "loss", "count", "mb", "seconds", "score"]
    best: Literal["high", "low", ""] = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the chart: what was tried (`row_<key>` says it, or label does), and its figures by metric.

    low, high: ends of the interval of a figure, where several seeds or questions give one.
    """

    key: str
    figures: Mapping[str, float | None]
    label: str = ""
    low: Mapping[str, float] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line over steps. key: as a row's."""

    key: str
    points: tuple[tuple[float, float], ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A question and what each row says to it."""

    question: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """What a lesson shows. verdict: `verdict_<key>`, "" where none is given. made: settings and machine, name -> value.

    expected: metric -> (low, high) for the rows named in `checked` (all where it is empty).
    """

    metrics: tuple[Metric, ...] = ()
    rows: tuple[Row, ...] = ()
    curves: tuple[Curve, ...] = ()
    samples: tuple[Sample, ...] = ()
    verdict: str = ""
    made: Mapping[str, Value] = field(default_factory=dict)
    expected: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    checked: tuple[str, ...] = ()

    def outside(self) -> list[tuple[str, str]]:
        """Row and metric of every figure that is not where it usually is."""
        rows = [row for row in self.rows if not self.checked or row.key in self.checked]
        return [
            (row.key, name)
            for row in rows
            for name, (low, high) in self.expected.items()
            if (figure := row.figures.get(name)) is not None and not low <= figure <= high
        ]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Result:
        """Inverse of `to_dict`."""
        return cls(
            metrics=tuple(Metric(**metric) for metric in values.get("metrics", ())),
            rows=tuple(Row(**row) for row in values.get("rows", ())),
            curves=tuple(
                Curve(c["key"], tuple((x, y) for x, y in c["points"]), c.get("label", ""))
                for c in values.get("curves", ())
            ),
            samples=tuple(Sample(**sample) for sample in values.get("samples", ())),
            verdict=values.get("verdict", ""),
            made=dict(values.get("made", {})),
            expected={name: (low, high) for name, (low, high) in values.get("expected", {}).items()},
            checked=tuple(values.get("checked", ())),
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """done of total units of work. key: what is being done now (`row_<key>`, or label says it); partial: curves so far."""

    done: int
    total: int
    key: str = ""
    label: str = ""
    partial: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Bench:
    """What a computation gets. ask: answers a question as `ways` names it (app/ui/finetune/lessons.py); None where nothing can.

    stop: set to end early with what there is.
    """

    home: Path
    threads: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    ask: Any = None


class Lesson(Protocol):
    """One experiment. right: the guess that is right, 1 to 3. minutes: what `compute` takes on two cores, at most.

    apart: it needs nothing of the application and runs in a process of its own (app/lessons/running.py).
    """

    name: str
    order: int
    right: int
    minutes: float
    apart: bool
    controls: tuple[Control, ...]

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        """Progress, then one Result. values: by control. Raises InputError, MissingError."""


def read_values(lesson: Lesson, given: Mapping[str, Any]) -> dict[str, Value]:
    """A value for each control; the default where none is given. Raises InputError."""
    unknown = sorted(set(given) - {control.name for control in lesson.controls})
    if unknown:
        detail = f"the lesson {lesson.name} has no control {unknown[0]!r}"
        raise InputError(detail=detail, text_key="lessons.no_control", name=unknown[0])
    return {control.name: control.read(given.get(control.name, control.default)) for control in lesson.controls}


@cache
def measured(name: str) -> Result | None:
    """The shipped figures of a lesson; None where they are not there."""
    folder = shipped("lessons")
    path = folder / f"{name}.json" if folder else None
    if path is None or not path.is_file():
        return None
    return Result.from_dict(json.loads(path.read_text(encoding="utf-8")))


def folder(name: str = "") -> Path:
    """data/lessons, or a folder in it. Raises MissingError."""
    found = shipped("lessons")
    if found is None or not (found / name).exists():
        raise MissingError(what=f"data/lessons/{name}", fix="get a complete copy of CourseMate")
    return found / name


def need_torch() -> None:
    """Raises MissingError where the extra `hf` is not installed."""
    from importlib.util import find_spec

    absent = [name for name in ("torch", "transformers", "peft") if find_spec(name) is None]
    if absent:
        raise MissingError(what=absent[0], fix=INSTALL)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, and the least and greatest of a few seeds."""
    return sum(values) / len(values), min(values), max(values)
