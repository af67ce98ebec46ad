"""Facts from a source: questions with their answers as sentences of packed passages, and the refusals beside them.

Passages come from the retriever and the packer of the chat, for the question as it is worded, within the budgets that a chat has.
So the distractors are those the assistant meets. A question whose evidence was not packed is no example.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.training_sources import Source
from chains.budget import Speed, local_budget
from chains.making.answers import answer_of, spoken
from chains.making.base import Made
from chains.making.extract import Rarest, in_turn, questions_of, unambiguous
from chains.making.forms import english, english_name, worded
from chains.making.grammar import Sentence, bare, with_particle
from chains.making.spans import spans_of
from chains.matching import holds, squeeze
from chains.pack import join_units
from chains.units import cut
from evals.making.screen import leaks
from finetune.data.facts import Claim, Fact
from ingest.morphemes import content_morphemes
from models.types import Passage, Turn

BUDGETS: tuple[tuple[int, Speed], ...] = ((120, "fast"), (160, "normal"), (160, "normal"), (200, "normal"), (240, "thorough"), (320, "thorough"))  # fmt: skip
ENGLISH, TWO_SENTENCES, FOLLOW_UP = 0.15, 0.35, 0.06
SPAN_CHARACTERS = (180, 620)  # of the paragraph that a short answer is looked for in
_TALK = re.compile(
    r"우리|여러분|저희|이번|다음|위의|아래|앞서|튜토리얼|노트북|이 (?:글|장|절|문서|책|강의|섹션|예제|가이드)|살펴|보겠|봅시다|하세요|주세요|알아보|배웁니다|소개합니다|반대로|역시|마찬가지|이와 달리|앞에서|뒤에서"
)
_AWKWARD = re.compile(r"몇 년 (?!동안|간|안|만|전|후|뒤)|몇 년대")
_LEANS = re.compile(r"^(?:즉|이는|이것|이때|이를|이런|이러한|따라서|그래서|또한|예를 들|하지만|그러나|다시 말)")
_ODD = re.compile(r"[{}<>=\\|#@_~^\[\]:;]|https?|^\d|^[\"'(]|\s{2}|\.\w|\(\)|^[가-힣](?:은|는|이|가|을|를|란|이란)\s")


@dataclass(frozen=True, slots=True)
class Asked:
    """A fact with its passages and earlier turns as the prompt's template takes them."""

    fact: Fact
    passages: tuple[Passage, ...]
    history: tuple[Turn, ...] = ()


def questions(source: Source, rng: random.Random) -> list[Made]:
    """Those that read naturally and that a sentence of the document answers, documents and kinds in turn."""
    rarest = Rarest(source.corpus)
    found = [made for chunks in source.documents for chunk in chunks for made in questions_of(chunk, rarest)]
    sound = [made for made in unambiguous(found).kept if is_natural(made) and answer_of(made)]
    return list(in_turn(sound, rng))


def is_natural(made: Made) -> bool:
    """Whether a teacher would ask so: no code, no talk about the text itself, one topic."""
    question, said = made.question, answer_of(made)
    if _ODD.search(question) or _TALK.search(question) or _TALK.search(said) or not 8 <= len(question) <= 80:
        return False
    if not re.search("[가-힣]{2}", question) or len(said) < 12 or _is_leaky(made):
        return False
    if question.startswith("왜 ") or _AWKWARD.search(question):
        return False
    if made.kind in {"why", "number"}:
        topics = [token for token in Sentence(question).tokens if token.tag == "JX" and token.form in {"은", "는"}]
        return len(topics) <= 1 and len(question.split()) <= 12
    return True


def _is_leaky(made: Made) -> bool:
    from evals.making.maker import case_of

    return leaks(case_of(made))


class FactMaker:
    """Makes facts of one source. rng: decides wording and budget."""

    def __init__(self, source: Source, rng: random.Random) -> None:
        self._source, self._rng = source, rng

    def passages(self, question: str) -> tuple[Passage, ...]:
        """What the chat would put before the model."""
        tokens, speed = self._rng.choice(BUDGETS)
        return self._source.preparer.prepare(question, (), local_budget(tokens, speed)).passages

    def cited(self, made: Made, before: Turn | None = None, question: str = "") -> Asked | None:
        """An answer with its mark; None where the evidence was not packed. question: other words for it."""
        rng = self._rng
        foreign = english(made, rng) if not question and rng.random() < ENGLISH / 0.5 else ""
        question = question or foreign or worded(made, rng)
        passages = self.passages(question)
        claim = claim_of(made.evidence, answer_of(made), passages)
        if claim is None:
            return None
        claims = [claim]
        if made.kind == "definition" and not foreign and rng.random() < TWO_SENTENCES:
            claims += self._more(made, claim, passages)
        if len(claims) == 2:
            subject = with_particle(made.subject, "이(가)")
            question = rng.choice(
                (
                    f"{subject} 무엇이고 어떤 특징이 있나요?",
                    f"{subject} 뭔지 자세히 설명해 주세요.",
                    f"{made.subject}에 대해 알려 주세요.",
                )
            )
        way = "english" if foreign else "two_sentences" if len(claims) == 2 else made.kind
        history = (before,) if before and rng.random() < FOLLOW_UP else ()
        return Asked(self._fact("cite", way, question, made, passages, tuple(claims)), passages, history)

    def _more(self, made: Made, claim: Claim, passages: Sequence[Passage]) -> list[Claim]:
        """The sentence behind the evidence in the same passage, where it goes on about the same thing by name."""
        sentences = passages[claim.passage - 1].sentences
        place = next(
            (at for at, text in enumerate(sentences) if squeeze(made.evidence) in squeeze(text)), len(sentences)
        )
        for text in sentences[place + 1 :]:
            said, sentence = spoken(text), Sentence(text)
            if said and said.startswith(made.subject) and sentence.stands_alone and not _TALK.search(said):
                return [Claim(said, squeeze(text), claim.passage)]
        return []

    def both(self, one: Made, other: Made) -> Asked | None:
        """Two definitions asked for at once: two sentences, two marks. None unless both were packed, in two passages."""
        pair = with_particle(one.subject, "과(와)")
        topic, subject = with_particle(other.subject, "은(는)"), with_particle(other.subject, "이(가)")
        question = self._rng.choice(
            (
                f"{pair} {topic} 각각 무엇인가요?",
                f"{pair} {topic} 무슨 뜻인가요?",
                f"{pair} {subject} 각각 뭔지 알려 주세요.",
            )
        )
        tokens = self._rng.choice((200, 240, 320))
        passages = self._source.preparer.prepare(question, (), local_budget(tokens, "thorough")).passages
        claims = [claim_of(made.evidence, answer_of(made), passages) for made in (one, other)]
        kept = [claim for claim in claims if claim]
        if len(kept) < 2 or kept[0].passage == kept[1].passage:
            return None
        return Asked(self._fact("cite", "pair", question, one, passages, tuple(kept)), passages)

    def refused(self, way: str, question: str, made: Made, passages: tuple[Passage, ...]) -> Asked:
        """A question that these passages do not answer. made: gives document and origin."""
        return Asked(self._fact("refuse", way, question, made, passages, ()), passages)

    def spans(self) -> Iterator[Asked]:
        """Short answers, each from a paragraph around its sentence."""
        chunks = [chunk for chunks in self._source.documents for chunk in chunks]
        self._rng.shuffle(chunks)
        taken: Counter[str] = Counter()
        for chunk in chunks:
            units = [unit.text for unit in cut(chunk.text) if unit.kind == "sentence"]
            for at, text in enumerate(units):
                found = list(spans_of(Sentence(text))) if not _TALK.search(text) else []
                for span in sorted(found, key=lambda one: taken[one.way])[:1]:  # the rarer forms first
                    paragraph = self._paragraph(units, at)
                    if _ODD.search(span.question) or paragraph.count(span.span) > 3 or len(paragraph) < 60:
                        continue
                    taken[span.way] += 1
                    passage = Passage(1, chunk, paragraph, (paragraph,), 0, 1.0)
                    made = Made("span", span.question, "", text, chunk=chunk)
                    claims = (Claim(span.span, squeeze(text), 1),)
                    yield Asked(self._fact("span", span.way, span.question, made, (passage,), claims), (passage,))

    def _paragraph(self, units: Sequence[str], at: int) -> str:
        """Whole sentences around the one, up to a length that is drawn."""
        most = self._rng.randint(*SPAN_CHARACTERS)
        first = last = at
        while True:
            sides = [side for side in (first - 1, last + 1) if 0 <= side < len(units)]
            sides = [side for side in sides if sum(map(len, units[first : last + 1])) + len(units[side]) <= most]
            if not sides:
                return " ".join(units[first : last + 1])
            side = self._rng.choice(sides)
            first, last = min(first, side), max(last, side)

    def _fact(
        self, kind: str, way: str, question: str, made: Made, passages: tuple[Passage, ...], claims: tuple[Claim, ...]
    ) -> Fact:
        document = made.chunk.source if made.chunk else ""
        return Fact(
            kind=kind,  # type: ignore[arg-type]
            way=way,
            question=question,
            document=document,
            passages=tuple(squeeze(passage.text) for passage in passages),
            claims=claims,
            origin=self._source.origin,
            licence=self._source.licences.get(document, ""),
        )


def claim_of(evidence: str, said: str, passages: Sequence[Passage]) -> Claim | None:
    """What was said with the number of the passage that holds the evidence, white space and marks apart."""
    wanted = squeeze(evidence)
    for passage in passages:
        if wanted and wanted in squeeze(passage.text):
            return Claim(said, wanted, passage.n)
    return None


def without(evidence: str, made: Made, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages with every sentence gone that shares text with the evidence or leans on it, numbered anew.

    () where nothing is left, or what is left may still answer: it says one of the answer's strings, goes on about the thing by
    name, or has a sentence with nearly all words of the question.
    """
    wanted = squeeze(evidence)
    left: list[Passage] = []
    for passage in passages:
        gone = [squeeze(text) in wanted or wanted in squeeze(text) for text in passage.sentences]
        leaning = [
            False,
            *(before and bool(_LEANS.match(text)) for before, text in zip(gone, passage.sentences[1:], strict=False)),
        ]
        kept = tuple(text for text, *out in zip(passage.sentences, gone, leaning, strict=True) if not any(out))
        if any(not text.startswith("|") for text in kept) or len(kept) > 2:  # a table's header alone says nothing
            left.append(replace(passage, n=len(left) + 1, sentences=kept, text=join_units(kept), best=0))
    return () if _answers([text for passage in left for text in passage.sentences], made) else tuple(left)


def _answers(sentences: Sequence[str], made: Made) -> bool:
    """Whether one of the sentences may answer. Says so rather too often."""
    asked = frozenset(content_morphemes(made.question))
    names = {made.subject, english_name(made), *re.findall(r"\b[A-Z]{2,}\b", made.evidence)} - {""}
    topics = [
        re.compile(rf"(?<!\w){re.escape(bare(name))}(?:\s?\([^)]*\))?(?:은|는|이란|란|이|가)\s") for name in names
    ]
    for text in sentences:
        if made.kind != "definition" and any(holds(text, group) for group in made.answers):
            return True
        if len(asked & frozenset(content_morphemes(text))) >= 0.75 * len(asked) and len(asked) > 1:
            return True
        if made.kind in {"definition", "fact", "comparison", "list"} and any(p.search(bare(text)) for p in topics):
            return True
    return all(any(holds(text, group) for text in sentences) for group in made.answers)
