"""An answer's wording beside the reference's: what both are turned into before they are compared."""

from __future__ import annotations

import re
import string
import unicodedata

from chains.ground import MARK
from evals.base import Case, Outcome
from ingest.analyser import kiwi

_QUOTES = re.compile("['\"《》<>〈〉()‘’]")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SYMBOLS = ("S", "W")  # Kiwi's tags of punctuation and of e-mail addresses and the like …
_WORDS = ("SL", "SN", "SH", "W_URL")  # … among which these are words


def compared(case: Case, outcome: Outcome) -> tuple[str, str] | None:
    """(answer, reference) as composed text; a refusal is "". None where the case has no reference or nothing was answered."""
    answer = outcome.answer
    if answer is None or not case.answerable or not case.reference.strip():
        return None
    said = "" if answer.refused else MARK.sub("", answer.text)
    return unicodedata.normalize("NFC", said).strip(), unicodedata.normalize("NFC", case.reference).strip()


def korquad_normalised(text: str) -> str:
    """KorQuAD 1.0's normalisation: lower case, brackets and quotation marks to spaces, ASCII punctuation dropped."""
    return " ".join(_QUOTES.sub(" ", text).lower().translate(_PUNCTUATION).split())


def morphemes(text: str) -> list[str]:
    """Forms of all morphemes in reading order, lower-cased, particles and endings too, punctuation left out."""
    tokens = kiwi().tokenize(text.lower())
    return [t.form.replace(" ", "") for t in tokens if not t.tag.startswith(_SYMBOLS) or t.tag in _WORDS]
