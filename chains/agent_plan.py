"""What a task wants, read from its words: what is to be looked up first, and what is to be worked out from it.

    worded("NSMC 리뷰의 수를 자료에서 찾고, 그 수에 0.75를 곱해 줘.")
    # Wording(lookup="NSMC 리뷰의 수", operations=(Operation("×", 0.75),))

A small model that has to see this for itself leaves out a step or calculates with a number from nowhere. Only the words of
looking up and of arithmetic are read here, Korean and English; what they are about stays as it was said. Where nothing can be
read the model decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chains.tools.base import Tool
from chains.tools.quantities import DIGITS, quantities, written
from ingest.morphemes import content_morphemes

_LOOK = re.compile(
    r"(?:을|를|은|는|이|가)?\s*(?:(?:강의|수업)?\s*(?:자료|문서|노트|강의)\S*\s+)?(?:찾|검색|알아|조회|확인|살펴)\S*"
    r"(?:\s+(?:다음|뒤|후|나서)\S*)?[,\s]*|\s*,?\s*\b(?:and|then)\b\s*(?:then\s*)?$",
    re.I,
)
_LOOK_FIRST = re.compile(r"^\s*(?:please\s+)?(?:find(?:\s+out)?|look\s+up|search\s+for|check|get)\s+", re.I)
_REFERS = re.compile(r"[,\s]*(?<![가-힣])(?:그|이)\s?(?:수|값|숫자|결과|개수|것|중)?(?:를|을|에서|에|의|로|으로)?\s*$")
_PARTICLE = re.compile(r"(?<=[가-힣\w)])(?:에서|에|을|를|의|으로|로)\s*$")
_VERB_FIRST = re.compile(
    rf"^\s*(?:please\s+)?(?P<verb>multiply|divide)\s+(?P<head>\D.*?)\s+by\s+(?P<n>{DIGITS})"
    rf"|^\s*(?:please\s+)?(?P<verb2>add|subtract)\s+(?P<n2>{DIGITS})\s+(?:to|from)\s+(?P<head2>.+)$",
    re.I,
)
_NUMBER_LAST = re.compile(rf"{DIGITS}\s*[가-힣%]{{0,4}}\s*(?:에서|에|을|를|의|으로|로)?\s*$")
_SCALE = r"(?:\s*[천만억조](?![가-힣]{2,}))?"
_KOREAN = re.compile(
    rf"(?P<n>{DIGITS}{_SCALE})\s*(?P<percent>%|퍼센트|프로)?\s*[가-힣A-Za-z]{{0,4}}?(?P<particle>을|를|으로|로|에서)?\s*"
    r"(?P<other>(?:그|이)?\s?(?:수|값|결과|것)?(?:를|을|로|으로)?\s*)(?P<verb>곱|나누|나눈|나눠|나눗|빼|뺀|뺄|더하|더해|더한|더할)"
)
_ENGLISH = re.compile(
    rf"\b(?P<verb>multipl\w*|times|divid\w*|add\w*|plus|subtract\w*|minus)\b[^.\d]{{0,24}}?(?P<n>{DIGITS})", re.I
)
_SHARE = re.compile(
    rf"(?:의|그|이)\s*(?P<n>{DIGITS})\s*(?:%|퍼센트|프로)(?!\s*[가-힣]*(?:인|짜리))|(?P<of>{DIGITS})\s*%\s+of\b"
)
_TIMES = re.compile(rf"(?:의|에|그)\s*(?P<n>{DIGITS})\s*배")
_SIGNS = {
    "곱": "×",
    "mul": "×",
    "tim": "×",
    "나": "÷",
    "div": "÷",
    "빼": "-",
    "뺀": "-",
    "뺄": "-",
    "sub": "-",
    "min": "-",
}
_TOGETHER = (
    ("mean", re.compile(r"평균(?=을|은|\s|이)|\b(?:average|mean)\b", re.I)),
    ("-", re.compile(r"차이|차를|[뺀뺄]|빼|\b(?:difference|subtract\w*)\b", re.I)),
    ("÷", re.compile(r"몇\s*배|비율|나누|나눈|나눠|\b(?:ratio|divid\w*)\b", re.I)),
    ("×", re.compile(r"곱|\bmultipl\w*", re.I)),
    ("+", re.compile(r"더하|더해|더한|합을|합은|합계|총합|합하|합쳐|\b(?:sum|add|total)\b", re.I)),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done with a number that was found. first: the task's own number stands in front (100에서 그 수를 빼면)."""

    sign: str
    number: float
    first: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """lookup: what has to be found first, "" where nothing has to. operations: one after another on the number that is found.

    together: the operation on several numbers that are found ("+", "mean", …), where the task names none of its own.
    looked: the task says that something is to be looked up.
    """

    lookup: str = ""
    operations: tuple[Operation, ...] = ()
    together: str = ""
    looked: bool = False

    @property
    def question(self) -> str:
        """The lookup as a question."""
        return asked(self.lookup, several=bool(self.together))

    def expression(self, found: Sequence[float]) -> str:
        """The calculation over numbers that were found; "" where the words do not say one."""
        if self.operations and len(found) == 1:
            said = written(found[0])
            for operation in self.operations:
                said = _applied(said, operation)
            return said
        if not self.operations and self.together and len(found) > 1:
            if self.together == "mean":
                return f"({' + '.join(map(written, found))}) ÷ {len(found)}"
            ordered = sorted(found, reverse=True) if self.together == "-" else found
            return f" {self.together} ".join(map(written, ordered))
        return ""


def named_tools(task: str, tools: Mapping[str, Tool]) -> list[str]:
    """Tools that the task asks for in so many words, in the order in which it does; calculating comes last."""
    places = {name: place for name, tool in tools.items() if tool.asked and (place := _place(tool.asked, task)) >= 0}
    return sorted(places, key=lambda name: (name == "calculate", places[name]))


def worded(task: str, tools: Mapping[str, Tool] | None = None) -> Wording:
    """What the task says; an empty Wording where it says nothing of the kind, or where another tool does the looking up."""
    if first := _VERB_FIRST.match(task):
        groups = {name.rstrip("2"): value for name, value in first.groupdict().items() if value}
        return Wording(groups["head"].strip(" .?"), (_counted(groups["verb"], groups["n"]),))
    found = sorted([*_KOREAN.finditer(task), *_ENGLISH.finditer(task)], key=lambda match: match.start())
    found = found or [match for pattern in (_SHARE, _TIMES) for match in pattern.finditer(task)]
    operations = tuple(map(_operation, found))
    together, place = ("", len(task)) if found else _together(task)
    head, looked = _head(task, found[0].start() if found else place)
    others = [tool for tool in (tools or {}).values() if tool.asked and tool.name != "calculate"]
    if not head or any(re.search(tool.asked, head, re.I) for tool in others):
        return Wording()
    if not looked and (not (operations or together) or _says_its_numbers(task, head, bool(operations))):
        return Wording()
    return Wording(head, operations, together, looked)


def asked(lookup: str, several: bool = False) -> str:
    """A noun phrase as a question; what is one already stays."""
    plain = lookup.strip(" ?.,")
    if not re.search(r"[가-힣]", plain):
        return f"{plain}?"
    if re.search(r"(지|가|나|까|요)$", plain):
        return f"{plain}?"
    closed = "가" <= plain[-1] <= "힣" and (ord(plain[-1]) - 0xAC00) % 28 > 0
    return f"{plain}{'은' if closed else '는'} {'각각 ' if several else ''}얼마인가요?"


def _head(task: str, end: int) -> tuple[str, bool]:
    """What stands before the arithmetic, without the order to look it up; and whether there was such an order."""
    head = task[:end]
    looks = [match for match in _LOOK.finditer(head) if match[0].strip()]
    first = _LOOK_FIRST.match(head)
    if looks:
        head = head[: looks[-1].start()]
    plain = _PARTICLE.sub("", _REFERS.sub("", _LOOK_FIRST.sub("", head).rstrip()).rstrip()).strip(" ,.?")
    return (plain, bool(looks or first)) if content_morphemes(plain) else ("", False)


def _says_its_numbers(task: str, head: str, operated: bool) -> bool:
    """Whether the task itself holds the numbers to calculate with."""
    return bool(_NUMBER_LAST.search(head)) if operated else len(quantities(task)) > 1


def _together(task: str) -> tuple[str, int]:
    """The operation that is named without a number, and where."""
    for sign, pattern in _TOGETHER:
        if match := pattern.search(task):
            return sign, match.start()
    return "", len(task)


def _operation(match: re.Match[str]) -> Operation:
    groups = match.groupdict()
    number, verb = groups.get("n") or groups.get("of") or "0", groups.get("verb") or "×"
    operation = _counted(verb, number) if verb != "×" else Operation("×", quantities(number)[0].value)
    if match.re is _SHARE or groups.get("percent"):
        operation = replace(operation, number=operation.number / 100)
    particle, other = groups.get("particle"), (groups.get("other") or "").strip()
    taken = operation.sign == "-" and particle == "에서"
    divided = operation.sign == "÷" and particle in {"을", "를"}
    return replace(operation, first=bool(other) and (taken or divided))


def _counted(verb: str, number: str) -> Operation:
    """A verb and the number that goes with it."""
    sign = next((sign for begin, sign in _SIGNS.items() if verb.lower().startswith(begin)), "+")
    return Operation(sign, quantities(number)[0].value)


def _applied(said: str, operation: Operation) -> str:
    inner = f"({said})" if " " in said else said
    number = written(operation.number)
    return f"{number} {operation.sign} {inner}" if operation.first else f"{inner} {operation.sign} {number}"


def _place(pattern: str, task: str) -> int:
    match = re.search(pattern, task, re.I)
    return match.start() if match else -1
