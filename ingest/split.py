"""Cuts a document's pages into chunks: at headings, between blocks and at sentence ends, at most `limit` tokens each.

Code fences and tables stay whole where they fit; a long table is cut by rows and each part repeats the header, long code
by lines and each part has its fence. Small blocks under one heading share a chunk, and so do very small sections next to
each other. Nothing is lost: every character but white space is in some chunk, in order. Chunks do not overlap unless
`overlap_tokens` asks for it. Memory and time stay linear in the page, whatever it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from ingest.base import Page
from ingest.blocks import Count, Part, fit, read_blocks, sizes
from ingest.markup import HeadingPath
from models.embedders.base import Embedder
from models.types import Chunk, Locator

CHARACTERS_A_TOKEN = 1.6  # of Korean text in e5's tokens; for embedders that cannot count
_HEADING_CHARACTERS = 160
_REMEMBERED_LINES = 1_000


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """limit_tokens: of a chunk together with its heading path. overlap_tokens: repeated from the chunk before."""

    limit_tokens: int = 400
    overlap_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk to be: its text and where it stands."""

    text: str
    locator: Locator


_DEFAULT = SplitOptions()


def estimate_tokens(texts: Sequence[str]) -> list[int]:
    """A rough count for embedders without a tokenizer: characters without white space, over 1.6, rounded up."""
    return [math.ceil(sum(map(len, text.split())) / CHARACTERS_A_TOKEN) for text in texts]


def token_counter(embedder: Embedder) -> Count:
    """The embedder's own way to count tokens of many texts or of one, else the estimate."""
    many: Count | None = getattr(embedder, "count_tokens_many", None)
    one: Callable[[str], int] | None = getattr(embedder, "count_tokens", None)
    if many is None and one is not None:
        return lambda texts: [one(text) for text in texts]
    return many or estimate_tokens


def heading_path(headings: Sequence[str]) -> str:
    """The path in one line, innermost headings kept where it is long."""
    kept: list[str] = []
    room = _HEADING_CHARACTERS
    for heading in reversed(headings):
        kept.insert(0, heading[:room])
        room -= len(kept[0]) + 3
        if room <= 0:
            break
    return " > ".join(kept)


def indexed_text(chunk: Chunk) -> str:
    """What is embedded and indexed of a chunk: the headings that its text does not show, then the text."""
    shown = {line.lstrip("# ").rstrip() for line in chunk.text.split("\n") if line.startswith("#")}
    path = heading_path([heading for heading in chunk.locator.headings if heading not in shown])
    return f"{path}\n{chunk.text}" if path else chunk.text


def split_pages(
    pages: Iterable[Page], count: Count = estimate_tokens, options: SplitOptions = _DEFAULT
) -> Iterator[Piece]:
    """Pieces of a document in order, lazily: one page is held at a time. count: tokens of each of some texts."""
    splitter = _Splitter(count, options)
    for page in pages:
        yield from splitter.page(page)
    yield from splitter.flush()


class _Splitter:
    """The chunk being filled: parts, each with the heading path it stands under."""

    def __init__(self, count: Count, options: SplitOptions) -> None:
        self._count, self._options = count, options
        self._small = options.limit_tokens // 5
        self._parts: list[tuple[Part, tuple[str, ...]]] = []
        self._tokens = 0
        self._locator = Locator()
        self._lines: dict[str, int] = {}

    def page(self, page: Page) -> Iterator[Piece]:
        """The pieces that are full when the page has been read."""
        yield from self._enter(page.locator)
        path = HeadingPath()
        headings = page.locator.headings
        blocks = list(read_blocks(page.text))
        for block, tokens in zip(blocks, sizes(blocks, self._options.limit_tokens, self._count), strict=True):
            if block.kind == "heading":
                path.push(block.level, block.title[:_HEADING_CHARACTERS])
                headings = (*page.locator.headings, *path.path)
                yield from self._enter(replace(page.locator, headings=headings))
            for part in fit(block, tokens, self._budget(headings), self._count):
                yield from self._append(part, headings)

    def flush(self, keep: Sequence[tuple[Part, tuple[str, ...]]] = ()) -> Iterator[Piece]:
        """The piece that is being filled, if there is one; `keep` begins the next."""
        if self._parts:
            yield self._piece()
        self._parts = list(keep)
        self._tokens = sum(part.tokens for part, _ in keep)

    def _enter(self, locator: Locator) -> Iterator[Piece]:
        """A section or page begins: it shares the chunk only where that is small and the place is the same."""
        if self._parts and not (self._tokens < self._small and self._joinable(locator)):
            yield from self.flush()
        if not self._parts:
            self._locator = locator

    def _joinable(self, locator: Locator) -> bool:
        place = (locator.page, locator.slide, locator.table, locator.rows)
        if place != (self._locator.page, self._locator.slide, self._locator.table, self._locator.rows):
            return False
        last, new = self._parts[-1][1], locator.headings
        return len(_shared([last, new])) >= min(len(last), len(new)) - 1

    def _append(self, part: Part, headings: tuple[str, ...]) -> Iterator[Piece]:
        budget = self._budget(headings)
        if self._parts and self._tokens + part.tokens + self._title_tokens(headings) > budget:
            yield from self.flush(self._carried(part.tokens, budget))
            self._locator = replace(self._locator, headings=headings)
        self._tokens += part.tokens + self._title_tokens(headings)
        self._parts.append((part, headings))

    def _carried(self, coming: int, budget: int) -> list[tuple[Part, tuple[str, ...]]]:
        """What the next chunk begins with: headings that nothing has followed yet, and the overlap."""
        kept: list[tuple[Part, tuple[str, ...]]] = []
        while self._parts[:-1] and self._parts[-1][0].heading:
            kept.insert(0, self._parts.pop())
        taken = sum(part.tokens for part, _ in kept)
        if taken + coming > budget:
            self._parts += kept
            return []
        overlap = self._options.overlap_tokens
        for item in reversed(self._parts[1:]):
            if item[0].tokens > overlap or taken + item[0].tokens + coming > budget:
                break
            kept.insert(0, item)
            overlap, taken = overlap - item[0].tokens, taken + item[0].tokens
        return kept

    def _budget(self, headings: Sequence[str]) -> int:
        limit = self._options.limit_tokens
        return max(limit - self._line_tokens(heading_path(headings)), limit // 2)

    def _line_tokens(self, line: str) -> int:
        """Tokens of a heading line; few lines recur often."""
        if line and line not in self._lines:
            self._lines = {} if len(self._lines) > _REMEMBERED_LINES else self._lines
            (self._lines[line],) = self._count([line])
        return self._lines.get(line, 0)

    def _title_tokens(self, headings: Sequence[str]) -> int:
        """What the heading lines cost that show where joined sections begin; the first one is due at the first joint."""
        paths = [path for _, path in self._parts]
        if not paths or paths[-1] == headings:
            return 0
        due = [headings] if paths[-1] != paths[0] else [headings, paths[0]]
        return sum(self._line_tokens(_title_line(path)) for path in due if path)

    def _piece(self) -> Piece:
        paths = [headings for _, headings in self._parts]
        shared = _shared(paths)
        text, before = "", shared
        for part, headings in self._parts:
            title = headings[-1] if len(headings) > len(shared) and headings != before else ""
            if title and not part.heading:
                text += ("\n\n" if text else "") + _title_line(headings) + "\n\n" + part.text
            else:
                text += (part.glue if text else "") + part.text
            before = headings
        return Piece(text.strip(), replace(self._locator, headings=shared))


def _title_line(headings: Sequence[str]) -> str:
    return f"## {headings[-1][:_HEADING_CHARACTERS]}"


def _shared(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The headings that all paths begin with."""
    alike = takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))
    return tuple(level[0] for level in alike)
