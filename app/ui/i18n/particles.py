"""Korean particles after a filled-in value: "e5을(를)" is read as "e5를", "모델을(를)" as "모델을".

A particle's form depends on whether the syllable before it ends in a consonant. Digits and Latin letters are taken as they
are read aloud in Korean (3 = 삼, L = 엘).
"""

from __future__ import annotations

import re

PAIRS = {"을(를)": ("을", "를"), "이(가)": ("이", "가"), "은(는)": ("은", "는"), "(으)로": ("으로", "로")}
_PARTICLE = re.compile(
    r"(?P<last>[0-9A-Za-z가-힣])(?P<closing>[`'\")\]]?)(?P<particle>을\(를\)|이\(가\)|은\(는\)|\(으\)로)"
)
_CONSONANT_WHEN_READ = frozenset("013678LMNRlmnr")
_LIEUL_WHEN_READ = frozenset("178LRlr")  # 일, 칠, 팔, 엘, 알: "로" follows them, not "으로"


def choose_particles(sentence: str) -> str:
    """The sentence with every `을(를)`-like particle resolved; left as it is where the sound before it is unknown."""
    return _PARTICLE.sub(_resolve, sentence)


def _resolve(match: re.Match[str]) -> str:
    with_consonant, without = PAIRS[match["particle"]]
    last = match["last"]
    closed, lieul = _final(last)
    if match["particle"] == "(으)로" and lieul:
        closed = False
    return last + match["closing"] + (with_consonant if closed else without)


def _final(character: str) -> tuple[bool, bool]:
    """Whether the character's sound ends in a consonant, and whether that one is ㄹ."""
    if "가" <= character <= "힣":
        final = (ord(character) - ord("가")) % 28  # Unicode: 28 finals for each of 21 vowels and 19 initials
        return final > 0, final == 8
    return character in _CONSONANT_WHEN_READ, character in _LIEUL_WHEN_READ
