"""The Korean keyboard (두벌식, KS X 5002): which keys write a word, what they write with one key missed, and which keys lie beside which.

    keys("값이")             ㄱ ㅏ ㅂ ㅅ ㅇ ㅣ
    compose(["ㄱ", "ㅏ", "ㅂ", "ㅅ", "ㅣ"])      갑시, as an input method joins them

A syllable is a consonant, a vowel and, unless a vowel follows it, a final: so a regular expression is the whole input method.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
TAILS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
TWO_KEYS = dict(
    zip(
        "ㅘㅙㅚㅝㅞㅟㅢㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ",
        [
            "ㅗㅏ",
            "ㅗㅐ",
            "ㅗㅣ",
            "ㅜㅓ",
            "ㅜㅔ",
            "ㅜㅣ",
            "ㅡㅣ",
            "ㄱㅅ",
            "ㄴㅈ",
            "ㄴㅎ",
            "ㄹㄱ",
            "ㄹㅁ",
            "ㄹㅂ",
            "ㄹㅅ",
            "ㄹㅌ",
            "ㄹㅍ",
            "ㄹㅎ",
            "ㅂㅅ",
        ],
        strict=True,
    )
)
ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
SHIFTED = dict(zip("ㅃㅉㄸㄲㅆㅒㅖ", "ㅂㅈㄷㄱㅅㅐㅔ", strict=True))
FIRST_SYLLABLE, OF_A_LEAD, OF_A_VOWEL = 0xAC00, 588, 28
SYLLABLES = re.compile("[가-힣]+")
_JOINED = {pair: jamo for jamo, pair in TWO_KEYS.items()}
_VOWEL_PAIRS = [pair for pair in _JOINED if pair[0] in VOWELS]
_TAIL_PAIRS = [pair for pair in _JOINED if pair[0] not in VOWELS]
_ONE_TAIL = "".join(tail for tail in TAILS if tail and tail not in TWO_KEYS)
_TYPED = re.compile(
    f"([{LEADS}])({'|'.join(_VOWEL_PAIRS)}|[{VOWELS}])((?:{'|'.join(_TAIL_PAIRS)}|[{_ONE_TAIL}])(?![{VOWELS}]))?"
)


def keys(text: str) -> list[str]:
    """The keys in their order; what is no Hangul stands for itself."""
    pressed: list[str] = []
    for character in text:
        code = ord(character) - FIRST_SYLLABLE
        if 0 <= code < len(LEADS) * OF_A_LEAD:
            vowel, tail = code % OF_A_LEAD // OF_A_VOWEL, code % OF_A_VOWEL
            parts = (LEADS[code // OF_A_LEAD], VOWELS[vowel], TAILS[tail])
        else:
            parts = (character, "", "")
        pressed += [key for part in parts for key in TWO_KEYS.get(part, part)]
    return pressed


def compose(pressed: Sequence[str]) -> str:
    """What stands on the screen after these keys."""
    return _TYPED.sub(_syllable, "".join(pressed))


def _syllable(typed: re.Match[str]) -> str:
    lead, vowel, tail = typed[1], _JOINED.get(typed[2], typed[2]), typed[3] or ""
    code = LEADS.index(lead) * OF_A_LEAD + VOWELS.index(vowel) * OF_A_VOWEL + TAILS.index(_JOINED.get(tail, tail))
    return chr(FIRST_SYLLABLE + code)


def neighbours(key: str) -> str:
    """The keys that touch it: each row of the keyboard stands half a key further right than the one above. Of a key with Shift also
    the same key without."""
    base = SHIFTED.get(key, key)
    row = next((n for n, one in enumerate(ROWS) if base in one), None)
    if row is None:
        return ""
    at = ROWS[row].index(base)
    places = ((row, at - 1), (row, at + 1), (row - 1, at), (row - 1, at + 1), (row + 1, at - 1), (row + 1, at))
    near = [ROWS[r][c] for r, c in places if 0 <= r < len(ROWS) and 0 <= c < len(ROWS[r])]
    return "".join(near) + (base if base != key else "")


def mistyped(word: str, draw: np.random.Generator) -> str | None:
    """The word with one key of its Hangul missed by one place; None where it has no Hangul syllable."""
    runs = list(SYLLABLES.finditer(word))
    if not runs:
        return None
    run = runs[int(draw.integers(len(runs)))]
    pressed = keys(run.group())
    at = int(draw.integers(len(pressed)))
    near = neighbours(pressed[at])
    pressed[at] = near[int(draw.integers(len(near)))]
    return word[: run.start()] + compose(pressed) + word[run.end() :]
