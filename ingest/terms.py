"""The course's vocabulary: every way of writing a term, brought to one form.

`terms.tsv` holds a concept a line, canonical form first. Korean forms become words of Kiwi's dictionary; forms with Latin
letters or digits ("fine-tuning", "GPT", "k 평균") are found here, as sequences of atoms: runs of letters, of digits, of
Hangul. A term is indexed as its canonical form without spaces, followed by the words of the canonical form, so that
"gradient descent" meets both "경사하강법" and "경사"; all variants of a term give exactly the same words.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

TERMS_FILE = Path(__file__).with_name("terms.tsv")

# One atom: a number with its decimals, a word of any alphabet but Hangul and Han, or a run of Hangul.
ATOM = re.compile(r"\d+(?:[.,]\d+)*(?:e[+-]?\d+(?![a-z]))?|[가-힣]+|(?:(?![가-힣ㄱ-ㆎ一-鿿])[^\W\d_])+")
_GAP = re.compile(r"[\s\-_‐–]{0,2}")
_HANGUL = re.compile(r"[가-힣]")


@dataclass(frozen=True, slots=True)
class Atom:
    """A run of letters, digits or Hangul: its text in lower case and its place in the text."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    term: str | None = None


def find_atoms(lowered: str) -> list[Atom]:
    """Atoms of a lower-cased text in order; what lies between them (spaces, signs, Han) is left out."""
    return [Atom(m.group(), m.start(), m.end()) for m in ATOM.finditer(lowered)]


def singular(word: str) -> str:
    """An English word without its plural s; others unchanged."""
    if len(word) > 3 and word.endswith("s") and word.isascii() and not word.endswith(("ss", "us", "is", "os")):
        return word[:-1]
    return word


class Terms:
    """The table, ready to match. `korean` maps each Hangul form (spaces kept) to its canonical form."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self.korean: dict[str, str] = {}
        self._spelling: dict[str, str] = {}
        self._root = _Node()
        self._canonical = {row[0] for row in rows}
        for canonical, *variants in rows:
            for form in (canonical, *variants):
                self._add(form.lower(), canonical)
        self._words = {canonical: self._expand(canonical) for canonical in self._canonical}

    def _add(self, form: str, canonical: str) -> None:
        atoms = [atom.text for atom in find_atoms(form)]
        if all(_HANGUL.match(atom) for atom in atoms):
            # Kiwi finds "미세 조정" in "미세조정" too, but not the other way round: keep the spaced form alone
            joined = form.replace(" ", "")
            if form.count(" ") >= self._spelling.get(joined, "").count(" "):
                self.korean.pop(self._spelling.get(joined, ""), None)
                self.korean[form], self._spelling[joined] = canonical, form
            return
        self._insert(atoms, canonical)
        if form.isascii() and len(atoms) > 1:
            self._insert([a.text for a in find_atoms("".join(atoms))], canonical)

    def _insert(self, atoms: Sequence[str], canonical: str) -> None:
        node = self._root
        for atom in atoms:
            node = node.children.setdefault(singular(atom), _Node())
        node.term = canonical

    def _expand(self, canonical: str) -> tuple[str, ...]:
        parts = canonical.split()
        words = ["".join(parts)]
        start = 0
        while len(parts) > 1 and start < len(parts):
            spans = (
                end for end in range(len(parts), start, -1) if end - start < len(parts)
            )  # the longest known term that starts here, but not the whole
            end = next((e for e in spans if " ".join(parts[start:e]) in self._canonical), start + 1)
            inner = " ".join(parts[start:end])
            words += self._expand(inner) if end - start > 1 else [inner]
            start = end
        return tuple(words)

    def words(self, canonical: str) -> tuple[str, ...]:
        """What a term is indexed as: the joined form, then its words."""
        return self._words[canonical]

    def match(self, text: str, atoms: Sequence[Atom], start: int) -> tuple[int, str] | None:
        """The longest term that begins at atom `start`: (number of atoms, canonical form), or None."""
        node, found = self._root, None
        for length in range(1, len(atoms) - start + 1):
            atom = atoms[start + length - 1]
            if length > 1 and not _GAP.fullmatch(text, atoms[start + length - 2].end, atom.start):
                break
            following = self._step(node, atom.text, last=length > 1)
            if following is None:
                break
            node = following
            if node.term is not None:
                found = (length, node.term)
        return found

    @staticmethod
    def _step(node: _Node, atom: str, last: bool) -> _Node | None:
        exact = node.children.get(singular(atom))
        if exact is not None or not last or not _HANGUL.match(atom):
            return exact
        # a Korean last word carries particles: "k 평균은"
        fits = [key for key in node.children if _HANGUL.match(key) and atom.startswith(key)]
        return node.children[max(fits, key=len)] if fits else None


def read_terms(path: Path = TERMS_FILE) -> list[list[str]]:
    """Rows of the table, comments and empty lines left out."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [[form.strip() for form in line.split("\t")] for line in lines if line.strip() and not line.startswith("#")]


@functools.cache
def course_terms() -> Terms:
    """The shipped table; built once, about 10 ms."""
    return Terms(read_terms())


@functools.cache
def terms_fingerprint() -> str:
    """16 hex digits that change with the table."""
    return hashlib.sha256(TERMS_FILE.read_bytes()).hexdigest()[:16]
