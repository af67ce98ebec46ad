"""Tells, from a model's draft and the passages, whether the documents answer a question at all.

A small model told to refuse still answers three quarters of the questions it should not. Its draft gives it away: it repeats
the question's subject, and no sentence of the passages says that about this subject. Of what retrieval alone shows, one thing is asked: a
name of the question that no chunk found holds. Rare words that are nowhere near refused too many paraphrases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chains.ground import MARK, NO_SUPPORT, Grounder, Support
from chains.numbers import claimed_numbers, names, numbers
from chains.prepare import Prepared
from ingest.morphemes import content_morphemes
from models.types import Answer, Hit

_REFUSALS = re.compile(
    r"(자료|문서|본문|내용|제공된|주어진)[^.]{0,30}(없|않|못)|답(을|변)?[^.]{0,12}(찾을 수 없|알 수 없|없습니다)|찾을 수 없습니다|알 수 없습니다"
    r"|not (mentioned|provided|found|specified)|cannot (find|answer)|no information",
    re.I,
)

_ASKS_NUMBER = re.compile(r"몇|얼마|언제|how (many|much)|when|what (value|rate|size|dimension|year)", re.I)


def is_refusal(text: str) -> bool:
    """Whether a model's answer says that the documents do not hold it. Long answers that end so are answers."""
    return not text.strip() or (len(text) < 120 and bool(_REFUSALS.search(text)))


def draft_features(draft: str, supports: Sequence[Support], prepared: Prepared, grounder: Grounder) -> dict[str, float]:
    """What the model's draft adds, judged by its first sentence and the quote that supports it best.

    support: of that sentence; unsupported: numbers and names in no passage (count, at most 2); number_elsewhere: whether it
    claims a number that its quote does not hold. The last two are for questions that ask for a number, where near misses
    abound: number_uncovered: share of the question's words that the quote lacks; number_of_another: names in the question
    that the quote lacks (count, at most 2). refused_uncovered: the same share where the model refused; `supports` are then
    those of the best evidence, which would be quoted instead. unknown_names: names of the question in no chunk that was found
    (count, at most 2).
    """
    question = prepared.standalone
    lead = supports[0] if supports else NO_SUPPORT
    quote = grounder.best_quote(lead)
    asks_number = 1.0 if _ASKS_NUMBER.search(question) else 0.0
    refused = float(is_refusal(draft))
    claimed = set(claimed_numbers(MARK.sub("", draft)).values()) - numbers(question)
    uncovered = 1.0 - grounder.coverage(question, quote)
    return {
        "model_refused": refused,
        "refused_uncovered": refused * uncovered,
        "support": lead.score,
        "unsupported": float(min(2, sum(len(s.unsupported) for s in supports))),
        "number_elsewhere": float(bool(claimed - numbers(quote))),
        "number_uncovered": asks_number * uncovered,
        "number_of_another": asks_number * min(2, len(_absent_names(question, quote))),
        "unknown_names": float(min(2, len(unknown_names(question, prepared.hits)))),
    }


def unknown_names(question: str, hits: Sequence[Hit]) -> list[str]:
    """Names of the question that no chunk of `hits` holds, in Latin letters or as the Korean term for it.

    In a Korean question every Latin word is a name; in an English one those with a capital or a digit behind the first word.
    """
    asked = names(question)
    if not re.search(r"[가-힣]", question):
        first = question.split(maxsplit=1)[0] if question.strip() else ""
        asked = {
            written: name for written, name in asked.items() if written != first and re.search(r"[A-Z\d]", written)
        }
    if not asked or not hits:
        return []
    texts = [" ".join((*hit.chunk.locator.headings, hit.chunk.source, hit.chunk.text)) for hit in hits]
    folded = _folded(" ".join(texts))
    missing = [name for name in asked.values() if name not in folded and name.removesuffix("s") not in folded]
    if not missing:
        return []
    words = {word for text in texts for word in content_morphemes(text)}
    return [name for name in missing if not (known := set(content_morphemes(name))) or not known <= words]


def is_of_another_number(question: str, answer: Answer) -> bool:
    """Whether a question that asks for a number names one that the answer and its quotes nowhere hold.

    Asked for the learning rate of the 65B model, the sentence about 7B and 13B is the nearest, and no answer.
    """
    if not _ASKS_NUMBER.search(question):
        return False
    places = [" ".join((*c.locator.headings, c.quote)) for c in answer.citations]
    return bool(set(claimed_numbers(question).values()) - numbers(" ".join([answer.text, *places])))


def _absent_names(question: str, text: str) -> list[str]:
    """Names of the question that `text` lacks; in an English question every word would be one, so none counts."""
    if not re.search(r"[가-힣]", question):
        return []
    folded = _folded(text)
    return [name for name in names(question).values() if name not in folded]


def _folded(text: str) -> str:
    """As `names` folds a name."""
    return re.sub(r"[\s\-_.]", "", text).lower()
