"""Questions that their passages do not answer, each near to one that they do. What a small model must learn most.

twin      the evidence is taken out of the passages
swapped   the question is about another thing of the same kind, which the collection does not name
unsaid    the thing is there, and what is asked about it is not: a year, an author, a price
compared  one of the two things is there
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from app.training_facts import Asked, FactMaker, without
from app.training_sources import Source
from chains.making.base import Made
from chains.making.forms import worded
from chains.making.grammar import with_particle
from evals.making.unanswerable import unanswerable

# (question about {name}, what a passage that answers it would hold)
UNSAID: tuple[tuple[str, str], ...] = (
    ("{name}{eun} 몇 년에 처음 나왔나요?", r"\d{4}년|(?:19|20)\d\d"),
    ("{name}{eul} 처음 제안한 사람은 누구인가요?", r"제안|발표|만든|만들|개발|et al|\(\d{4}|[A-Z][a-z]+,"),
    ("{name}{eul} 쓰는 데 드는 비용은 얼마인가요?", r"비용|가격|달러|\$|요금|무료|유료|원\b"),
    ("{name}의 단점은 무엇인가요?", r"단점|한계|문제|느리|느려|어렵|어려|못|않|없|비싸|불안정|위험|과적합|약점"),
    ("{name}{eun} 어느 회사에서 만들었나요?", r"만든|만들|개발|공개|Google|구글|Meta|OpenAI|회사|Microsoft|사가"),
    ("{name}{eul} 적용하면 정확도가 몇 퍼센트 오르나요?", r"퍼센트|%|정확도"),
    ("{name}의 학습에는 GPU가 몇 개 필요한가요?", r"GPU|\d개|\d장"),
    ("{name}{eul} 쓰려면 어떤 라이센스가 필요한가요?", r"라이선스|라이센스|허가|license"),
    ("When was {name} first proposed?", r"\d{4}년|(?:19|20)\d\d"),
)
_PAIRS = {"eun": "은(는)", "eul": "을(를)", "i": "이(가)"}


def twins(maker: FactMaker, made: Sequence[Made], rng: random.Random) -> Iterator[Asked]:
    """The same question in other words, over its passages without the evidence."""
    for one in made:
        if one.kind == "comparison":  # what is left tends to tell the two apart as well
            continue
        question = worded(one, rng)
        if passages := without(one.evidence, one, maker.passages(question)):
            yield maker.refused("twin", question, one, passages)


def swapped(maker: FactMaker, source: Source, made: Sequence[Made], rng: random.Random) -> Iterator[Asked]:
    """What no chunk of the source names. The document is that of the best passage, so that the split keeps it whole."""
    for one in unanswerable(made, source.corpus, rng):
        passages = maker.passages(one.question)
        if passages:
            yield maker.refused("swapped", one.question, Made("", "", chunk=passages[0].chunk), passages)


def unsaid(maker: FactMaker, made: Sequence[Made], rng: random.Random) -> Iterator[Asked]:
    """Something about a thing of the documents that none of the passages found for it says."""
    for one in made:
        if one.kind != "definition":
            continue
        form, answer = rng.choice(UNSAID)
        question = _filled(form, one.subject)
        passages = maker.passages(question)
        held = " ".join(passage.text for passage in passages)
        if passages and one.subject in held and not re.search(answer, held):
            yield maker.refused("unsaid", question, one, passages)


def compared(maker: FactMaker, made: Sequence[Made], rng: random.Random) -> Iterator[Asked]:
    """How one thing differs from another that stands in none of the passages."""
    names = [one for one in made if one.kind == "definition" and one.chunk]
    others = names[:]
    rng.shuffle(others)
    for one in names:
        near = [other for other in others if other.chunk and one.chunk and other.chunk.source == one.chunk.source]
        other = next((other for other in [*near, *others] if other is not one), one)
        others = [rest for rest in others if rest is not other]  # each name is compared with once
        if one.subject in other.subject or other.subject in one.subject:
            continue
        pair = with_particle(one.subject, "과(와)")
        topic = with_particle(other.subject, "은(는)")
        question = rng.choice((f"{pair} {topic} 어떻게 다른가요?", f"{pair} {other.subject}의 차이가 뭐예요?"))
        passages = tuple(p for p in maker.passages(one.question) if other.subject not in p.text)
        if passages and any(one.subject in passage.text for passage in passages) and passages[-1].n == len(passages):
            yield maker.refused("compared", question, one, passages)


def _filled(form: str, name: str) -> str:
    for place, pair in _PAIRS.items():
        form = form.replace(f"{{name}}{{{place}}}", with_particle(name, pair))
    return form.replace("{name}", name)
