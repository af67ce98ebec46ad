"""Questions whose answer is a few words of a sentence: when, how many, what, who. As reading-comprehension sets ask.

for asked in spans_of(Sentence("알렉산더 해밀턴은 1804년에 사망했습니다.")):
    asked.question, asked.span      # 알렉산더 해밀턴은 언제 사망했나요?  1804년
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chains.making.grammar import NOUN_TAGS, Sentence, bare, with_particle
from chains.making.statements import QUANTITY
from ingest.analyser import kiwi

_DATE = re.compile(
    r"(?<![\d~-])(?P<date>(?:기원전 )?\d{3,4}\s?년(?:대|\s?\d{1,2}\s?월(?:\s?\d{1,2}\s?일)?)?)\s?(?P<after>에(?=\s)|부터(?=\s)|까지(?=\s))"
)
_PEOPLE = re.compile(
    r"(?:배우|가수|싱어|작가|대통령|선수|시인|감독|과학자|왕|여왕|황제|군주|의사|사람|어머니|아버지|아들|딸|아내|남편|철학자|화가|작곡가|정치인|교수"
    r"|연구원|연구자|음악가|래퍼|인물|코미디언|언론인|탐험가|장군|학자|사업가|기업가|창립자|설립자|총리|의원|지도자|요리사|변호사|디자이너|진행자"
    r"|제작자|주인공|캐릭터|마술사|건축가|발명가|무용수|댄서|신|여신|악당|영웅|후보|회장)$"
)
_HUMAN_VERBS = re.compile(r"(?:태어나|죽|(?:사망|결혼|취득|출연|감독|중퇴|연기|작곡|집필|은퇴|수상|졸업)하?)$")
_PLACES = re.compile(r"(?:곳|도시|나라|국가|섬|강|산|마을|지역|대륙|수도|호수|바다|공화국|왕국)$")
_CALLED = re.compile(
    r"(?P<name>\S+?(?: \S+?)?)(?:이라고|라고)(?P<ends> (?:도 )?(?:부릅니다|합니다|불립니다|말합니다)\.)$"
)
_MODIFIERS = ("MM", "ETM", "JKG", "XPN", "JC", "SS")
_UNFIT = re.compile(
    r": |^\W|각각|\s(?:은|는|을|를|이|가|와|과|에|로|의|인) "
)  # a list, a mark, a particle that stands apart
_MADE = re.compile(
    r"설립|발명|발매|개발|출시|발견|건설|제작|출판|발표|창단|창설|설계|도입|공개|개봉|제정|체결|발행|발사|완공|작곡"
)
_LEAST, _MOST = 2, 30


@dataclass(frozen=True, slots=True)
class Span:
    """span: stands in the sentence word for word. way: when | number | name | what | called."""

    question: str
    span: str
    way: str


def spans_of(sentence: Sentence) -> Iterator[Span]:
    """Every such question of one sentence; those that would give their answer away are left out."""
    text = sentence.text
    if not 12 <= len(text) <= 180 or not sentence.stands_alone or not text.endswith("니다.") or _UNFIT.search(text):
        return
    for make in (_when, _number, _name, _called, _what, _doer):
        found = make(sentence)
        if found and _fits(found, sentence):
            yield found


def _fits(found: Span, sentence: Sentence) -> bool:
    asks = 8 <= len(found.question) <= 120 and found.span not in found.question
    return asks and _LEAST <= len(found.span) <= _MOST and found.span in sentence.evidence


def _when(sentence: Sentence) -> Span | None:
    found = list(_DATE.finditer(sentence.text))
    if len(found) != 1 or sentence.topic_end < 0 or sentence.tokens[sentence.topic_end].start > found[0].start():
        return None
    if any(token.tag == "VCP" for token in sentence.tokens[-4:]):
        return None
    after = "" if found[0]["after"] == "에" else found[0]["after"]
    question = sentence.asked(0, (found[0].start(), found[0].end(), f"언제{after}"))
    return Span(question, found[0]["date"], "when")


def _number(sentence: Sentence) -> Span | None:
    found = list(QUANTITY.finditer(sentence.text))
    if len(found) != 1 or len(re.findall(r"\d[\d,.]*", sentence.text)) != 1 or sentence.topic_end < 0:
        return None
    match = found[0]
    if sentence.text.count("`", 0, match.start()) % 2 or match["unit"] in {"년", "월"}:
        return None
    if sentence.text[match.end() :].startswith(("월", "년")):  # 12개월
        return None
    if sentence.tokens[sentence.topic_end].start > match.start():
        return None
    unit = "퍼센트" if match["unit"] == "%" else match["unit"]
    question = sentence.asked(0, (match.start(), match.end(), f"몇 {unit}"))
    return Span(question, match.group().removeprefix(match["about"] or ""), "number")


def _name(sentence: Sentence) -> Span | None:
    """X는 … 시인입니다. -> … 시인은 누구인가요? X"""
    tokens = [token for token in sentence.tokens if token.tag not in {"SF", "SW"}]
    if not sentence.topic or len(tokens) < 5 or tokens[-2].tag != "VCP" or tokens[-1].tag != "EF":
        return None
    if not tokens[-3].tag.startswith(("NNG", "NNP")):
        return None
    start = sentence.tokens[sentence.topic_end].start + 1
    said = bare(sentence.text[start : tokens[-2].start].strip(" ,"))
    specific = len(said) >= 12 or any(token.tag == "ETM" for token in tokens)
    if (
        not specific
        or not 6 <= len(said) <= 70
        or " " not in said
        or re.search(r"(?:^|\s)(?:것|하나|일종|마찬가지)$", said)
        or re.search("[은는] .*,|므로 ", said)
    ):
        return None
    asks = "누구" if _PEOPLE.search(said) else "어디" if _PLACES.search(said) else "무엇"
    return Span(f"{with_particle(said, '은(는)')} {asks}인가요?", sentence.topic, "name")


def _called(sentence: Sentence) -> Span | None:
    """…을 X라고 부릅니다. -> …을 무엇이라고 부르나요? X"""
    found = _CALLED.search(sentence.text)
    if not found:
        return None
    at = found.start("name")
    name = found["name"]
    if " " in name and re.search(r"[을를은는이가]\s", name):  # only the last word is the name
        at += name.rindex(" ") + 1
        name = name.rsplit(" ", 1)[1]
    if not re.search(r"[을를]\s$", sentence.text[:at]):
        return None
    question = sentence.asked(0, (at, found.start("ends"), "무엇이라고"))
    return Span(question, bare(name).strip("'‘’“”\""), "called")


def _what(sentence: Sentence) -> Span | None:
    """X는 Y를 …합니다. -> X는 무엇을 …하나요? Y   Only where nothing describes Y: "작은 Y를" cannot be asked for so."""
    if not sentence.topic:
        return None
    tokens = sentence.tokens
    objects = [at for at, token in enumerate(tokens) if token.tag == "JKO" and at > sentence.topic_end]
    if any(token.tag == "VCP" or token.form == "므로" for token in tokens):
        return None
    if len(objects) != 1 or any(token.tag in {"EC", "ETM"} for token in tokens[sentence.topic_end : objects[0]]):
        return None
    end = begin = objects[0]
    while begin > sentence.topic_end + 1 and tokens[begin - 1].tag.startswith(NOUN_TAGS):
        begin -= 1
    if begin == end or tokens[end - 1].tag in {"NNB", "NR"} or tokens[begin - 1].tag.startswith(_MODIFIERS):
        return None
    start, particle = tokens[begin].start, tokens[end]
    span = sentence.text[start : particle.start]
    if re.match(r"\d", span) or re.search(r"(?:및|,|[와과])\s*$|\S$", sentence.text[:start]):
        return None
    question = sentence.asked(0, (start, particle.start + particle.len, "무엇을"))
    return Span(question, span, "what")


def _doer(sentence: Sentence) -> Span | None:
    """X는 1701년에 설립되었습니다. -> 1701년에 설립된 것은 무엇인가요? X"""
    tokens = [token for token in sentence.tokens if token.tag not in {"SF", "SW"}]
    if not sentence.topic or len(tokens) < 6 or tokens[-1].tag != "EF" or tokens[-2].tag != "EP":
        return None
    at = len(tokens) - 3
    stem = tokens[at]
    passive = stem.form in {"일어나", "벌어지"} or (stem.form == "되" and bool(_MADE.search(tokens[at - 1].form)))
    verb = (tokens[at - 1].form if stem.tag == "XSV" else "") + stem.form
    human = bool(_HUMAN_VERBS.match(verb))
    if tokens[-2].form not in {"었", "았"} or stem.tag not in {"VV", "XSV"} or not (passive or human):
        return None
    joined = kiwi().join([(stem.form, stem.tag), ("ᆫ", "ETM")])
    start = sentence.tokens[sentence.topic_end].start + 1
    said = bare(sentence.text[start : stem.start].strip(" ,"))
    gap = " " if sentence.text[stem.start - 1] == " " else ""
    if len(said) < 8 or _has_other_topic(sentence):
        return None
    asks = "사람은 누구인가요?" if human else "것은 무엇인가요?"
    return Span(f"{said}{gap}{joined} {asks}", sentence.topic, "name")


def _has_other_topic(sentence: Sentence) -> bool:
    """Whether a clause behind the topic has one of its own: "A는 …, B는 …"."""
    after = sentence.tokens[sentence.topic_end + 1 :]
    return any(token.tag == "JX" and token.form in {"은", "는"} for token in after)
