"""What proves a question, as people see it: the source, and its words without marks."""

from __future__ import annotations

import re

from chains.making.base import Made
from chains.making.grammar import Sentence, bare
from chains.study import english
from chains.study.definitions import definition_of
from chains.study.language import Language
from models.types import Citation

_ITEM = re.compile(r"^\s*(?:[-*+•◦▪·]|\d{1,2}[.)])\s+")


def citation_of(made: Made) -> Citation:
    """Where the proof stands, word for word."""
    if made.chunk is None:
        raise ValueError("only what a document answers has a source")
    return Citation(1, made.chunk.source, made.chunk.locator, made.evidence, made.chunk.id)


def language_in(made: Made) -> Language:
    """The document's language, in which the question is put."""
    return "en" if english.TAG in made.tags else "ko"


def explained(made: Made) -> str:
    """The source's sentence, row or items, on one line, with their code and formulas."""
    if "table" in made.tags:
        return bare(re.sub(r"\s*\|\s*", " · ", made.evidence.strip("| ")))
    if language_in(made) == "en":
        return english.plain(_ITEM.sub("", made.evidence))
    lines = [_ITEM.sub("", line) for line in made.evidence.split("\n") if line.strip()]
    listed = len(lines) > 1 and all(_ITEM.match(line) for line in made.evidence.split("\n") if line.strip())
    return Sentence((" / " if listed else " ").join(lines)).text


def answered_by(made: Made) -> str:
    """The answer alone: a cell, what is said of a term, else the whole explanation."""
    if "table" in made.tags and (cell := cell_of(made)):
        return cell[1]
    if (definition := definition_of(made)) and definition.labelled:
        return definition.said
    told = explained(made)
    label, colon, said = told.partition(": ")
    return said if colon and _ITEM.match(made.evidence) and bare(label) in bare(made.question) else told


def cell_of(made: Made) -> tuple[str, str] | None:
    """Attribute and value of a table's question."""
    found = re.match(rf"{re.escape(made.subject)}의 (.+?)(?:은|는) ", made.reference)
    return (found[1], made.reference[found.end() :]) if found else None
