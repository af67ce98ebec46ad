"""What a document says a term is, taken apart: the term, its other names, and what is said of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from chains.making.base import Made
from chains.making.grammar import NOUN_TAGS, Sentence, bare, with_particle
from chains.study import english
from chains.study.language import Language, is_function_word
from chains.study.names import all_names, fold
from ingest.morphemes import content_morphemes
from ingest.terms import course_terms

Shape = Literal["sentence", "phrase", "facts"]

_ENDING = re.compile(
    r"(?:을|를|이라고|라고)?\s*(?:말합니다|말한다|뜻합니다|뜻한다|부릅니다|부른다|입니다|이다|다)?\.?$"
)
_POINTS_BACK = re.compile(r"^(?:이런|이러한|그런|이를|위의|앞의|같은)\s")
_LINK = re.compile(r"^(?:반대로|이와 달리|이에 비해|반면에|한편|즉)[, ]\s?")  # belongs to the sentence before
_COMMON = frozenset(["ai", "llm", "llms", "api", "nlp", "gpu", "cpu", "ml", "dl"])  # names that tell nothing apart
_FIELD = frozenset(["오픈 소스", "딥 러닝", "머신 러닝", "모델", "코드"])  # read as names, but of no one
LEAST, MOST = 12, 180
WORDY = 6  # words from which a phrase without any name or number fits one thing only
_KINDS = (
    "방법 기법 방식 전략 기술 방안 알고리즘 규칙 절차 학습 튜닝 공격 method technique approach strategy algorithm rule procedure way process",
    "모델 신경망 구조 네트워크 층 블록 model network architecture layer block",
    "작업 과제 문제 분석 분야 task problem field",
    "값 지표 점수 비율 확률 오차 거리 수 척도 함수 벡터 행렬 value metric measure score ratio function vector matrix number",
    "현상 편향 상태 성질 phenomenon bias state property",
    "과정 단계 일 연산 것 operation step",
    "도구 라이브러리 프로그램 서비스 플랫폼 프레임워크 시스템 환경 언어 형식 엔진 서버 저장소 생태계 tool library program service platform framework system language format engine server",
    "데이터 집합 표 배열 말뭉치 데이터셋 data set table array corpus dataset",
)  # fmt: skip


@lru_cache(maxsize=8192)
def words_of(text: str) -> frozenset[str]:
    """Content morphemes of a text; of English no words that only hold a sentence together."""
    return frozenset(word for word in content_morphemes(text) if not is_function_word(word))


@dataclass(frozen=True)
class Definition:
    """term: as it is written. said: the rest of the sentence. aliases: other names from its brackets. labelled: an item of a
    list, "용어: 설명". lead, verb: of an English sentence, "An optimizer", "is"."""

    made: Made
    term: str
    said: str
    aliases: tuple[str, ...]
    labelled: bool
    language: Language = "ko"
    lead: str = ""
    verb: str = ""

    @cached_property
    def names(self) -> frozenset[str]:
        """Folded names of the term, those that the vocabulary knows among them."""
        return all_names((self.term, *self.aliases))

    @cached_property
    def kind(self) -> str:
        """What it is said to be, as one noun: "방법", "model"."""
        if self.language == "en":
            return english.head_of(self.said)
        words = _ENDING.sub("", self.said).split()
        return words[-1] if words else ""

    @cached_property
    def sort(self) -> str:
        """Its kind, or the family of kinds that it belongs to, so that a task stands among tasks."""
        return next((kinds for kinds in _KINDS if self.kind.endswith(tuple(kinds.split()))), self.kind)

    @property
    def known_sort(self) -> bool:
        return self.sort in _KINDS

    @property
    def latin(self) -> bool:
        return not re.search("[가-힣]", self.term)

    @cached_property
    def shape(self) -> Shape:
        """A whole sentence, a phrase, or a list of facts: "70억 파라미터, 8,192 토큰 컨텍스트"."""
        if not self.labelled:
            return "sentence"
        if self.said.rstrip().endswith(("다.", "다")):
            return "sentence"
        parts = re.split(r",\s", self.said)
        return "facts" if any(_ends_in_noun(part) for part in parts[:-1]) else "phrase"

    @property
    def explains(self) -> bool:
        """Whether it says what the term is: "양방향: 단어를 예측" and "최적화: SwiGLU" do not."""
        return self.shape == "sentence" or (self.shape == "phrase" and (self.latin or self.known_sort))

    @cached_property
    def specific(self) -> bool:
        """Whether it can fit one thing only: "오픈 소스 모델" fits many."""
        if self.shape == "sentence":
            return True
        latin = re.findall(r"[A-Za-z][A-Za-z-]{2,}", self.said) if self.language == "ko" else ()
        named = any(word.lower() not in _COMMON for word in latin) or re.search(r"\d", self.said)
        return bool(named or len(self.said.split()) >= WORDY or _has_proper_name(self.said))

    @cached_property
    def gives_away(self) -> bool:
        """Whether what is said shows the term: "BERT 두 개로 …" of SBERT, "재학습 없이 양자화하는" of 학습 후 양자화."""
        own, said = fold(self.term), fold(self.said)
        latin = [fold(name) for name in re.findall(r"[A-Za-z]{3,}", self.said) if not is_function_word(name.lower())]
        if any(name in own for name in latin if name != fold(self.kind)):
            return True
        words = words_of(self.term) - words_of(self.kind)
        return bool(words) and sum(word in said for word in words) > 0.5 * len(words)

    def stated(self, other: Definition | None = None) -> str:
        """The whole statement, about another term where one is given."""
        about = other or self
        if self.language == "en":
            return f"{about.lead} {self.verb} {self.said}."
        particle = None if other else self._closed
        return f"{with_particle(about.term, '은(는)', particle)} {self.said}"

    @cached_property
    def _closed(self) -> bool | None:
        sentence = Sentence(self.made.evidence)
        return sentence.closed if not self.labelled and sentence.topic_end > 0 else None


def _has_proper_name(said: str) -> bool:
    """Whose it is, "알리바바의", "중국 기반": a name at the beginning that is no term of the field."""
    first = Sentence(said).tokens[0]
    return first.tag == "NNP" and first.form not in _FIELD and first.form.replace(" ", "") not in course_terms().korean


def _ends_in_noun(part: str) -> bool:
    tokens = Sentence(part).tokens
    return bool(tokens) and tokens[-1].tag.startswith((*NOUN_TAGS, "SW", "SB"))


@lru_cache(maxsize=4096)
def definition_of(made: Made) -> Definition | None:
    """The definition that was found; None where the term gives itself away or too little or too much is said."""
    if made.kind != "definition" or not made.subject:
        return None
    found = _taken_apart(made)
    own = {fold(name) for name in (found.term, *found.aliases)} if found else set()
    if (
        found is None
        or not LEAST <= len(found.said) <= MOST
        or _POINTS_BACK.match(found.said)
        or any(name in fold(found.said) for name in own if name)
    ):
        return None
    return found


def _taken_apart(made: Made) -> Definition | None:
    language: Language = "en" if english.TAG in made.tags else "ko"
    if made.reference.startswith(f"{made.subject}: "):
        said = Sentence(made.evidence).text.partition(":" if ":" in made.evidence else "：")[2].strip()
        return Definition(made, made.subject, said, _aliases(made.subject, made.evidence), True, language)
    if language == "en":
        parsed = english.parse(made.evidence)
        if parsed is None:
            return None
        return Definition(made, parsed.term, parsed.said, parsed.aliases, False, "en", parsed.lead, parsed.verb)
    return Definition(made, made.subject, _after_topic(made), _aliases(made.subject, made.evidence), False)


def _after_topic(made: Made) -> str:
    sentence = Sentence(made.evidence)
    topic = sentence.tokens[sentence.topic_end]
    said = sentence.text[topic.start + topic.len :].strip() if sentence.topic_end > 0 else ""
    return _LINK.sub("", said)


def _aliases(term: str, evidence: str) -> tuple[str, ...]:
    """드롭아웃(dropout)은 -> dropout. A year, a reference or an example is none."""
    plain = bare(re.sub(r"^\s*[-*+•◦▪·]\s+", "", evidence))
    at = plain.find(term)
    found = re.match(r"\s?\(([^()]{2,60})\)", plain[at + len(term) :]) if 0 <= at <= 4 else None
    parts = [part.strip() for part in re.split(r"[,;/]", found[1])] if found else []
    named = [
        part
        for part in parts
        if re.fullmatch(r"[A-Za-z가-힣][\w\s.+'-]*", part) and not re.search(r"\d{4}|et al|예:", part)
    ]
    return tuple(named)
