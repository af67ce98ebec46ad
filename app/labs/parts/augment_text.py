"""Korean text augmentation: the four operations of EDA (Wei and Zou 2019) on words, and what people do: typos, spaces, dropped particles.

    varied = vary("typo", Sentence.of("이 영화는 참 좋다"), 0.2, draw)
    varied.text, varied.marked           the new sentence, and the same with what changed marked

alpha is the share of the words that change, one at least. A method that finds nothing to change returns None. In `marked` a new or
changed word stands in 【 】, what is gone in 〔 〕, a space that came as ␣ and one that went as ‿.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np

from app.labs.parts.augment_typing import FIRST_SYLLABLE, OF_A_VOWEL, SYLLABLES, TAILS, mistyped

NEW, GONE, JOINED, PARTED = "【{}】", "〔{}〕", "‿", "␣"
PARTICLES = ("JKS", "JKC", "JKG", "JKO", "JKB", "JX", "JC")  # Kiwi's tags
NEGATIONS = re.compile(r"(?<!\S)(?:안|못)(?!\S)|않|없|아니|못하")
AFTER_CONSONANT = {
    "은": "는",
    "이": "가",
    "을": "를",
    "과": "와",
    "으로": "로",
    "이나": "나",
    "이랑": "랑",
    "이라": "라",
}
AFTER_VOWEL = {vowel: consonant for consonant, vowel in AFTER_CONSONANT.items()}
UNCHANGING = (
    "",
    "의",
    "에",
    "에서",
    "에게",
    "도",
    "만",
    "까지",
    "부터",
    "처럼",
    "보다",
    "에는",
    "에서는",
    "에도",
    "만큼",
)
_ENDING = re.compile(r"[^\w]*$")


@dataclass(frozen=True)
class Sentence:
    """A sentence and its words, split at spaces."""

    text: str

    @classmethod
    def of(cls, text: str) -> Sentence:
        """With single spaces."""
        return cls(" ".join(text.split()))

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(self.text.split())

    @cached_property
    def particles(self) -> tuple[tuple[int, int], ...]:
        """Where each particle begins and ends, by Kiwi; those that melted into their noun (난, 걸) are left out."""
        from ingest.analyser import kiwi

        spans = [
            (token.start, token.start + token.len, token.form) for token in kiwi().tokenize(self.text) if _drops(token)
        ]
        return tuple((start, end) for start, end, form in spans if start and self.text[start:end] == form)


def _drops(token: object) -> bool:
    return getattr(token, "tag", "") in PARTICLES


@dataclass(frozen=True, slots=True)
class Varied:
    """text: the new sentence; marked: the same with the changes shown; changes: how many."""

    text: str
    marked: str
    changes: int


@cache
def synonyms() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    """Nouns and adverbs: word -> the others of its group."""
    source = files("app.labs.parts").joinpath("augment_synonyms.toml")
    groups = tomllib.loads(source.read_text(encoding="utf-8"))
    nouns, adverbs = (
        {word: tuple(other for other in group if other != word) for group in groups[kind] for word in group}
        for kind in ("nouns", "adverbs")
    )
    return nouns, adverbs


def alternatives(word: str) -> list[str]:
    """The word with a synonym in place of its noun, the particle fitted; or another adverb. [] where the list has none."""
    nouns, adverbs = synonyms()
    end = _ENDING.search(word)
    ending = end.group() if end else ""
    bare = word[: len(word) - len(ending)]
    if bare in adverbs:
        return [other + ending for other in adverbs[bare]]
    for cut in range(len(bare), 0, -1):
        noun, particle = bare[:cut], bare[cut:]
        if noun in nouns and (particle in UNCHANGING or particle in AFTER_CONSONANT or particle in AFTER_VOWEL):
            return [other + fitted(other, particle) + ending for other in nouns[noun]]
    return []


def fitted(noun: str, particle: str) -> str:
    """은 or 는, 이 or 가 …, by how the noun's last syllable ends; 로 also follows ㄹ."""
    pair = particle if particle in AFTER_CONSONANT else AFTER_VOWEL.get(particle)
    if pair is None:
        return particle
    tail = TAILS[(ord(noun[-1]) - FIRST_SYLLABLE) % OF_A_VOWEL]
    closed = bool(tail) and not (pair == "으로" and tail == "ㄹ")
    return pair if closed else AFTER_CONSONANT[pair]


def _count(sentence: Sentence, alpha: float) -> int:
    return max(1, round(alpha * len(sentence.words)))


def _some(draw: np.random.Generator, places: Sequence[int], most: int) -> list[int]:
    """Up to `most` of the places, drawn."""
    return [places[int(at)] for at in draw.permutation(len(places))[:most]]


def _replaced(sentence: Sentence, new: Mapping[int, str]) -> Varied | None:
    """With these words in place of those that stood there."""
    if not new:
        return None
    text = [new.get(at, word) for at, word in enumerate(sentence.words)]
    marked = [NEW.format(new[at]) if at in new else word for at, word in enumerate(sentence.words)]
    return Varied(" ".join(text), " ".join(marked), len(new))


def synonym(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """EDA's synonym replacement."""
    known = {at: others for at, word in enumerate(sentence.words) if (others := alternatives(word))}
    chosen = _some(draw, list(known), _count(sentence, alpha))
    return _replaced(sentence, {at: known[at][int(draw.integers(len(known[at])))] for at in chosen})


def insert(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """EDA's random insertion: a synonym of one of the words, anywhere."""
    known = [others for word in sentence.words if (others := alternatives(word))]
    if not known:
        return None
    text, marked = list(sentence.words), list(sentence.words)
    count = _count(sentence, alpha)
    for _ in range(count):
        others = known[int(draw.integers(len(known)))]
        new, at = others[int(draw.integers(len(others)))], int(draw.integers(len(text) + 1))
        text.insert(at, new)
        marked.insert(at, NEW.format(new))
    return Varied(" ".join(text), " ".join(marked), count)


def swap(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """EDA's random swap: two words change places, so many times."""
    order = list(range(len(sentence.words)))
    if len(order) < 2:
        return None
    for _ in range(_count(sentence, alpha)):
        one, other = (int(at) for at in draw.permutation(len(order))[:2])
        order[one], order[other] = order[other], order[one]
    moved = {at: sentence.words[place] for at, place in enumerate(order) if sentence.words[place] != sentence.words[at]}
    return _replaced(sentence, moved)


def delete(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """EDA's random deletion; one word stays at least."""
    words = sentence.words
    gone = set(_some(draw, range(len(words)), min(_count(sentence, alpha), len(words) - 1)))
    if not gone:
        return None
    kept = [word for at, word in enumerate(words) if at not in gone]
    marked = [GONE.format(word) if at in gone else word for at, word in enumerate(words)]
    return Varied(" ".join(kept), " ".join(marked), len(gone))


def typo(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """A neighbouring key instead of the right one."""
    able = [at for at, word in enumerate(sentence.words) if SYLLABLES.search(word)]
    chosen = _some(draw, able, _count(sentence, alpha))
    return _replaced(sentence, {at: mistyped(sentence.words[at], draw) or "" for at in chosen})


def spacing(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """A space left out, or one put into a word."""
    text = sentence.text
    places = [at for at in range(1, len(text)) if text[at] == " " or (text[at - 1] != " " and text[at].isalnum())]
    chosen = set(_some(draw, places, _count(sentence, alpha)))
    if not chosen:
        return None
    new, marked = [], []
    for at, character in enumerate(text):
        joins = at in chosen and character == " "
        parts = at in chosen and character != " "
        new.append("" if joins else f" {character}" if parts else character)
        marked.append(JOINED if joins else f"{PARTED}{character}" if parts else character)
    return Varied("".join(new), "".join(marked), len(chosen))


def particles(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """Particles left out, as in speech."""
    spans = sentence.particles
    chosen = sorted(spans[at] for at in _some(draw, range(len(spans)), _count(sentence, alpha)))
    if not chosen:
        return None
    new, marked, done = "", "", 0
    for start, end in chosen:
        new += sentence.text[done:start]
        marked += sentence.text[done:start] + GONE.format(sentence.text[start:end])
        done = end
    return Varied(new + sentence.text[done:], marked + sentence.text[done:], len(chosen))


def mix(sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """One of them, drawn anew each time; the next where it finds nothing to change."""
    for at in draw.permutation(len(SINGLE)):
        varied = list(SINGLE.values())[int(at)](sentence, alpha, draw)
        if varied is not None:
            return varied
    return None


Method = Callable[[Sentence, float, np.random.Generator], Varied | None]
SINGLE: Mapping[str, Method] = {
    method.__name__: method for method in (synonym, swap, delete, insert, typo, spacing, particles)
}
METHODS: Mapping[str, Method] = {**SINGLE, "mix": mix}


def vary(method: str, sentence: Sentence, alpha: float, draw: np.random.Generator) -> Varied | None:
    """One variant; None where there is nothing to change."""
    return METHODS[method](sentence, alpha, draw)


def negation_lost(before: str, after: str) -> bool:
    """True where the new text has fewer negations, so that it may say the opposite."""
    return len(NEGATIONS.findall(after)) < len(NEGATIONS.findall(before))
