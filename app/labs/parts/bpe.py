"""Byte pair encoding, built merge by merge: the pair of neighbours that occurs most often becomes one piece, again and again.

    trainer = Trainer(count_words("자연어 처리 …", "character"))
    merges = list(trainer.merges(300))            # Merge("니", "다", 1234) …
    encode(units("자연어", "character"), ranks(merges))

Sennrich, Haddow and Birch 2016 (ACL), https://arxiv.org/abs/1508.07909, after Gage 1994. What a text is made of at first:

    character   the characters of each word, "▁" where a space was (Kudo and Richardson 2018)
    jamo        the letters within the syllables: 한 -> ㅎ ㅏ ㄴ (Unicode's canonical decomposition)
    byte        the bytes of its UTF-8 form, each shown as one printable character (Radford et al. 2019): nothing is ever unknown

Of pairs that occur equally often the one that was known first is taken: by the number of its left piece, then of its right; the first
pieces are numbered by their code points, merges follow in their order. The `tokenizers` library does the same.
"""

from __future__ import annotations

import heapq
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

Unit = Literal["character", "jamo", "byte"]
SPACE = "▁"
LONGEST_WORD = (
    60  # characters; a longer run without a space is cut, since a merge costs as much as the words it is in are long
)
_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_TAILS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


@dataclass(frozen=True, slots=True)
class Merge:
    """left and right become one piece. count: how often they were neighbours when they were chosen."""

    left: str
    right: str
    count: int

    @property
    def piece(self) -> str:
        return self.left + self.right


@cache
def byte_letters() -> tuple[str, ...]:
    """For each byte a printable character: itself where it is one, else the next one from U+0100 (Radford et al. 2019)."""
    own = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    return tuple(chr(byte) if byte in own else chr(next(others)) for byte in range(256))


@cache
def _bytes_of_letters() -> dict[str, int]:
    return {letter: byte for byte, letter in enumerate(byte_letters())}


def units(word: str, unit: Unit) -> tuple[str, ...]:
    """What a word is made of before any merge, the space before it included."""
    if unit == "byte":
        letters = byte_letters()
        return tuple(letters[byte] for byte in f" {word}".encode("utf-8", "surrogatepass"))
    return tuple(SPACE + (unicodedata.normalize("NFD", word) if unit == "jamo" else word))


def words_of(text: str) -> list[str]:
    """Words between white space; a run of more than LONGEST_WORD characters is cut."""
    return [word[start : start + LONGEST_WORD] for word in text.split() for start in range(0, len(word), LONGEST_WORD)]


def count_words(text: str, unit: Unit) -> Counter[tuple[str, ...]]:
    """How often each word stands in the text, as its units."""
    return Counter({units(word, unit): count for word, count in Counter(words_of(text)).items()})


class Trainer:
    """Words and their pairs of neighbours, kept up to date from merge to merge: only words that hold the pair are counted anew.

    pieces: the vocabulary so far, in the order of its numbers.
    """

    def __init__(self, counted: Mapping[tuple[str, ...], int]) -> None:
        self.pieces = sorted({piece for word in counted for piece in word})
        self._number = {piece: number for number, piece in enumerate(self.pieces)}
        self._words = [[self._number[piece] for piece in word] for word in counted]
        self._counts = list(counted.values())
        self._pairs: dict[tuple[int, int], int] = {}
        self._where: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        for word, numbers in enumerate(self._words):
            for pair in pairwise(numbers):
                self._pairs[pair] = self._pairs.get(pair, 0) + self._counts[word]
                self._where[pair].add(word)
        self._queue = [(-count, *pair) for pair, count in self._pairs.items()]
        heapq.heapify(self._queue)

    @property
    def length(self) -> int:
        """Tokens of the whole text as it is cut now."""
        return sum(len(word) * count for word, count in zip(self._words, self._counts, strict=True))

    def merges(self, most: int, least_count: int = 2) -> Iterator[Merge]:
        """At most `most` merges of pairs that occur `least_count` times, in their order."""
        for _ in range(most):
            pair = self._best()
            if pair is None or self._pairs[pair] < least_count:
                return
            count = self._pairs[pair]
            left, right = (self.pieces[number] for number in pair)
            self._merge(pair, self._add(left + right))
            yield Merge(left, right, count)

    def _best(self) -> tuple[int, int] | None:
        """The most frequent pair; entries of the queue whose count is no longer true are passed over."""
        while self._queue:
            count, left, right = heapq.heappop(self._queue)
            if self._pairs[left, right] == -count and count:
                return left, right
        return None

    def _add(self, piece: str) -> int:
        if piece not in self._number:
            self._number[piece] = len(self.pieces)
            self.pieces.append(piece)
        return self._number[piece]

    def _merge(self, pair: tuple[int, int], joined: int) -> None:
        counts, changed = self._pairs, {}
        for word in self._where.pop(pair):
            before, count = self._words[word], self._counts[word]
            after = self._words[word] = join(before, pair, joined)
            for old in pairwise(before):
                counts[old] -= count
                changed[old] = True
            for new in pairwise(after):
                counts[new] = counts.get(new, 0) + count
                changed[new] = True
                if joined in new:
                    self._where[new].add(word)
        for key in changed:
            heapq.heappush(self._queue, (-counts[key], *key))


def join(word: Sequence[int], pair: tuple[int, int], joined: int) -> list[int]:
    """The word with every such pair replaced, from the left."""
    made: list[int] = []
    for number in word:
        if made and (made[-1], number) == pair:
            made[-1] = joined
        else:
            made.append(number)
    return made


def ranks(merges: Sequence[Merge]) -> dict[tuple[str, str], int]:
    """Pair -> its place among the merges."""
    return {(merge.left, merge.right): place for place, merge in enumerate(merges)}


def encode(word: Sequence[str], rank: Mapping[tuple[str, str], int]) -> list[str]:
    """The word's pieces: of the pairs in it that were ever merged, always the one merged first."""
    pieces = list(word)
    while len(pieces) > 1:
        place, at = min((rank.get(pair, len(rank)), at) for at, pair in enumerate(pairwise(pieces)))
        if place == len(rank):
            break
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
    return pieces


def encode_text(text: str, unit: Unit, merges: Sequence[Merge]) -> list[str]:
    """The pieces of all words, in order."""
    rank = ranks(merges)
    return [piece for word in words_of(text) for piece in encode(units(word, unit), rank)]


def shown(piece: str, unit: Unit) -> str:
    """A piece as it can be read: bytes as text where they are whole characters, else in hexadecimal; jamo as syllables or letters."""
    if unit == "byte":
        data = bytes(_bytes_of_letters()[letter] for letter in piece)
        try:
            return data.decode("utf-8").replace(" ", SPACE)
        except UnicodeDecodeError:
            return data.hex(" ").upper()
    return "".join(map(_letter, unicodedata.normalize("NFC", piece))) if unit == "jamo" else piece


def _letter(jamo: str) -> str:
    """A jamo that stands alone, as a letter of the keyboard: Unicode has those that join apart from those that do not."""
    code = ord(jamo)
    if 0x1100 <= code < 0x1100 + len(_LEADS):
        return _LEADS[code - 0x1100]
    if 0x1161 <= code <= 0x1175:
        return chr(code - 0x1161 + 0x314F)
    if 0x11A8 <= code < 0x11A8 + len(_TAILS):
        return _TAILS[code - 0x11A8]
    return jamo
