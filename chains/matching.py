"""Whether a text holds a string a person would accept: white space, case, thousands separators and Unicode form ignored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=4096)
def squeeze(text: str) -> str:
    """Lower case, composed Hangul, without white space, Markdown emphasis or separators inside numbers."""
    without = re.sub(r"[\s*`_]|(?<=\d),(?=\d{3})", "", unicodedata.normalize("NFC", text))
    return without.lower()


def holds(text: str, alternatives: Sequence[str]) -> bool:
    """Whether one of the alternatives occurs. A number must not be part of a longer number: 0.5 is not in 0.55."""
    squeezed = squeeze(text)
    return any(_occurs(squeeze(word), squeezed) for word in alternatives)


def _occurs(word: str, text: str) -> bool:
    before = r"(?<![\d.])" if word[:1].isdigit() else ""
    after = r"(?!\d|\.\d)" if word[-1:].isdigit() else ""
    return re.search(before + re.escape(word) + after, text) is not None
