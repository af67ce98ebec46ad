"""A template's examples as text a person can edit: `=>` between what is asked and what is answered, `---` between examples."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.errors import InputError

_BETWEEN = re.compile(r"^[ \t]*---+[ \t]*$", re.MULTILINE)
_ANSWER = re.compile(r"^[ \t]*=>[ \t]*$", re.MULTILINE)


def write(examples: Sequence[tuple[str, str]]) -> str:
    """`read` reads it back."""
    return "\n---\n".join(f"{asked}\n=>\n{said}" for asked, said in examples)


def read(text: str) -> tuple[tuple[str, str], ...]:
    """Raises InputError for an example without exactly one `=>` line, or with nothing before or behind it."""
    blocks = [block for block in _BETWEEN.split(text) if block.strip()]
    return tuple(_pair(number, block) for number, block in enumerate(blocks, start=1))


def _pair(number: int, block: str) -> tuple[str, str]:
    parts = [part.strip() for part in _ANSWER.split(block)]
    if len(parts) != 2 or not all(parts):
        detail = f"Example {number} needs one line `=>` between what is asked and what is answered."
        raise InputError(detail=detail, text_key="lab.bad_example", number=number)
    return parts[0], parts[1]
