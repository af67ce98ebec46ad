"""What a document says a term is, taken apart: the term, its other names, and what is said of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from chains.making.base import Made
from chains.making.grammar import Sentence, bare, with_particle
from chains.study.names import all_names, fold

_ENDING = re.compile(
    r"(?:을|를|이라고|라고)?\s*(?:말합니다|말한다|뜻합니다|뜻한다|부릅니다|부른다|입니다|이다|다)?\.?$"
)
_POINTS_BACK = re.compile(r"^(?:이런|이러한|그런|이를|위의|앞의|같은)\s")
LEAST, MOST = 12, 180


@dataclass(frozen=True)
class Definition:
    """term: as it is written. said: the rest of the sentence. aliases: other names from its brackets."""

    made: Made
    term: str
    said: str
    aliases: tuple[str, ...]
    labelled: bool

    @cached_property
    def names(self) -> frozenset[str]:
        """Folded names of the term, those that the vocabulary knows among them."""
        return all_names((self.term, *self.aliases))

    @property
    def kind(self) -> str:
        """What it is said to be: the last noun, "방법", "모델"."""
        words = _ENDING.sub("", self.said).split()
        return words[-1] if words else ""

    @property
    def latin(self) -> bool:
        return not re.search("[가-힣]", self.term)

    def stated(self, term: str = "") -> str:
        """The whole statement, about another term where one is given."""
        particle = None if term else self._closed
        return f"{with_particle(term or self.term, '은(는)', particle)} {self.said}"

    @cached_property
    def _closed(self) -> bool | None:
        sentence = Sentence(self.made.evidence)
        return sentence.closed if not self.labelled and sentence.topic_end > 0 else None


@lru_cache(maxsize=4096)
def definition_of(made: Made) -> Definition | None:
    """The definition that was found; None where the term gives itself away or too little or too much is said."""
    if made.kind != "definition" or not made.subject:
        return None
    label = f"{made.subject}: "
    labelled = made.reference.startswith(label)
    said = made.reference.removeprefix(label) if labelled else _after_topic(made)
    aliases = _aliases(made.subject, made.evidence)
    found = Definition(made, made.subject, said, aliases, labelled)
    own = {fold(name) for name in (made.subject, *aliases)}
    if not LEAST <= len(said) <= MOST or _POINTS_BACK.match(said) or any(name in fold(said) for name in own if name):
        return None
    return found


def _after_topic(made: Made) -> str:
    sentence = Sentence(made.evidence)
    topic = sentence.tokens[sentence.topic_end]
    return sentence.text[topic.start + topic.len :].strip() if sentence.topic_end > 0 else ""


def _aliases(term: str, evidence: str) -> tuple[str, ...]:
    """드롭아웃(dropout)은 -> dropout. A year, a reference or an example is none."""
    plain = bare(evidence)
    at = plain.find(term)
    found = re.match(r"\s?\(([^()]{2,60})\)", plain[at + len(term) :]) if 0 <= at <= 4 else None
    parts = [part.strip() for part in re.split(r"[,;/]", found[1])] if found else []
    named = [
        part
        for part in parts
        if re.fullmatch(r"[A-Za-z가-힣][\w\s.+'-]*", part) and not re.search(r"\d{4}|et al|예:", part)
    ]
    return tuple(named)
