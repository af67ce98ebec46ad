"""Markdown: a page for each section, its headings in the locator, code fences and tables whole.

Raw HTML, comments, link targets and emphasis are dropped: they carry no words, cost the model tokens, and could run.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.base import Limits, Page
from ingest.cleaning import HTML_NAMES, split_code, unlink
from ingest.decoding import decode
from ingest.markup import HeadingPath, open_fence
from models.errors import DocumentError
from models.types import Locator

HEADING_CHARACTERS = 120
BYTES_PER_CHARACTER = 4  # the most that any encoding read here needs
_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-{3,})[ \t]*$")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,100}|(?:-[ \t]*){3,100}|(?:_[ \t]*){3,100})$")
_NOT_PARAGRAPH = re.compile(r"\s*(?:$|[#>|`~<]|[-*+][ \t]|\d+[.)][ \t])| {4}|\t")
_FENCE = re.compile(r"[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+){0,8}(`{3,}(?=[^`]*$)|~{3,})")
_DEFINITION = re.compile(r" {0,3}\[([^\]\[^\n][^\]\[\n]{0,200})\]:[ \t]*\S+")
_REFERENCE = re.compile(r"!?\[([^\[\]\n]{1,500})\][ ]?\[([^\[\]\n]{0,200})\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]{1,2000})>")
_IMAGE_TAG = re.compile(r"(?i)<img\b[^<>]{0,2000}?\balt=[\"']([^\"'<>]{0,500})[\"'][^<>]{0,2000}>")
_CELL_END = re.compile(r"(?i)</t[dh]\s*>")
_BREAK = re.compile(r"(?i)<br\s{0,8}/?>")
_KNOWN_TAG = re.compile(rf"(?i)</?(?:{HTML_NAMES})(?=[\s/>])[^<>]{{0,2000}}>")
_COMPONENT = re.compile(r"</?[A-Z][\w.]{0,60}(?=[\s/>])[^<>]{0,2000}>|\{/\*[^*]{0,2000}\*/\}")
_MODULE_LINE = re.compile(r"(?m)^(?:import|export) [^\n]{0,500}\n")
_STRONG = re.compile(r"(?<!\\)(\*{2,3})(?=[^\s*])([^\n]{1,500}?)(?<=[^\s*\\])\1")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9*\\])\*(?=[^\s*])([^*\n]{1,300})(?<=[^\s*\\])\*(?![A-Za-z0-9*])")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31}\d?);")
_ESCAPE = re.compile(r"\\([*_#\[\]~])")
_ANCHOR = re.compile(
    r"[ \t]{0,9}(?:\[\[[^\[\]]{1,200}\]\]|\{#[^{}]{1,200}\})[ \t]{0,9}$"
)  # `[[name]]` and `{#name}` after a heading
_TITLE = re.compile(r"(?m)^title[ \t]*[:=][ \t]*([^\n]{1,300})$")
_SETTING = re.compile(r"[\w-]{1,60}[ \t]*[:=]|[ \t]|[-#\]}]|$")
_HIDDEN = {"<!--": "-->", "<script": "</script>", "<style": "</style>"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line: level from 1, plain text."""

    level: int
    text: str


def read_text(path: Path, limits: Limits) -> str:
    """The whole decoded file. Raises DocumentError `too_large` or `unsupported` (unknown encoding)."""
    if path.stat().st_size > limits.characters * BYTES_PER_CHARACTER:
        raise DocumentError(path.name, "too_large", f"more than {limits.characters} characters")
    try:
        return decode(path.read_bytes())
    except ValueError as error:
        raise DocumentError(path.name, "unsupported", str(error)) from error


def markdown_pages(text: str, title: str = "") -> Iterator[Page]:
    """One page for each section of `text`; a heading with nothing below it is a page of its own words."""
    definitions = frozenset(_definitions(text))
    return section_pages(scan(text), title, lambda body: render_markdown(body, definitions))


def section_pages(
    items: Iterable[Heading | Locator | str], title: str = "", render: Callable[[str], str] = str.strip
) -> Iterator[Page]:
    """Pages of a sequence of headings and lines; `render` makes a section's lines its text. A Locator among the items
    starts a new page at that place.

    Headings with nothing below them are words to be found too: one alone is a page of itself, several that follow each
    other are the text of the heading above them.
    """
    path, place, lines, leaves = HeadingPath(title), Locator(), list[str](), list[Locator]()
    bare = 0  # level of a heading that has nothing below it yet
    for item in itertools.chain(items, [Heading(1, "")]):
        if isinstance(item, str):
            lines.append(item)
            continue
        body, here = render("\n".join(lines).strip("\n")) if lines else "", replace(place, headings=path.path)
        lines, bare = [], 0 if body else bare
        is_leaf = isinstance(item, Heading) and 0 < item.level <= bare
        if leaves and (body or (is_leaf and here.headings[:-1] != leaves[-1].headings[:-1])):
            yield _leaf_page(leaves)
            leaves = []
        if body:
            yield Page(body, here)
        if isinstance(item, Locator):
            place = item
            continue
        leaves += [here] if is_leaf else []
        text = plain(item.text)
        if (
            len(text) > HEADING_CHARACTERS
        ):  # a paragraph by mistake: its words stay text, the path keeps their beginning
            lines.append(text)
            text = f"{text[: HEADING_CHARACTERS // 2]}…"
        path.push(item.level, text)
        bare = item.level if text else 0
    if leaves:
        yield _leaf_page(leaves)


def _leaf_page(places: Sequence[Locator]) -> Page:
    first = places[0]
    text = "\n".join(place.headings[-1] for place in places)
    return Page(text, first if len(places) == 1 else replace(first, headings=first.headings[:-1]))


def scan(text: str) -> Iterator[Heading | str]:
    """Headings and lines of Markdown; rules, comments and link definitions left out, code untouched."""
    lines, index = text.split("\n"), 0
    hidden = _Hidden(lines)
    fence, blank_before = "", True
    while index < len(lines):
        line, following = lines[index], lines[index + 1] if index + 1 < len(lines) else ""
        index += 1
        if fence:
            fence = "" if _closes(line, fence) else fence
            yield line
            continue
        line = hidden.strip(line, index)
        if opened := _FENCE.match(line):
            fence = opened.group(1)
        heading, used = _heading(line, following, blank_before)
        index += used
        if heading:
            yield heading
        elif not _RULE.match(line) and not _DEFINITION.match(line):
            yield line
        blank_before = bool(heading) or not line.strip()


class _Hidden:
    """What stands in comments, scripts and styles; one that is never closed hides nothing."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._last = {mark: _last_line(lines, mark) for mark in _HIDDEN.values()}
        self._until = ""

    def strip(self, line: str, number: int) -> str:
        """The visible rest of `line`, the document's `number`-th from 1; lines come in order."""
        kept = ""
        while True:
            if self._until:
                end = line.lower().find(self._until)
                if end < 0:
                    return kept
                line, self._until = line[end + len(self._until) :], ""
            start, mark = _hidden_from(line)
            if start < 0 or (mark not in line[start:].lower() and self._last[mark] <= number):
                return kept + line
            kept, line, self._until = kept + line[:start], line[start:], mark


def _last_line(lines: Sequence[str], mark: str) -> int:
    """Number, from 1, of the last line that holds `mark`; 0 for none."""
    return next((number for number in range(len(lines), 0, -1) if mark in lines[number - 1].lower()), 0)


def _hidden_from(line: str) -> tuple[int, str]:
    """Where something hidden opens in `line` and the mark that ends it; (-1, "") for nothing."""
    start = line.find("<!--")
    if start >= 0 and line.count("`", 0, start) % 2 == 0:
        return start, _HIDDEN["<!--"]
    opening = line.lstrip()[:8].lower()
    element = next((name for name in _HIDDEN if name != "<!--" and opening.startswith(name)), "")
    return (line.lower().find(element), _HIDDEN[element]) if element else (-1, "")


def _heading(line: str, following: str, blank_before: bool) -> tuple[Heading | None, int]:
    """The heading that `line` is, if it is one, and how many lines after it belong to it."""
    if atx := _ATX.match(line):
        text = line[atx.end() :].strip()
        bare = text.rstrip("#")
        return Heading(len(atx.group(1)), bare.strip() if not bare or bare[-1] in " \t" else text), 0
    if blank_before and len(line) <= 200 and not _NOT_PARAGRAPH.match(line) and (mark := _UNDERLINE.match(following)):
        return Heading(1 if mark.group(1)[0] == "=" else 2, line.strip()), 1
    return None, 0


def _closes(line: str, fence: str) -> bool:
    marks = line.strip(" \t>")
    return marks.startswith(fence) and not marks.strip(fence[0])


def _definitions(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if match := _DEFINITION.match(line):
            yield match.group(1).lower()


def render_markdown(body: str, definitions: frozenset[str] = frozenset()) -> str:
    """Words of a section, its code untouched and its fences closed; `definitions`: names of reference links."""
    if marks := open_fence(body):
        body += f"\n{marks}"
    pieces = (piece if is_code else inline(piece, definitions) for is_code, piece in split_code(body))
    return "".join(pieces).strip("\n")


def inline(text: str, definitions: frozenset[str] = frozenset()) -> str:
    """Words of a text outside code: no link targets, HTML tags or emphasis; `definitions`: names of reference links."""
    text = unlink(unlink(text))
    if definitions:
        text = _REFERENCE.sub(lambda m: m[1] if (m[2] or m[1]).lower() in definitions else m[0], text)
    if "<" in text:
        text = _BREAK.sub(" ", _IMAGE_TAG.sub(r"\1", _AUTOLINK.sub(r"\1", text)))
        text = _KNOWN_TAG.sub("", _CELL_END.sub(" | ", text))
    text = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\2", text))
    text = _ENTITY.sub(lambda m: html.unescape(m[0]), text)
    return text if "$" in text else _ESCAPE.sub(r"\1", text)


def plain(text: str) -> str:
    """A heading's words: as `inline`, and without code marks and anchors."""
    return _ANCHOR.sub("", inline(text)).replace("`", "").strip()


def split_front_matter(text: str) -> tuple[str, str]:
    """(title, text without its YAML or TOML front matter); both unchanged where there is none."""
    mark = text[:3]
    if mark not in ("---", "+++") or text[3:4] != "\n":
        return "", text
    end = text.find(f"\n{mark}\n", 3, 20_000)
    block = text[4:end] if end > 0 else ""
    if end < 0 or not all(_SETTING.match(line) for line in block.split("\n")):
        return "", text
    title = _TITLE.search(block)
    return title.group(1).strip(" \t\"'") if title else "", text[end + len(mark) + 2 :]


class MarkdownLoader:
    """Sections of a Markdown file; the front matter's title is the outermost heading."""

    format = "md"
    suffixes = (".md", ".markdown", ".mdx")
    text_based = True

    def sniff(self, head: bytes, path: Path) -> bool:
        """Never: Markdown is what its suffix says."""
        return False

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each section."""
        title, text = split_front_matter(read_text(path, limits))
        if path.suffix.lower() == ".mdx":
            text = "".join(
                piece if code else _COMPONENT.sub("", _MODULE_LINE.sub("", piece)) for code, piece in split_code(text)
            )
        yield from markdown_pages(text, title)


LOADER = MarkdownLoader()
