"""Which language a text is in, as far as study aids can be made from it: Korean, English, or "" for any other."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Language = Literal["ko", "en", ""]
LEAST_KOREAN = 0.1  # of the letters; Korean notes on AI are full of English names
LEAST_ENGLISH = 0.08  # of the words; German and French notes hold few of these
_FUNCTION_WORDS = frozenset([
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "has", "have", "in", "is", "it",
    "its", "not", "of", "on", "or", "that", "the", "this", "to", "was", "we", "which", "with", "you",
])  # fmt: skip


@lru_cache(maxsize=4096)
def language_of(text: str) -> Language:
    """By the share of Hangul, else by the share of English function words."""
    letters = sum(char.isalpha() for char in text)
    hangul = len(re.findall("[가-힣]", text))
    if hangul and hangul >= LEAST_KOREAN * letters:
        return "ko"
    words = re.findall(r"[^\W\d_]+", text.lower())
    known = sum(word in _FUNCTION_WORDS for word in words)
    return "en" if known and known >= LEAST_ENGLISH * len(words) else ""


def is_function_word(word: str) -> bool:
    """Whether an English word only holds a sentence together."""
    return word in _FUNCTION_WORDS
