"""What a tool is: a name, checked arguments, and a function from them to a text and the passages it rests on.

A new tool is one file in this folder that exports TOOL; the agent, the page and the MCP server know it from there on. Tools read,
they never write, and they use what their ToolContext holds and nothing else.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from chains.prepare import Preparer
from chains.rag import AskOptions, RagEngine
from ingest.store import ChunkStore, DocumentRecord
from models.discovery import discover
from models.errors import InputError
from models.types import Chunk, Locator, Passage, Sentence

COMPUTED = "computed:"


class Arguments(BaseModel):
    """Base of a tool's arguments; what is not declared is refused. Each field's description is read by the model: Korean, short."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Lab(Protocol):
    """An experiment of the course that a tool may run; app/labs supplies them where they are there. about: one line."""

    about: str

    def run(self, values: Mapping[str, float]) -> str:
        """What came out, in words. Raises InputError for a value it does not know."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What tools may use. options: backend, speed and scope of the run. cancel: set when nobody waits for the result any more.

    given: everything that was said and found so far; None where there is no conversation around the call.
    """

    engine: RagEngine
    preparer: Preparer
    options: AskOptions
    labs: Mapping[str, Lab] = field(default_factory=dict)
    cancel: threading.Event = field(default_factory=threading.Event)
    given: Callable[[], str] | None = None

    @property
    def store(self) -> ChunkStore:
        """The collection, for reading."""
        return self.preparer.retriever.store

    def documents(self) -> list[DocumentRecord]:
        """The documents in scope, by source."""
        scope, found = self.options.scope, self.store.documents()
        wanted = scope.documents if scope is not None else None
        return [record for record in found if not wanted or record.id in wanted]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """text: what the tool says itself, not a document. passages: what it rests on, best first; their numbers are given later.

    said: all there is to tell, sentence by sentence, so that a small model's paraphrase would add nothing (a calculation, a list,
    a checked summary); their citations count `passages` from 1.
    """

    text: str = ""
    passages: tuple[Passage, ...] = ()
    said: tuple[Sentence, ...] = ()


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


@dataclass(frozen=True)
class Tool:
    """name: as the model calls it. description: one short Korean sentence, read by the model. offered: whether it can work here.

    run raises InputError where an argument names nothing there is; its message says what there is instead.
    timeout_s: longest it may take. order: of the list that people and models see.
    asked: regular expression of what tasks say that want this tool; a small model, which chooses badly from a long list, is offered
    it for those alone. "" for all.
    """

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Any, ToolContext], ToolResult]
    offered: Callable[[ToolContext], bool] = lambda context: True
    timeout_s: float = 30.0
    order: int = 90
    asked: str = ""

    def call(self, values: Mapping[str, Any], context: ToolContext) -> ToolResult:
        """Runs with unchecked values. Raises InputError, and what the tool meets."""
        from pydantic import ValidationError

        try:
            arguments = self.arguments.model_validate(values)
        except ValidationError as error:
            raise _wrong(self, error) from None
        return self.run(arguments, context)


def _wrong(tool: Tool, error: Any) -> InputError:
    first = error.errors(include_url=False)[0]
    name, value = ".".join(str(part) for part in first["loc"])[:60] or "arguments", repr(first.get("input"))[:60]
    known = ", ".join(tool.arguments.model_fields) or "-"
    detail = f"The tool {tool.name} cannot use {value} for {name} ({first['msg']}); it takes {known}."
    return InputError(detail=detail, text_key="agent.bad_argument", tool=tool.name, name=name, value=value, known=known)


def all_tools() -> dict[str, Tool]:
    """Every tool by its name, in the order they are offered."""
    found: list[Tool] = sorted(discover("chains.tools", "TOOL").values(), key=lambda tool: tool.order)
    return {tool.name: tool for tool in found}


def offered(context: ToolContext) -> list[Tool]:
    """The tools that can work with this context."""
    return [tool for tool in all_tools().values() if tool.offered(context)]


def passage(chunk: Chunk, sentences: Sequence[str], best: int = 0, score: float = 1.0) -> Passage:
    """Sentences of a chunk as a passage without a number yet."""
    from chains.pack import join_units

    return Passage(0, chunk, join_units(sentences), tuple(sentences), best, score)


def worked_out(source: str, *sentences: str) -> ToolResult:
    """What a tool worked out itself, as a passage that can be cited like a document's."""
    said = tuple(Sentence(sentence, 1.0, (1,), quoted=True) for sentence in sentences)
    return ToolResult(passages=(computed(source, *sentences),), said=said)


def computed(source: str, *sentences: str) -> Passage:
    """The passage of `worked_out`."""
    text = "\n".join(sentences)
    digest = hashlib.sha256(f"{source}\0{text}".encode()).hexdigest()[:24]
    chunk = Chunk(f"{COMPUTED}{digest}", text, source, Locator(), 0)
    return Passage(0, chunk, text, sentences, 0, 1.0)


def is_computed(found: Passage) -> bool:
    """Whether a passage is a tool's own and no document's."""
    return found.chunk.id.startswith(COMPUTED)
