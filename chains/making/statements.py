"""Questions from single sentences: what something is, how many, why, and how two things differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chains.making.base import Made
from chains.making.grammar import Sentence, bare, with_particle
from models.types import Chunk

Rarest = Callable[[Sequence[str], int, str], list[str]]

_DEFINES = re.compile(
    r"(?:말|뜻|의미|가리키|가리킨|부르|부른)\S*다\.?$|(?:방법|기법|모델|알고리즘|함수|값|과정|기술|장치|구조|도구|라이브러리|규칙|지표|과제"
    r"|방식|개념|단위|행렬|벡터|신경망|데이터|현상|문제|원리|연산|층|프로그램|형식|분야|학습|집합|기준|성질|절차|수단|체계|시스템|언어"
    r"|함수|변수|비율|확률|배열|객체|기능|서비스|플랫폼|프레임워크|환경|전략|공격|편향|오차|거리|점수|척도|작업|단계|것)(?:이다|입니다|다)\.?$"
)
_UNITS = (
    "퍼센트|%|개|층|회|장|차원|시간|분|초|일|년|월|주|토큰|픽셀|비트|바이트|GB|MB|KB|배|단계|명|가지|번|줄|행|열|에폭|점|쪽|원|달러"
    "|글자|문장|단어|번째|킬로미터|미터|km|kg|W|ms"
)
_AMOUNT = r"\d[\d,.]*\d|\d"
QUANTITY = re.compile(
    rf"(?<![\w.,~∼–(-])(?P<about>약 |대략 |총 )?(?P<number>(?:{_AMOUNT})(?:[만억조천백]+(?:\s?(?:{_AMOUNT})[만억조천]*)*)?"
    rf"(?:\s?[~∼–-]\s?(?:{_AMOUNT}))?)\s?(?P<unit>{_UNITS})(?![A-Za-z0-9])"
)
_DIGITS = re.compile(r"(?<![A-Za-z0-9_.-])\d")
_REASON_NOUNS = ("까닭", "이유", "것", "목적")


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence and the chunk it stands in."""

    sentence: Sentence
    chunk: Chunk


def from_sentence(source: Source, rarest: Rarest) -> Iterator[Made]:
    """The questions a sentence gives. rarest(words, count, question): the most telling of these words."""
    sentence = source.sentence
    if not 15 <= len(sentence.text) <= 220 or not sentence.stands_alone or not sentence.text.endswith("다."):
        return
    for make in (_difference, _reason, _quantity, _definition):
        made = make(source, rarest)
        if made:
            yield made
            return


def _made(source: Source, kind: str, question: str, answers: Sequence[Sequence[str]], subject: str = "") -> Made | None:
    if not question or not answers or not 8 <= len(question) <= 120:
        return None
    evidence = source.sentence.evidence
    kept = tuple(tuple(group) for group in answers)
    return Made(kind, question, subject, evidence, kept, bare(source.sentence.text), source.chunk)


def _definition(source: Source, rarest: Rarest) -> Made | None:
    """X는 … 방법이다. -> X란 무엇인가요?"""
    sentence = source.sentence
    topic = sentence.topic
    if not topic or not _DEFINES.search(sentence.text) or "의 " in topic:
        return None
    question = f"{with_particle(topic, '이(란)', sentence.closed)} 무엇인가요?"
    after = sentence.tokens[sentence.topic_end].start + 1
    words = rarest(sentence.words(after, len(sentence.text)), 2, question)
    if len(words) < 2:
        return None
    return _made(source, "definition", question, [[word] for word in words], topic)


def _quantity(source: Source, rarest: Rarest) -> Made | None:
    """X는 12개 층으로 이루어진다. -> X는 몇 개 층으로 이루어지나요?"""
    sentence = source.sentence
    found = [match for match in QUANTITY.finditer(sentence.text) if not _in_code(sentence.text, match.start())]
    if len(found) != 1 or len(_DIGITS.findall(sentence.text)) > len(_DIGITS.findall(found[0].group())):
        return None
    match, topic_end = found[0], sentence.topic_end
    if topic_end < 0 or sentence.tokens[topic_end].start > match.start():
        return None
    between = [token for token in sentence.tokens[topic_end:] if token.start < match.start()]
    if any(token.tag == "EC" for token in between) or sentence.text[match.end() :].startswith("인 "):
        return None
    unit = match["unit"]
    asked = sentence.asked(0, (match.start(), match.end(), f"몇 {'퍼센트' if unit == '%' else unit}"))
    if not asked or len(sentence.text[: match.start()].split()) < 2:
        return None
    number = match["number"].replace(" ", "")
    units = ("%", "퍼센트") if unit in {"%", "퍼센트"} else (unit,)
    return _made(source, "number", asked, [[f"{number}{name}" for name in units]], sentence.topic)


def _in_code(text: str, at: int) -> bool:
    return text.count("`", 0, at) % 2 == 1 or text.count("$", 0, at) % 2 == 1


def _reason(source: Source, rarest: Rarest) -> Made | None:
    """X는 Y이기 때문에 Z한다. -> X는 왜 Z하나요?  X하는 까닭은 Y 때문이다. -> X하는 까닭은 무엇인가요?"""
    sentence = source.sentence
    why = _cause_end(sentence.tokens)
    if why is None:
        return _stated_reason(source, rarest)
    cause_end, effect_start = why
    topic_end = sentence.topic_end
    topic_stop = (
        sentence.tokens[topic_end].start + 1 if topic_end >= 0 and sentence.tokens[topic_end].start < cause_end else 0
    )
    effect = sentence.text[effect_start:].lstrip(" ,")
    rest = sentence.asked(len(sentence.text) - len(effect))
    if len(rest) < 8 or " " not in rest or re.search(r"(?:^|\s)왜\s|때문", rest):
        return None
    topic = bare(sentence.text[:topic_stop])
    own_topic = _own_topic(sentence, effect_start)
    if topic_stop and sentence.tokens[topic_end - 1].form in _REASON_NOUNS:
        return None
    if own_topic is None or not (topic_stop or own_topic) or (_DIGITS.search(effect) and len(effect) < 20):
        return None
    question = f"왜 {rest}" if own_topic or not topic else f"{topic} 왜 {rest}"
    words = rarest(sentence.words(topic_stop, cause_end), 1, question)
    return _made(source, "why", question, [[word] for word in words], sentence.topic)


def _own_topic(sentence: Sentence, start: int) -> bool | None:
    """Whether the effect says itself what it is about; None where that 은/는 stands in a clause inside of it."""
    tokens = [token for token in sentence.tokens if token.start >= start]
    for at, token in enumerate(tokens):
        if token.tag == "JX" and token.form in {"은", "는"}:
            return None if any(after.tag == "EC" for after in tokens[at + 1 : at + 4]) else True
        if token.tag in {"EC", "ETM"}:
            break
    return False


def _cause_end(tokens: Sequence[Any]) -> tuple[int, int] | None:
    """Where the cause ends and the effect begins; None where the sentence has no such parts."""
    for at, token in enumerate(tokens[:-3]):
        if token.form == "때문" and token.tag == "NNB" and tokens[at + 1].form == "에" and tokens[at - 1].tag == "ETN":
            after = tokens[at + 1]
            return tokens[at - 1].start, after.start + after.len
        if token.tag == "EC" and token.form in {"므로", "으므로"}:
            return token.start, token.start + token.len
    return None


def _stated_reason(source: Source, rarest: Rarest) -> Made | None:
    sentence = source.sentence
    at = sentence.topic_end
    if at < 1 or sentence.tokens[at - 1].form not in _REASON_NOUNS:
        return None
    if not re.search(r"(?:때문|위해서|위함|데 있)\S*다\.$", sentence.text):
        return None
    stop = sentence.tokens[at].start + 1
    head = bare(sentence.text[:stop])
    question = f"{head} 무엇 때문인가요?" if sentence.tokens[at - 1].form == "것" else f"{head} 무엇인가요?"
    words = rarest(sentence.words(stop, len(sentence.text)), 1, question)
    return _made(source, "why", question, [[word] for word in words]) if len(head) > 8 else None


def _difference(source: Source, rarest: Rarest) -> Made | None:
    """A는 …하고, B는 …한다. -> A와 B는 어떻게 다른가요?"""
    sentence = source.sentence
    first, first_end = sentence.topic, sentence.topic_end
    if not first or len(first.split()) > 3:
        return None
    second = _second_topic(sentence, first_end)
    if second is None:
        return None
    start, end = second
    other = bare(sentence.text[start : sentence.tokens[end].start])
    if not other or other == first or len(other) > 24 or len(sentence.text) - start < 12:
        return None
    if bool(re.search("[가-힣]", first)) != bool(re.search("[가-힣]", other)) or other in {"음수", "양수"}:
        return None
    if ("의 " in first) != ("의 " in other) or re.search(r"[(=]", first + other):
        return None
    closed = sentence.tokens[end].form == "은"
    question = (
        f"{with_particle(first, '과(와)', sentence.closed)} {with_particle(other, '은(는)', closed)} 어떻게 다른가요?"
    )
    clauses = ((sentence.tokens[first_end].start + 1, start), (sentence.tokens[end].start + 1, len(sentence.text)))
    words = [rarest(sentence.words(*clause), 1, question) for clause in clauses]
    distinct = all(words) and words[0] != words[1]
    return _made(source, "comparison", question, words) if distinct else None


def _second_topic(sentence: Sentence, first: int) -> tuple[int, int] | None:
    """Where the second clause begins and the index of its 은/는: a plain phrase right behind a linking ending or comma."""
    tokens = sentence.tokens
    for at in range(first + 2, len(tokens)):
        if tokens[at].tag != "JX" or tokens[at].form not in {"은", "는"}:
            continue
        begin = at
        while begin > first + 1 and tokens[begin - 1].tag.startswith(("NN", "SL", "SN", "XS", "XR", "SH", "SW", "SO")):
            begin -= 1
        before = tokens[begin - 1]
        listed = (
            before.tag == "SP"
            and not tokens[begin - 2].tag.startswith("JC")
            and tokens[begin - 2].form not in {"와", "과"}
        )
        linked = listed or (before.tag == "EC" and before.form in {"고", "지만", "며", "으며", "으나", "나"})
        if begin == at or not linked or tokens[at - 1].tag == "NNB":
            return None
        return tokens[begin].start, at
    return None
