"""Other words for the questions of training examples, written by people: a model that only ever sees questions in the words of their
evidence learns to refuse every other.

A file has a JSON object a line, {"question": as it was made, "reworded": the same in other words}, several lines for one question where there
are several wordings. The example is made a second time with the new words; passages, answer and licence stay. A file that is handed on may
name a question by `mark_of` instead, {"of": "9f86d081884c7d65", "reworded": …}: made questions share phrases with documents that may not be.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chains.matching import squeeze
from models.errors import InputError

if TYPE_CHECKING:
    from app.training_facts import Asked

LENGTH = (5, 200)  # characters of a question
WRITTEN = "paraphrase:written"


def mark_of(question: str) -> str:
    """16 hexadecimal digits of the SHA-256 of a question, white space apart."""
    return hashlib.sha256(squeeze(question).encode()).hexdigest()[:16]


def read_rewordings(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Mark of a question -> its other words. Raises InputError, which names file and line."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                detail=f"{path.name} cannot be read as UTF-8 text ({error}); give a JSONL file",
                text_key="dataset.no_rewordings",
                path=path.name,
                line=0,
            ) from error
        for number, line in enumerate(lines, start=1):
            if line.strip():
                mark, words = _row(path, number, line)
                found[mark].append(words)
    return dict(found)


def _row(path: Path, number: int, line: str) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
        mark = str(row["of"]) if "of" in row else mark_of(row["question"])
        words = str(row["reworded"]).strip()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _bad(path, number) from error
    if not LENGTH[0] <= len(words) <= LENGTH[1]:
        raise _bad(path, number)
    return mark, words


def _bad(path: Path, number: int) -> InputError:
    detail = f'{path.name}, line {number}: give {{"question": …, "reworded": …}} with 5 to 200 characters each'
    return InputError(detail=detail, text_key="dataset.no_rewordings", path=path.name, line=number)


def reworded(asked: Sequence[Asked], rewordings: Mapping[str, Sequence[str]]) -> Iterator[Asked]:
    """Each example once more for each of its question's other words. One whose words give a short answer away is left out."""
    for one in asked:
        for words in rewordings.get(mark_of(one.fact.question), ()):
            told = one.fact.kind == "span" and squeeze(one.fact.claims[0].text) in squeeze(words)
            if not told:
                yield replace(one, fact=replace(one.fact, question=words, origin=WRITTEN))
