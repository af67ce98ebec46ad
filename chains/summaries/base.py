"""What a summary is made of: lines of documents, the steps of a strategy, the plan, the events and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from chains.summaries.styles import Style
from models.errors import CourseMateError
from models.types import Chunk, Citation, Locator, Sentence, Usage

Kind = Literal["sentence", "item", "row", "code", "formula"]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, list item or table row of a document, as it stands there. headings: from the outermost. tokens: estimated, on
    the safe side. lead: the sentence or table header that introduces it, "" where there is none."""

    text: str
    kind: Kind
    chunk: Chunk
    headings: tuple[str, ...]
    tokens: int
    lead: str = ""

    @property
    def place(self) -> Locator:
        """Where it stands, for people."""
        place = self.chunk.locator
        return Locator(place.page, place.slide, place.cell, place.table, place.rows, self.headings)


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be summarised, in reading order. names: of the documents. tokens: of the whole text, what is not offered to a
    model (code, orders to the reader, thinned pages) included."""

    names: tuple[str, ...]
    lines: tuple[Line, ...]
    tokens: int
    korean: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the model. span: lines [first, last) it reads; inputs: earlier steps whose results it reads.

    title: headings it stands under; () where there are none. final: its result is the summary itself.
    """

    title: tuple[str, ...] = ()
    span: tuple[int, int] | None = None
    inputs: tuple[int, ...] = ()
    final: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What a strategy must keep to. tokens: that one call may read; parts: most calls that read the document.

    joined: the parts, one after another, are the summary; nothing is merged.
    """

    tokens: int
    parts: int
    joined: bool = False


class Strategy(Protocol):
    """One way through a document; chains/summaries/<name>.py exports STRATEGY. Steps only look back."""

    name: str

    def steps(self, material: Material, shape: Shape) -> list[Step]:
        """The calls in order. The last one is final unless the shape is joined."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants. strategy: "" chooses by length. budget_s: most seconds on this computer's own model."""

    material: Material
    style: Style
    audience: str = ""
    strategy: str = ""
    backend: str = "local"
    budget_s: float = 240.0


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with what it will cost. lines: indices into the material that the model is given. asked: False where the
    documents' own sentences stand in for the model's. seeds: lines around which a small model's sentences are written, one
    each; () where it writes freely."""

    step: Step
    lines: tuple[int, ...]
    sentences: int
    read_tokens: int
    write_tokens: int
    asked: bool = True
    seconds: float | None = None
    seeds: tuple[int, ...] = ()


Note = Literal["short", "foreign", "across", "budget", "partial", "tables", "code", "late"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Known before anything starts. seconds: None where someone else's machine does it. share: of the text that the model will
    read, in [0, 1]. automatic: the strategy was not chosen by a person. cost_usd: None where not known."""

    request: Request
    strategy: str
    steps: tuple[PlannedStep, ...]
    seconds: float | None
    share: float
    small: bool
    automatic: bool = True
    cost_usd: float | None = None
    notes: tuple[Note, ...] = ()

    @property
    def parts(self) -> int:
        """Calls of the model."""
        return sum(planned.asked for planned in self.steps)

    @property
    def read_tokens(self) -> int:
        return sum(planned.read_tokens for planned in self.steps if planned.asked)

    @property
    def write_tokens(self) -> int:
        return sum(planned.write_tokens for planned in self.steps if planned.asked)


PartState = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one step. asked: whether the model wrote it; kept: its draft was there from an earlier run."""

    index: int
    title: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    places: tuple[Locator, ...] = ()
    final: bool = False
    asked: bool = True
    kept: bool = False
    state: PartState = "done"
    draft: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """parts: in the order of the steps, those that were reached. sentences: the summary; where it was stopped or broke off before
    the end, what the parts hold. citations: by their number `n`, one a source sentence. share: of the text that was read.

    error: what a backend died of; asking again goes on where it stopped.
    """

    plan: Plan
    parts: tuple[Part, ...]
    citations: tuple[Citation, ...]
    backend: str
    model: str
    seconds: float
    share: float
    stopped: bool = False
    error: CourseMateError | None = None
    notes: tuple[Note, ...] = ()
    usage: Usage = field(default_factory=Usage)

    @property
    def shown(self) -> tuple[Part, ...]:
        """The parts that make the summary: the final one, or all that are there."""
        final = tuple(part for part in self.parts if part.final and part.state == "done" and part.sentences)
        return final or tuple(part for part in self.parts if part.sentences)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(sentence for part in self.shown for sentence in part.sentences)

    @property
    def complete(self) -> bool:
        return not self.stopped and self.error is None


@dataclass(frozen=True, slots=True)
class PartBegun:
    """index: of the step; total: of all; left_s: estimated, for this and all later ones, None where not known."""

    index: int
    total: int
    title: tuple[str, ...]
    final: bool
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class PartToken:
    """A piece of a part's draft, unchecked."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """One sentence of a part as it will stand, with the sources it cites."""

    index: int
    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class PartDone:
    """The part as it stays."""

    part: Part


@dataclass(frozen=True, slots=True)
class Summarised:
    """Last event, whether it ended well or not."""

    summary: Summary


SummaryEvent = PartBegun | PartToken | SentenceChecked | PartDone | Summarised


def token_sum(material: Material, lines: Sequence[int]) -> int:
    """Tokens of these lines."""
    return sum(material.lines[i].tokens for i in lines)
