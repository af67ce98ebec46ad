"""Questions that the collection cannot answer, provably: what they ask about stands in no chunk of it.

Two ways. A question that was made from the documents asks about something else of the same kind, which no chunk names ("BERT는
입력 토큰의 몇 퍼센트를 …" becomes "ELECTRA는 …"); and things that no chunk names are asked about outright. The names come from
absent.toml; questions of other sets may lend theirs (`lent`).
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chains.making.base import Corpus, Made
from chains.making.grammar import with_particle
from ingest.morphemes import content_morphemes

_PAIRS = {"eun": "은(는)", "eul": "을(를)", "i": "이(가)", "iran": "이(란)"}
_AFTER = re.compile(r"^(이란|란|은|는|이|가|을|를|과|와)(?=\s)")
_PAIR_OF = {form: pair for pair, forms in {"이(란)": "이란 란", "은(는)": "은 는", "이(가)": "이 가", "을(를)": "을 를", "과(와)": "과 와"}.items() for form in forms.split()}  # fmt: skip
TAG = "unanswerable"


@dataclass(frozen=True, slots=True)
class Kind:
    """Things of one kind and what can be asked about each."""

    names: tuple[str, ...]
    questions: tuple[str, ...]


@cache
def kinds() -> dict[str, Kind]:
    """The shipped names, by kind."""
    with Path(__file__).with_name("absent.toml").open("rb") as file:
        table = tomllib.load(file)
    return {name: Kind(tuple(kind["names"]), tuple(kind["questions"])) for name, kind in table.items()}


def is_absent(name: str, corpus: Corpus) -> bool:
    """Whether no chunk holds the name, written together or apart, nor its rarest word as the index knows it."""
    bare = re.sub(r"\s*(?:옵티마이저|함수|디코딩|데이터셋)$", "", name)
    words = content_morphemes(bare)
    return not corpus.holding(bare) and (not words or min(corpus.frequency(words)) == 0)


def unanswerable(made: Sequence[Made], corpus: Corpus, rng: random.Random) -> Iterator[Made]:
    """Endless in intent, finite in fact: swapped questions and plain ones in turn, each name at most once."""
    absent = {kind: [name for name in entry.names if is_absent(name, corpus)] for kind, entry in kinds().items()}
    for names in absent.values():
        rng.shuffle(names)
    swaps = _swapped(made, absent, rng)
    outright = _outright(absent, rng)
    while True:
        found = [one for one in (next(swaps, None), next(outright, None)) if one]
        if not found:
            return
        yield from found


def _swapped(made: Sequence[Made], absent: dict[str, list[str]], rng: random.Random) -> Iterator[Made]:
    sources = [one for one in made if one.kind in {"number", "definition", "why", "fact"} and _kind_of(one.subject)]
    rng.shuffle(sources)
    asked: set[str] = set()
    for one in sources:
        names = absent[_kind_of(one.subject)]
        if not names or one.subject in asked:
            continue
        asked.add(one.subject)
        question = swap(one.question, one.subject, names.pop())
        if question:
            yield Made(TAG, question)


def _kind_of(subject: str) -> str:
    """The kind that a name of the documents belongs to; only names in Latin letters tell it."""
    if not re.fullmatch(r"[A-Z][\w.+-]*(?: [A-Z0-9][\w.+-]*)?", subject):
        return ""
    if re.search(
        r"BERT|GPT|Net|GAN|ViT|LLaMA|Llama|T5|VGG|CLIP|Qwen|Word2Vec|Whisper|DALL|Inception|Gemma|Mistral", subject
    ):
        return "model"
    if re.search(r"MNIST|CIFAR|SQuAD|IMDB|COCO|NSMC|KLUE|Cornell|JFT|WordNet|Common Crawl|GLUE|MMLU", subject):
        return "dataset"
    return ""


def swap(question: str, subject: str, name: str) -> str:
    """The question about `name` instead, with the particle it needs; "" where the subject does not stand in it."""
    start = question.find(subject)
    if start < 0:
        return ""
    rest = question[start + len(subject) :]
    particle = _AFTER.match(rest)
    if not particle:
        return question.replace(subject, name, 1)
    return question[:start] + with_particle(name, _PAIR_OF[particle[1]]) + rest[particle.end() :]


def _outright(absent: dict[str, list[str]], rng: random.Random) -> Iterator[Made]:
    while any(absent.values()):
        kind = rng.choice([kind for kind, names in absent.items() if names])
        name, question = absent[kind].pop(), rng.choice(kinds()[kind].questions)
        filled = question.replace("{name}", name)
        for place, pair in _PAIRS.items():
            if f"{{{place}}}" in filled:
                filled = filled.replace(f"{name}{{{place}}}", with_particle(name, pair))
        yield Made(TAG, filled)
