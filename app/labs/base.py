"""What every lab is: controls, a computation that tells how far it is and shows blocks, and three things to try.

A lab is a file of this folder that exports LAB. Its words lie in app/labs/text/<name>.toml, Korean and English side by side:

    [title]  [goal]  [expected]  [outside]  [predict_1] [guess_1_1] [guess_1_2] [guess_1_3] [told_1] … for each of `tries`
    [control_<name>]  [value_<value>] for a choice  [figure_<name>] [table_<name>] [score_<name>]  and the keys that Said and Progress name

and where they help [hint_<name>] under a control, [code_<name>] over code, [data_<name>] for a dataset.

`compute` yields Progress and Shown while it works and ends by itself; what it has shown last under a name stands. The same values and
seed give the same figures. It runs in a process of its own (app/labs/running.py), so it may use all of torch, and can be ended at any
moment. Figures are what Plotly reads (`data` and `layout`, JSON), made by app/labs/figures.py: they carry keys, `axis_<key>`,
`line_<key>` and `label_<key>` of the words (or of app/labs/text/figures.toml, which all labs share) say them when they are drawn.

A lab may have one thing more, `small`: control -> value, settings with which a run takes a second or two on the sample data. The
contract test then runs every control at both its ends, the others at `small`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from models.errors import InputError

Value = str | float | int | bool
LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few named values. Shown as buttons; `value_<value>` of the words says each, or the value does."""

    name: str
    values: tuple[str, ...]
    default: str

    def read(self, given: Any) -> str:
        """The value that was meant. Raises InputError for another."""
        if str(given) not in self.values:
            choices = ", ".join(self.values)
            detail = f"{self.name} cannot be {given!r}; choose one of {choices}"
            raise InputError(detail=detail, text_key="labs.no_value", name=self.name, value=given, choices=choices)
        return str(given)


@dataclass(frozen=True, slots=True)
class Range:
    """A number from low to high. Shown as a slider. log: by powers of ten. whole: integers only."""

    name: str
    low: float
    high: float
    default: float
    step: float = 1.0
    log: bool = False
    whole: bool = True

    def read(self, given: Any) -> float | int:
        """The number that was meant. Raises InputError for none, and outside the ends."""
        try:
            number = float(given)
        except (TypeError, ValueError):
            number = float("nan")
        if not self.low <= number <= self.high or (self.whole and number != int(number)):
            detail = f"{self.name} cannot be {given!r}; give a number from {self.low:g} to {self.high:g}"
            raise InputError(
                detail=detail, text_key="labs.no_number", name=self.name, value=given, low=self.low, high=self.high
            )
        return int(number) if self.whole else number


@dataclass(frozen=True, slots=True)
class Words:
    """A text the learner writes. longest: characters that are taken; a longer one is refused."""

    name: str
    default: str
    longest: int = 2000
    lines: int = 1

    def read(self, given: Any) -> str:
        """The text. Raises InputError where it is too long or empty."""
        said = str(given)
        if not said.strip():
            raise InputError(detail=f"{self.name} is empty; write something", text_key="labs.empty", name=self.name)
        if len(said) > self.longest:
            detail = f"{self.name} has {len(said)} characters; shorten it to {self.longest}"
            raise InputError(
                detail=detail, text_key="labs.too_long", name=self.name, count=len(said), longest=self.longest
            )
        return said


@dataclass(frozen=True, slots=True)
class File:
    """A file the learner brings; "" for the sample. suffixes: what is taken. The value is a path on this machine."""

    name: str
    suffixes: tuple[str, ...]
    default: str = ""

    def read(self, given: Any) -> str:
        """The path. Raises InputError where there is no such file, or of another kind."""
        if not str(given or ""):
            return ""
        path = Path(str(given))
        if path.suffix.lower() not in self.suffixes or not path.is_file():
            detail = f"{path.name} cannot be read here; give a file that ends in {', '.join(self.suffixes)}"
            raise InputError(detail=detail, text_key="labs.no_file", value=path.name, suffixes=", ".join(self.suffixes))
        return str(path)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the learner draws: size x size grey values from 0 (ground) to 255 (pen), row by row, joined by commas; "" for none."""

    name: str
    size: int = 28
    default: str = ""

    def read(self, given: Any) -> str:
        """The same text. Raises InputError where it is not such a drawing."""
        said = str(given or "")
        parts = said.split(",") if said else []
        good = all(part.strip().isdigit() and int(part) <= 255 for part in parts)
        if said and (len(parts) != self.size**2 or not good):
            detail = f"{self.name} must be {self.size} x {self.size} grey values from 0 to 255"
            raise InputError(detail=detail, text_key="labs.no_drawing", name=self.name, size=self.size)
        return said


Control = Choice | Range | Words | File | Drawing


@dataclass(frozen=True, slots=True)
class Try:
    """Something to try, predicted first. right: which of its three guesses comes true. values: the settings that show it."""

    right: Literal[1, 2, 3]
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot as Plotly reads it. name: `figure_<name>` of the words is its title. height: pixels. frames: what its slider shows
    (app/labs/panels.py)."""

    name: str
    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any] = field(default_factory=dict)
    height: int = 340
    frames: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. name: `table_<name>` of the words is its title; a heading is a key of the words, or stands as it is."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence or more. key: of the lab's words, filled with `values`. tone: how it is meant."""

    name: str
    key: str
    values: Mapping[str, str | float | int] = field(default_factory=dict)
    tone: Literal["plain", "good", "bad"] = "plain"


@dataclass(frozen=True, slots=True)
class Code:
    """Code that ran, or that does the same with a library."""

    name: str
    source: str
    language: str = "python"


Block = Figure | Table | Said | Code


@dataclass(frozen=True, slots=True)
class Shown:
    """A block to show now, in place of the one of its kind and name before it."""

    block: Block


@dataclass(frozen=True, slots=True)
class Score:
    """A figure of the run, and where it usually is. best: which end is the good one. `score_<name>` of the words says it."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: Literal["share", "loss", "count", "seconds", "mb", ""] = ""

    @property
    def outside(self) -> bool:
        """True where it is not where it usually is."""
        return (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)


@dataclass(frozen=True, slots=True)
class Progress:
    """done of total units of work. key: what is being done, of the lab's words; "" for just working."""

    done: float
    total: float
    key: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """Which data the run rests on, for the page to say. origin: cache, hub, folder, debian, package, made or own (the learner's)."""

    name: str
    origin: str
    rows: int


Event = Progress | Shown | Score | Used


@dataclass(frozen=True, slots=True)
class Desk:
    """What a computation gets. home: where data and weights are kept. shipped: checkpoints that come along (data/labs/<name>).

    datasets: a folder of datasets as they are published, one folder a dataset; None for HOME/datasets.
    weights: the folder of model weights; "" for HOME/weights.
    """

    home: Path
    seed: int = 0
    threads: int = 2
    offline: bool = True
    datasets: Path | None = None
    weights: str = ""

    @property
    def weights_dir(self) -> Path:
        """Where model weights lie."""
        return Path(self.weights) if self.weights else self.home / "weights"


class Lab(Protocol):
    """One practical. topic: which group it stands in. notes: files of data/course. network: modules whose source is shown.

    seconds: what `compute` takes at most on two cores with these values; the page announces it.
    """

    @property
    def name(self) -> str: ...

    @property
    def order(self) -> int: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    @property
    def network(self) -> tuple[str, ...]: ...

    @property
    def controls(self) -> tuple[Control, ...]: ...

    @property
    def tries(self) -> tuple[Try, Try, Try]: ...

    def seconds(self, **values: Value) -> float: ...

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """What to show, in order. values: by control. Raises InputError, MissingError."""


def read_values(lab: Lab, given: Mapping[str, Any]) -> dict[str, Value]:
    """A value for each control; the default where none is given. Raises InputError."""
    unknown = sorted(set(given) - {control.name for control in lab.controls})
    if unknown:
        names = ", ".join(control.name for control in lab.controls)
        detail = f"the lab {lab.name} has no control {unknown[0]!r}; it has {names}"
        raise InputError(detail=detail, text_key="labs.no_control", name=unknown[0], names=names)
    return {control.name: control.read(given.get(control.name, control.default)) for control in lab.controls}


def to_row(event: Event) -> dict[str, Any]:
    """JSON-ready: {"event": kind, …}; a block says its own kind."""
    if isinstance(event, Shown):
        return {"event": "Shown", "kind": type(event.block).__name__, "block": asdict(event.block)}
    return {"event": type(event).__name__, **asdict(event)}


_BLOCKS: dict[str, type[Block]] = {"Figure": Figure, "Table": Table, "Said": Said, "Code": Code}
_EVENTS: dict[str, type[Progress | Score | Used]] = {"Progress": Progress, "Score": Score, "Used": Used}


def from_row(row: Mapping[str, Any]) -> Event:
    """Inverse of `to_row`."""
    if row["event"] == "Shown":
        block = dict(row["block"])
        if row["kind"] == "Figure":
            block["frames"] = tuple(block["frames"])
        if row["kind"] == "Table":
            block |= {"columns": tuple(block["columns"]), "rows": tuple(map(tuple, block["rows"]))}
        return Shown(_BLOCKS[row["kind"]](**block))
    return _EVENTS[row["event"]](**{name: value for name, value in row.items() if name != "event"})
