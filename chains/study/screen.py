"""Which of the questions that documents give a teacher would put: not those that hang on a part of their sentence, on a
heading, or on the sentence before. Each rule stands for what was seen wrong in sets that people have read."""

from __future__ import annotations

import re
from itertools import pairwise

from chains.making.base import Made
from chains.making.grammar import Sentence, bare
from chains.making.structures import clean_heading
from chains.study.definitions import definition_of
from chains.study.english import TAG

LEAST_EFFECT = 3  # words of what is asked for in a question that asks why
_CONTEXT = re.compile(r"반대로|이와 달리|마찬가지로|이처럼|위에서|앞에서|역시 |아래 |다음과 같")
_CLAUSES = re.compile(r"(?:며|고|지만|으나|는데), ")


def is_awkward(made: Made) -> bool:
    """Whether it is better not asked. Tables and English sentences are judged where they are read."""
    if TAG in made.tags or "table" in made.tags:
        return False
    if made.kind == "number":
        return _awkward_number(made)
    if made.kind == "why":
        return _awkward_reason(made)
    if made.kind == "comparison":
        return _topics(made.evidence) > 2  # "쿼리는 …, 키는 …, 값은 …" compares more than the two that are asked for
    if made.kind == "definition":
        return _awkward_definition(made)
    return bool(_of_heading(made) and re.search(r"[가-힣a-zA-Z0-9](?:와|과|및)\s", made.subject))


def hangs_on_context(said: str) -> bool:
    """Whether a statement needs the sentences before it to be judged true or false."""
    return bool(_CONTEXT.search(said))


def _awkward_definition(made: Made) -> bool:
    """A label that names a part of its paragraph ("양방향", "최적화") is no term."""
    found = definition_of(made)
    return bool(found and found.labelled and not found.latin and not found.explains)


def _awkward_number(made: Made) -> bool:
    """A number in a list, before a second clause, or of a compound unit ("34%포인트")."""
    asked = made.question.partition("몇 ")[2]
    return bool(re.search(r"^\S+(?:,|이고|이며) |퍼센트포인트", asked) or _CLAUSES.search(asked))


def _awkward_reason(made: Made) -> bool:
    """A reason whose effect has a topic of its own, is two effects, repeats its topic or says next to nothing."""
    topic, why, effect = made.question.partition(" 왜 ")
    if not why:
        topic, effect = "", made.question.removeprefix("왜 ")
    if _CLAUSES.search(effect) or (made.question.startswith("왜 ") and len(effect.split()) < LEAST_EFFECT):
        return True
    if not why:
        return False
    last = bare(topic).split()[-1:] or [""]
    stem = re.sub(r"(?:은|는|에서는|에는|이란|란)$", "", last[0])
    if len(effect.split()) < LEAST_EFFECT or (len(stem) > 1 and stem in effect):
        return True
    tokens = Sentence(effect).tokens
    return any(
        token.tag == "JX" and token.form in {"은", "는"} and before.tag.startswith("N")
        for before, token in pairwise(tokens)
    )


def _topics(evidence: str) -> int:
    return sum(token.tag == "JX" and token.form in {"은", "는"} for token in Sentence(evidence).tokens)


def _of_heading(made: Made) -> bool:
    """Whether it asks about a heading rather than about something that is said."""
    headings = made.chunk.locator.headings if made.chunk else ()
    return bool(headings) and made.subject == clean_heading(headings[-1])
