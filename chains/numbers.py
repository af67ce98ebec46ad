"""Numbers and names in a sentence, normalised so that 1,750억 equals 175,000,000,000 and 1e-3 equals 0.001.

What an answer claims must occur in its sources; a number is the claim that is easiest to check and worst to get wrong.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)(?:\s*(천|만|억|조|십|백)(?![가-힣]{2,}))?"
)
_SCALE = {"십": 1e1, "백": 1e2, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12}
_POWER = re.compile(r"(\d+(?:\.\d+)?)\s*(?:\\times|×|x|\*)\s*10\s*\^?\s*\{?\s*([⁻−-]?)\s*([\d⁰¹²³⁴-⁹]+)\}?")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*")
_TIMES = re.compile(r"(?<=\d)\s*[xX×✕*]\s*(?=\d)")
_NATIVE = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8,
    "아홉": 9, "열": 10,
}  # fmt: skip
_COUNTED = re.compile(
    r"(?<![가-힣])(한|두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?(?:가지|개|번|명|단계|종류|층|곳|쪽|배)(?![가-힣]{3,})"
)


def numbers(text: str) -> frozenset[float]:
    """Values of all numbers written in digits or as Korean counters (두 가지 = 2)."""
    plain = text.translate(_SUPERSCRIPTS)
    found: set[float] = set()
    for match in _POWER.finditer(plain):
        found.add(_rounded(float(match[1]) * 10.0 ** float((match[2] and "-") + match[3])))
    plain = _TIMES.sub(" × ", plain)
    for match in _NUMBER.finditer(plain):
        value = float(match[1].replace(",", "").rstrip("."))
        found.add(_rounded(value))
        if match[2]:
            found.add(_rounded(value * _SCALE[match[2]]))
    found.update(float(_NATIVE[match[1]]) for match in _COUNTED.finditer(plain))
    return frozenset(found)


def claimed_numbers(text: str) -> dict[str, float]:
    """Number as written -> its value, for the digits a sentence claims; citation marks and list numbers left out."""
    plain = re.sub(r"\[\d+\]|^\s*\d{1,2}[.)]\s", " ", text).translate(_SUPERSCRIPTS)
    plain = _TIMES.sub(" × ", plain)
    claims: dict[str, float] = {}
    for match in _NUMBER.finditer(plain):
        value = float(match[1].replace(",", "").rstrip("."))
        claims[match[0].strip()] = _rounded(value * _SCALE.get(match[2] or "", 1.0))
    return claims


def names(text: str) -> dict[str, str]:
    """Latin names and terms as written -> folded form (lower case, without separators)."""
    return {m[0]: re.sub(r"[-_.]", "", m[0]).lower() for m in _NAME.finditer(_TIMES.sub(" × ", text)) if len(m[0]) > 1}


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")
