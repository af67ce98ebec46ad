"""The course notes as plain text for the labs on language: no code, formulas, tables, references, citations or Markdown, one paragraph a line.

learnt, held = split(course_text())      # every tenth paragraph is held out; all language labs hold out the same ones
"""

from __future__ import annotations

import re
from functools import cache

from app.course import course_files
from models.errors import MissingError

HELD_EVERY = 10
REFERENCES = "\n## 참고 문헌"
SHORTEST = 12  # characters of a paragraph; what is shorter is a heading or a label
LONGEST_RUN = 60
_RUN = re.compile(rf"\S{{{LONGEST_RUN}}}")
_FENCED = re.compile(r"^```.*?^```\s*?$", re.DOTALL | re.MULTILINE)
_FORMULA = re.compile(r"\$[^$\n]+\$")
_CITED = re.compile(r" ?\([^()\n]*\d{4}[a-z]?\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"^\s*(?:#{1,6}|[-*+]|\d+\.)\s+|\*\*|`", re.MULTILINE)
_SPACES = re.compile(r"[ \t]+")


def plain(markdown: str) -> str:
    """The running text of a note, a paragraph a line."""
    text = _FORMULA.sub("", _FENCED.sub("", markdown.partition(REFERENCES)[0]))
    text = _MARKS.sub("", _LINK.sub(r"\1", _CITED.sub("", text)))
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if len(line) >= SHORTEST and not line.startswith("|"))


def with_breaks(text: str) -> str:
    """The same with a space in every LONGEST_RUN characters that have none: Kiwi's time grows with the square of such a run."""
    return _RUN.sub(lambda run: run.group() + " ", text)


@cache
def course_text() -> str:
    """All notes, in their order. Raises MissingError where they are not there."""
    files = course_files()
    if not files:
        raise MissingError(what="data/course", fix="get a complete copy of CourseMate")
    return "\n".join(plain(path.read_text(encoding="utf-8")) for path in files)


def split(text: str, every: int = HELD_EVERY) -> tuple[str, str]:
    """What is learnt, and every `every`th paragraph, which is held out. A text of fewer paragraphs is cut by its sentences or,
    where there are none, by its length; both parts hold something where the text has two characters."""
    parts = [line for line in text.splitlines() if line.strip()]
    if len(parts) < every:
        parts = [part for part in re.split(r"(?<=[.!?。])\s+", text.strip()) if part]
    if len(parts) < every:
        size = max(1, len(text) // every)
        return text[: len(text) - size], text[len(text) - size :]
    held = parts[every - 1 :: every]
    learnt = [part for at, part in enumerate(parts) if at % every != every - 1]
    return "\n".join(learnt), "\n".join(held)
