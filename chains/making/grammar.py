"""Korean sentences as material for questions: what they are about, how they end as a question, which words carry them.

Kiwi reads a sentence with its code and formulas masked by letters, so that places in the mask are places in the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ingest.analyser import kiwi
from ingest.particles import choose_particles

NOUN_TAGS = ("NNG", "NNP", "NNB", "NR", "XR", "XSN", "XPN", "SL", "SN", "SH")
_PHRASE_TAGS = (*NOUN_TAGS, "SO", "SW", "SS", "JKG")
_ADJECTIVES = ("VA", "VCP", "VCN", "XSA")
_LINKS = ("그러나", "하지만", "따라서", "그래서", "그러면", "그런데", "반면", "예를 들", "예컨대", "즉", "이때", "여기", "위 ", "위의", "아래", "앞", "다음", "이처럼", "이렇게", "결국", "그리고", "또", "둘", "이를", "이는", "반대로", "만약", "대신", "셋", "각각", "처음", "마지막", "먼저", "이어", "한편", "물론", "참고", "나머지", "전자", "후자", "같은", "본 ", "당시", "이후", "실제로", "특히", "두 ", "세 ")  # fmt: skip
_POINTING = re.compile(
    r"(?:^|[\s(])(?:이|그|저|이런|그런|이러한|그러한|해당|본|위|아래|이것|그것|우리|여기|여러분|제가|저희)(?=\s|은|는|가|를|의|에)"
)
_ASIDE = re.compile(r"\s?\([^()]*\)|\[\d+\]|\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)")
_MASKED = re.compile(r"`[^`\n]+`|\$[^$\n]+\$|%|[A-Za-z](?:[A-Za-z0-9_.+#/-]*[A-Za-z0-9_+#])?")


@dataclass(frozen=True)
class Sentence:
    """A sentence without asides and emphasis. evidence: as it stands in the document."""

    evidence: str

    @cached_property
    def text(self) -> str:
        return re.sub(r"\s+", " ", _ASIDE.sub("", self.evidence)).strip()

    @cached_property
    def tokens(self) -> list[Any]:
        masked = _MASKED.sub(lambda match: "X" * len(match.group()), self.text)
        tokens: list[Any] = kiwi().tokenize(masked)
        return tokens

    @cached_property
    def topic_end(self) -> int:
        """Index of the first 은/는 that marks what a clause is about, -1 where there is none in the first words."""
        for index, token in enumerate(self.tokens):
            if token.tag == "JX" and token.form in {"은", "는"}:
                return index if 0 < token.start <= 40 else -1
            if token.tag in {"EC", "SP", "EF"}:
                return -1
        return -1

    @cached_property
    def topic(self) -> str:
        """What the sentence is about, as a noun phrase; "" where that is no plain one."""
        before = self.tokens[: max(0, self.topic_end)]
        if not before or not all(token.tag.startswith(_PHRASE_TAGS) for token in before):
            return ""
        if not before[-1].tag.startswith((*NOUN_TAGS, "SW")) or before[-1].tag == "NNB":
            return ""
        phrase = bare(self.text[: self.tokens[self.topic_end].start])
        return phrase if 1 < len(phrase) <= 30 and len(phrase.split()) <= 4 else ""

    @property
    def closed(self) -> bool:
        """Whether the author's particle says that the topic ends in a consonant."""
        return bool(self.tokens[self.topic_end].form == "은")

    @property
    def stands_alone(self) -> bool:
        """Whether it can be understood without the sentences before it."""
        text = self.text
        return not (
            text.startswith(_LINKS) or _POINTING.search(text) or text.count('"') % 2 or "…" in text or "다. " in text
        )

    def asked(self, start: int = 0, change: tuple[int, int, str] | None = None) -> str:
        """The sentence from `start` on as a polite question, "" where its end is not understood.

        change: (start, end, words) puts words in the place of a part.
        """
        ending = self._question_ending()
        if ending is None:
            return ""
        at, form = ending
        if change and not start <= change[0] <= change[1] <= at:
            return ""
        kept = self.text[start:at]
        if change:
            kept = self.text[start : change[0]] + change[2] + self.text[change[1] : at]
        gap = " " if kept.endswith(" ") else ""
        return f"{bare(kept.strip(' ,'))}{gap}{form}?"

    def _question_ending(self) -> tuple[int, str] | None:
        """Where the last stem begins, and stem and ending as a question."""
        tokens = [token for token in self.tokens if token.tag not in {"SF", "SSC", "SW"}]
        if len(tokens) < 3 or tokens[-1].tag != "EF" or not re.search(r"다$", tokens[-1].form):
            return None
        at = len(tokens) - 2
        tense: list[tuple[str, str]] = []
        while at > 0 and tokens[at].tag == "EP":
            tense.insert(0, ("EP", tokens[at].form))
            at -= 1
        stem = tokens[at]
        if stem.tag not in {"VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA", "VV-R", "VV-I", "VA-R", "VA-I"}:
            return None
        describes = stem.tag.startswith(_ADJECTIVES) and stem.form not in {"있", "없"} and not tense
        ending = "ᆫ가요" if describes else "나요"
        morphs = [(stem.form, stem.tag), *((form, tag) for tag, form in tense), (ending, "EF")]
        return stem.start, kiwi().join(morphs)

    def words(self, start: int, end: int) -> list[str]:
        """Nouns and names between two places, longest runs, as they are written."""
        runs: list[list[Any]] = []
        for token in self.tokens:
            if not start <= token.start < end or not token.tag.startswith(NOUN_TAGS):
                continue
            if token.tag == "NNB" and not runs:
                continue
            last = runs[-1][-1] if runs else None
            if last is not None and token.start == last.start + last.len:
                runs[-1].append(token)
            elif token.tag not in {"NNB", "XSN"}:
                runs.append([token])
        spans = ((run[0].start, run[-1].start + run[-1].len) for run in runs)
        return [self.text[first:last].strip("`$* ") for first, last in spans]


def bare(text: str) -> str:
    """Without the marks of code and emphasis, and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"[`*]|\$(?=\S)|(?<=\S)\$", "", text)).strip()


def with_particle(phrase: str, pair: str, closed: bool | None = None) -> str:
    """The phrase with 은(는) and the like; `closed` where the author has shown whether a consonant is heard."""
    if closed is None:
        filled = choose_particles(f"{phrase}{pair}")
        return (
            filled if not filled.endswith(")") or pair not in filled else phrase + pair.replace("(", "").split(")")[-1]
        )
    forms = {
        "은(는)": ("은", "는"),
        "이(란)": ("이란", "란"),
        "과(와)": ("과", "와"),
        "이(가)": ("이", "가"),
        "을(를)": ("을", "를"),
    }
    return phrase + forms[pair][0 if closed else 1]


def is_phrase(text: str) -> bool:
    """Whether a text is a plain noun phrase that a question can be about."""
    words = bare(text)
    if not 2 <= len(words) <= 32 or len(words.split()) > 5 or re.search(r"[?!:;=<>{}\[\]|\\]|\.\s|^\W|^\d+$", words):
        return False
    masked = _MASKED.sub(lambda match: "X" * len(match.group()), words)
    tokens: Sequence[Any] = kiwi().tokenize(masked)
    if not tokens or tokens[-1].tag not in NOUN_TAGS or tokens[-1].tag == "NNB":
        return False
    return all(
        t.tag.startswith((*_PHRASE_TAGS, "JC", "ETM", "VV", "VA", "XSV", "XSA", "ETN", "SP", "JK")) for t in tokens
    )
