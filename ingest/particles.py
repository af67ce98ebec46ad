"""Korean particles after a word that is filled in: "e5을(를)" is read as "e5를", "모델을(를)" as "모델을".

A particle's form depends on whether the syllable before it ends in a consonant. Digits and capitals are taken as they are
read aloud in Korean (3 = 삼, L = 엘), a Latin word by how Korean writes its last sound (layer = 레이어, net = 넷).
"""

from __future__ import annotations

import re

PAIRS = {
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "이(란)": ("이란", "란"),
    "(으)로": ("으로", "로"),
}
_PARTICLE = re.compile(
    r"(?P<word>[0-9A-Za-z가-힣]+)(?P<closing>[`'\"’”)\]]?)(?P<particle>을\(를\)|이\(가\)|은\(는\)|과\(와\)|이\(란\)|\(으\)로)"
)
_CONSONANT_WHEN_READ = frozenset("013678LMNRlmnr")
_LIEUL_WHEN_READ = frozenset("178LRlr")  # 일, 칠, 팔, 엘, 알: "로" follows them, not "으로"
_OPEN_WORD = re.compile(r"[a-z](?:er|or|ar|ir|re)$", re.IGNORECASE)  # layer, vector: no consonant is heard
_CLOSED_WORD = re.compile(r"(?:[aeiou][cktp]|ck|ng|[lmn]e)$", re.IGNORECASE)  # net, dropout, loc, training, pipeline


def choose_particles(sentence: str) -> str:
    """The sentence with every `을(를)`-like particle resolved; left as it is where the sound before it is unknown."""
    return _PARTICLE.sub(_resolve, sentence)


def _resolve(match: re.Match[str]) -> str:
    with_consonant, without = PAIRS[match["particle"]]
    closed, lieul = _final(match["word"])
    if match["particle"] == "(으)로" and lieul:
        closed = False
    return match["word"] + match["closing"] + (with_consonant if closed else without)


def _final(word: str) -> tuple[bool, bool]:
    """Whether the word's last sound is a consonant, and whether that one is ㄹ."""
    last = word[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28  # Unicode: 28 finals for each of 21 vowels and 19 initials
        return final > 0, final == 8
    spoken = re.search(r"[A-Za-z]+$", word)
    if spoken and last.islower() and len(spoken.group()) > 2:
        if _OPEN_WORD.search(spoken.group()):
            return False, False
        if _CLOSED_WORD.search(spoken.group()):
            return True, word.endswith("le")
    return last in _CONSONANT_WHEN_READ, last in _LIEUL_WHEN_READ
