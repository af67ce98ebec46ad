"""One question in other manners of speaking, by rule: polite, terse, as a request, in English. Meaning and names stay.

A learner writes "드롭아웃이 뭐예요?", "드롭아웃 뜻 알려 줘", "What is dropout?" and means the same. A model that has met one manner only
answers the others worse.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from chains.making.base import Made
from chains.making.grammar import bare, with_particle

_DEFINITIONS: tuple[Callable[[str], str], ...] = (
    lambda name: f"{with_particle(name, '이(란)')} 무엇인가요?",
    lambda name: f"{with_particle(name, '이(가)')} 뭐예요?",
    lambda name: f"{with_particle(name, '이(가)')} 무엇인지 설명해 주세요.",
    lambda name: f"{name}의 뜻을 알려 주세요.",
    lambda name: f"{with_particle(name, '은(는)')} 무엇을 말하나요?",
    lambda name: f"{with_particle(name, '이(가)')} 뭔지 알려 줄래?",
    lambda name: f"{with_particle(name, '이(가)')} 뭐야?",
    lambda name: f"{with_particle(name, '을(를)')} 한 문장으로 설명해 주세요.",
)
_ENDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"무엇인가요\?$", ("무엇인가요?", "뭐예요?", "뭔가요?", "무엇인지 알려 주세요.")),
    (r"얼마인가요\?$", ("얼마인가요?", "얼마예요?", "얼마인지 알려 주세요.", "얼마야?")),
    (r"(몇 \S+)인가요\?$", (r"\1인가요?", r"\1예요?", r"\1인지 알려 주세요.")),
    (r"어떻게 다른가요\?$", ("어떻게 다른가요?", "어떻게 달라요?", "어떻게 다른지 설명해 주세요.", "뭐가 달라?")),
    (r"나요\?$", ("나요?", "나요?", "는지 알려 주세요.", "는지 궁금해요.")),
    (r"가요\?$", ("가요?", "가요?", "지 알려 주세요.")),
)
_WHY = re.compile(r"^(?P<topic>\S+(?: \S+){0,3}?)(?:은|는) 왜 (?P<rest>.+[가-힣](?<![았었했였됐겠])나요)\?$")
_GLOSS = re.compile(r"^[A-Za-z][A-Za-z0-9 .'+-]{1,40}$")
_ENGLISH = ("What does {name} mean?", "What is meant by {name}?", "Explain {name} in a sentence.")
_ENGLISH_NAME = ("What is {name}?", "Can you tell me what {name} is?")  # needs no article


def worded(made: Made, rng: random.Random) -> str:
    """The question in one of its manners; the plain one more often than each other."""
    if made.kind == "definition" and made.subject and "무엇인가요" in made.question:
        return rng.choice((_DEFINITIONS[0], *_DEFINITIONS))(made.subject)
    if made.kind == "why" and (found := _WHY.match(made.question)) and rng.random() < 0.5:
        if re.search(r"[이가] ", found["rest"]):  # two subjects side by side read badly
            return re.sub(r"나요\?$", "는지 설명해 주세요.", made.question)
        rest = re.sub("나요$", "는", found["rest"])
        return f"{with_particle(found['topic'], '이(가)')} {rest} {rng.choice(('이유가 뭐예요?', '이유는 무엇인가요?', '까닭을 알려 주세요.'))}"
    for pattern, manners in _ENDINGS:
        if re.search(pattern, made.question):
            return re.sub(pattern, rng.choice(manners), made.question)
    return made.question


def english(made: Made, rng: random.Random) -> str:
    """The question in English where the document gives the name in English; "" where it does not."""
    name = english_name(made)
    if made.kind != "definition" or not name:
        return ""
    forms = (*_ENGLISH, *_ENGLISH_NAME) if re.match("[A-Z]", name) else _ENGLISH
    return rng.choice(forms).replace("{name}", name)


def english_name(made: Made) -> str:
    """드롭아웃(dropout)은 … -> dropout; a subject that is written in Latin letters is its own."""
    subject = bare(made.subject)
    if _GLOSS.match(subject):
        return subject
    found = re.search(re.escape(subject) + r"\s?\((?P<gloss>[^()]+)\)", bare(made.evidence)) if subject else None
    gloss = found["gloss"].split(",")[0].strip() if found else ""
    return gloss if _GLOSS.match(gloss) and not re.search(r"\d{4}", gloss) else ""
