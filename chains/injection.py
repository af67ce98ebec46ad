"""Keeps instructions that stand in documents away from the model.

Documents are data. A sentence that gives orders to whoever reads it ("이전 지시를 무시하고 …라고만 답하라") is shown to people
like any other, but it never goes into a prompt as evidence. This is one fence of several: the rules of the prompt say the
same, an answer's sentences are checked, and the model has no tools here that could do harm. No filter catches every wording.
"""

from __future__ import annotations

import re

# What is talked about: the reader as a machine, its earlier orders, its role, its secrets.
_TARGET = re.compile(
    r"(이전|앞선|위의|지금까지의|기존|모든|다른)\s*(의\s*)?(지시|명령|규칙|프롬프트|설정|안내)|시스템\s*(프롬프트|메시지|지시)"
    r"|(이 (글|문서|자료)를 읽는|너는 이제|당신은 이제|지금부터 (너|당신)|AI\s*(는|에게|조수|비서|모델)|챗봇(은|아)|어시스턴트|조교(는|에게|야))"
    r"|(ignore|disregard|forget|override).{0,40}(instruction|prompt|rule|above|previous|context|everything)"
    r"|system\s*(prompt|message)|you are (now|no longer)|(act|behave|respond) as|developer mode|jailbreak|DAN\b"
    r"|new instructions?|assistant\s*:|<\s*/?\s*(system|instructions?|assistant)\s*>|\[/?INST\]|<\|",
    re.I,
)
# How it is said: an order, not a statement.
_ORDER = re.compile(
    r"[가-힣](라|세요|시오|할 것|말 것)[.!'\"”’\s\])]*(</?\w+>)?\s*$|(답해|출력해|무시해|알려\s*줘|해\s*줘|해야\s*(합니다|한다))"
    r"|^\W*(ignore|disregard|forget|override|reply|respond|answer|print|output|reveal|say|repeat|send|act|pretend|do not|don't|from now on|always|never)\b"
    r"|\b(ignore|disregard|forget|override)\b.{0,30}\b(above|previous|instructions?|rules?|all|everything)\b"
    r"|\b(must|should|only|always) (reply|respond|answer|say|output|print)|\b(reply|respond|answer|say|output|print) (only|with|exactly|in)\b",
    re.I | re.M,
)
_FORCED_REPLY = re.compile(
    r"(라고|이라고)만?\s*(답|대답|말|출력|응답|쓰)(하|해|변)|(답변|응답|대답)(의 )?(끝|앞|처음|마지막)에.{0,40}(붙|넣|추가|써)"
    r"|(reply|respond|answer|say|output|print)\s+(only|with|exactly)\b",
    re.I,
)
_HIDDEN = re.compile(r"[​-‏‪-‮⁠-⁤﻿\U000e0000-\U000e007f]")


def is_instruction(text: str) -> bool:
    """Whether a sentence orders its reader, a model, about rather than telling something about the subject."""
    plain = _HIDDEN.sub("", text)
    statement = re.search(r"(니다|한다|된다|이다)[.)\"'”’\]]*\s*$", plain) and not _FORCED_REPLY.search(plain)
    if statement and not re.search(r"(해야|하여야) (합니다|한다)", plain):
        return False
    return bool(_TARGET.search(plain) and _ORDER.search(plain)) or bool(
        _FORCED_REPLY.search(plain) and _ORDER.search(plain)
    )
