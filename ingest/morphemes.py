"""Korean text as the words a search should compare: content morphemes, terms in one form, identifiers in their parts.

Particles and endings carry no meaning for a search, so only nouns, roots, verb and adjective stems and adverbs are kept
(Kiwi's tags NN* NR XR SH VV VA MAG), and nouns written together also as one word. Over the 960 paragraphs of KorQuAD and
2,000 questions BM25 finds 0.910 at rank 1 with the former, 0.916 with both. Latin words and numbers are read here instead:
`torch.nn.Linear` gives `torch`, `nn`, `linear` and `torch.nn.linear`, "GPT-3" gives the term GPT, `3` and `gpt-3`. Variants
of a term (어텐션, attention) become one word: see `ingest/terms.py`.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.analyser import kiwi
from ingest.sentences import split_sentences
from ingest.terms import Atom, course_terms, find_atoms, singular, terms_fingerprint

__all__ = ["content_morphemes", "fingerprint", "split_sentences"]

CONTENT_TAGS = ("NN", "NR", "XR", "SH", "VV", "VA", "MAG")
_COMPOUND_TAGS = ("NNG", "NNP", "XR", "NNB", "XPN", "XSN", "SL", "SN", "SH")
RULES = "4"  # raise it when the rules of this module change what is indexed

_TIMES = re.compile(r"(?<=\d)\s*[x×]\s*(?=\d)")  # 3x3 and 3×3 are the same two numbers
_KOREAN = re.compile(r"[가-힣一-鿿]")
_LINK = re.compile(r"[._\-/+#:@]?")
_SPECIAL = re.compile(r"(?<![a-z0-9])(?:c\+\+|[cf]#)")
_FOREIGN = re.compile(r"[^\s가-힣一-鿿]+(?:\s+[^\s가-힣一-鿿]+){3,}")  # code, formulas, English: nothing for Kiwi
_LONG_RUN = re.compile(r"\S{60,}")
_LONGEST_WORD = 60
_NO_PATTERNS = 0  # of URLs, hash tags, serial numbers: what Kiwi would take for one word is read as words
_WINDOW = 4096  # characters that Kiwi reads at once
_STOPWORD_LIST = """
    a an and are as at be been being but by can could did do does doing for from had has have how i if in into is
    it its may me might my no not of on or our shall should so such than that the their them then there these they
    this those to was we were what when where which while who whom whose why will with would you your about also
    any each more most other some only same between s t
"""
_STOPWORDS = frozenset(_STOPWORD_LIST.split())


@functools.cache
def fingerprint() -> str:
    """Changes whenever the same text would be indexed as other words: rules, terms or Kiwi's model."""
    from importlib.metadata import version

    return f"{RULES}-{terms_fingerprint()}-{version('kiwipiepy')}-{version('kiwipiepy_model')}"


def content_morphemes(text: str) -> list[str]:
    """Words to index or to search for, lower-cased, Korean ones first; a word as often as it stands in the text."""
    lowered = _TIMES.sub("×", unicodedata.normalize("NFKC", text).lower())
    latin, masked = _latin_words(lowered)
    return [*_korean_words(masked), *latin]


def _korean_words(text: str) -> Iterator[str]:
    if not _KOREAN.search(text):
        return
    for part in _windows(_LONG_RUN.sub(_break_run, _FOREIGN.sub(" X ", text))):
        tokens = kiwi().tokenize(part, match_options=_NO_PATTERNS, z_coda=False)  # a third faster, finds the same
        for token in tokens:
            if token.tag.startswith(CONTENT_TAGS) and not token.form.isascii():
                yield from _token_words(token)
        yield from _compounds(tokens)


def _token_words(token: Any) -> Sequence[str]:
    terms = course_terms()
    canonical = terms.korean.get(token.form)
    return (token.form.replace(" ", ""),) if canonical is None else terms.words(canonical)


def _compounds(tokens: Sequence[Any]) -> Iterator[str]:
    """Nouns written without a space between them, as one word: 초등+학교, 2017+년, 합리+성."""
    run: list[Any] = []
    for token in (*tokens, None):
        joins = token is not None and token.tag.startswith(_COMPOUND_TAGS)
        if run and (not joins or token.start != run[-1].start + run[-1].len):
            word = "".join(_token_words(part)[0] for part in run)
            if len(run) > 1 and len(word) <= _LONGEST_WORD and not word.isascii():
                yield word
            run = []
        if joins:
            run.append(token)


def _break_run(match: re.Match[str]) -> str:
    """Cuts a run without spaces: Kiwi's time grows with the square of its length."""
    run = match.group()
    return " ".join(run[i : i + _LONGEST_WORD] for i in range(0, len(run), _LONGEST_WORD))


def _windows(text: str) -> Iterator[str]:
    """The text in stretches of at most `_WINDOW` characters, cut at spaces."""
    start = 0
    while start < len(text):
        end = start + _WINDOW
        if end < len(text):
            end = max(text.rfind(" ", start, end), text.rfind("\n", start, end), start + _WINDOW // 2)
        yield text[start:end]
        start = end


def _latin_words(lowered: str) -> tuple[list[str], str]:
    """Words of Latin runs and mixed terms, and the text with mixed terms masked so that Kiwi does not read them again."""
    terms, atoms = course_terms(), find_atoms(lowered)
    words = _SPECIAL.findall(lowered)
    term_at: dict[int, int] = {}  # atom -> first atom of the term it belongs to
    masks: list[tuple[int, int]] = []
    runs = _runs(lowered, atoms)
    at = 0
    while at < len(atoms):
        found = terms.match(lowered, atoms, at)
        if found is not None:
            length, canonical = found
            words += terms.words(canonical)
            term_at.update(dict.fromkeys(range(at, at + length), at))
            if any("가" <= a.text[0] <= "힣" for a in atoms[at : at + length]):
                masks.append((atoms[at].start, atoms[at + length - 1].end))
            at += length
            continue
        alone = runs[at][1] - runs[at][0] == 1
        words += _plain_word(atoms[at].text, alone)
        at += 1
    for first, last in dict.fromkeys(runs):
        if last - first > 1 and (first not in term_at or term_at[first] != term_at.get(last - 1)):
            whole = lowered[atoms[first].start : atoms[last - 1].end]
            if len(whole) <= _LONGEST_WORD:
                words.append(whole)
    return words, _mask(lowered, masks)


def _plain_word(atom: str, alone: bool) -> list[str]:
    if "가" <= atom[0] <= "힣" or atom in _STOPWORDS or len(atom) > _LONGEST_WORD:
        return []
    if len(atom) == 1 and atom.isalpha() and not alone:
        return []
    return [atom.replace(",", "") if atom[0].isdigit() else singular(atom)]


def _runs(lowered: str, atoms: list[Atom]) -> list[tuple[int, int]]:
    """For each atom the range of atoms of its run: neighbours without a space, as in `torch.nn.linear` or `gpt-3`."""
    bounds: list[tuple[int, int]] = []
    first = 0
    for at in range(1, len(atoms) + 1):
        if at < len(atoms) and _linked(lowered, atoms[at - 1], atoms[at]):
            continue
        bounds += [(first, at)] * (at - first)
        first = at
    return bounds


def _linked(lowered: str, left: Atom, right: Atom) -> bool:
    hangul = "가" <= left.text[0] <= "힣" or "가" <= right.text[0] <= "힣"
    return not hangul and _LINK.fullmatch(lowered, left.end, right.start) is not None


def _mask(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], "X"]
        at = end
    return "".join([*parts, text[at:]])
