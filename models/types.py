"""The values that travel through the whole system, from a loaded page to a checked answer.

All of them are frozen: a chunk that has been stored, or an answer that has been shown, never changes under its reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.documents import Document


@dataclass(frozen=True, slots=True)
class Locator:
    """Where in a document a text stands. Numbers count from 1; only what the format knows is set.

    headings: path from the outermost to the innermost heading, e.g. ("2장 과적합", "드롭아웃").
    rows: first and last row of a table or CSV, inclusive. table: n-th table of the document or page.
    """

    page: int | None = None
    slide: int | None = None
    cell: int | None = None
    table: int | None = None
    rows: tuple[int, int] | None = None
    headings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Set fields only, JSON-ready; `from_dict` reads it back."""
        values: dict[str, Any] = {
            name: getattr(self, name) for name in ("page", "slide", "cell", "table") if getattr(self, name) is not None
        }
        if self.rows:
            values["rows"] = list(self.rows)
        if self.headings:
            values["headings"] = list(self.headings)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Locator:
        """Inverse of `to_dict`."""
        rows = values.get("rows")
        return cls(
            page=values.get("page"),
            slide=values.get("slide"),
            cell=values.get("cell"),
            table=values.get("table"),
            rows=(rows[0], rows[1]) if rows else None,
            headings=tuple(values.get("headings", ())),
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of one document, small enough to embed (at most 400 e5 tokens).

    id: content hash over document, ordinal and text, see `chunk_id`. source: the document's name as people see it, unique
    in its collection. ordinal: position in the document from 0; neighbours differ by 1.
    """

    id: str
    text: str
    source: str
    locator: Locator
    ordinal: int
    document_id: str = ""
    format: str = ""

    def to_document(self) -> Document:
        """The chunk as LangChain's Document; metadata hold all but the text, JSON-ready."""
        metadata = {
            "source": self.source,
            "locator": self.locator.to_dict(),
            "ordinal": self.ordinal,
            "document_id": self.document_id,
            "format": self.format,
        }
        return Document(id=self.id, page_content=self.text, metadata=metadata)


def chunk_id(document_id: str, ordinal: int, text: str) -> str:
    """32 hex digits that name a chunk by its content: the same document text gives the same ids on every machine."""
    digest = hashlib.sha256(f"{document_id}\0{ordinal}\0{text}".encode())
    return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found. score: fused, in [0, 1]; dense: cosine; lexical: BM25; None where that side missed it."""

    chunk: Chunk
    score: float
    dense: float | None = None
    lexical: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """What the model and the reader see of the evidence, numbered from 1 as `[n]` in the answer.

    text: sentences of one chunk (or of touching neighbours) that were packed into the prompt. sentences: the same, split.
    best: index into `sentences` of the one that matches the question best. score: in [0, 1].
    """

    n: int
    chunk: Chunk
    text: str
    sentences: tuple[str, ...]
    best: int
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim's place in the documents: `quote` is the exact sentence of passage `n` that supports it."""

    n: int
    source: str
    locator: Locator
    quote: str
    chunk_id: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer. support: in [0, 1]; citations: passage numbers.

    unsupported: numbers and names in the sentence that no passage holds; empty where all are found.
    supported: whether `support` reaches the calibrated threshold and nothing is in `unsupported`. quoted: the sentence is the
    documents' own and stands where the model's words did not hold.
    """

    text: str
    support: float
    citations: tuple[int, ...] = ()
    unsupported: tuple[str, ...] = ()
    supported: bool = True
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider reports them; None where it does not. cost_usd: from the price table, None if unknown."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None


RefusalReason = Literal["no_documents", "model_refused", "unsupported"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer, or a refusal (`refused` set, no citations, `reason` says why).

    timings_ms: retrieve, first_token, total; milliseconds from the question's arrival.
    stopped: the reader pressed stop; sentences hold what had come by then.
    nearest: for a refusal, the place closest to the question.
    draft: what the model wrote, reasoning and all, before it was checked. prompt, adapter: the technique and the LoRA adapter
    it was asked with. tokens_per_s: written, from the first token to the last. agreement: of self-consistency, the share of
    the drawn answers that say the same, in (0, 1].
    """

    question: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...] = ()
    refused: bool = False
    reason: RefusalReason | None = None
    backend: str = ""
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    stopped: bool = False
    nearest: Citation | None = None
    standalone_question: str = ""
    draft: str = ""
    prompt: str = ""
    adapter: str = ""
    tokens_per_s: float | None = None
    agreement: float | None = None

    @property
    def text(self) -> str:
        """The answer as one text, sentences as they came."""
        return " ".join(s.text for s in self.sentences)


@dataclass(frozen=True, slots=True)
class Sources:
    """First event of an answer: the evidence, before the model has read anything. retrieve_ms: milliseconds."""

    passages: tuple[Passage, ...]
    retrieve_ms: float
    standalone_question: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer's text as it streams, unchecked yet."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Last event: the checked answer, which replaces what streamed."""

    answer: Answer


Event = Sources | Token | Done


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation, oldest first where several are given."""

    question: str
    answer: str
