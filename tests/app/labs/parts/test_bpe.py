"""Our byte pair encoding is the library's: the same merges in the same order, and the same pieces."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from app.labs.parts.bpe import (
    Trainer,
    Unit,
    byte_letters,
    count_words,
    encode,
    encode_text,
    ranks,
    shown,
    units,
    words_of,
)
from app.labs.parts.course_text import course_text

MERGES = 400


def library(text: str, unit: Unit, merges: int) -> Tokenizer:
    """The `tokenizers` library's trainer over the same words."""
    counted = count_words(text, unit)
    alphabet = {piece for word in counted for piece in word}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(vocab_size=len(alphabet) + merges, min_frequency=2, show_progress=False)
    repeated = ("".join(word) for word, count in counted.items() for _ in range(count))
    tokenizer.train_from_iterator(repeated, trainer)
    return tokenizer


def pairs(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    import json

    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


@pytest.mark.parametrize("unit", ["character", "jamo", "byte"])
def test_the_same_merges_and_pieces_as_the_library(unit: Unit) -> None:
    text, later = course_text()[:20_000], course_text()[20_000:22_000]
    theirs, trainer = library(text, unit, MERGES), Trainer(count_words(text, unit))
    known = set(trainer.pieces)
    ours = list(trainer.merges(MERGES))
    assert [(merge.left, merge.right) for merge in ours] == pairs(theirs)
    rank = ranks(ours)
    words = [units(word, unit) for word in words_of(later) if set(units(word, unit)) <= known]
    assert [encode(word, rank) for word in words] == [theirs.encode("".join(word)).tokens for word in words]


def test_lengths_fall_by_what_was_merged() -> None:
    trainer = Trainer(count_words("가나가나 가나", "character"))
    first = next(trainer.merges(1))
    assert (first.left, first.right, first.count) == ("가", "나", 3)
    assert trainer.length == 8 - 3
    assert [merge.piece for merge in trainer.merges(9)] == ["▁가나"]  # what is left occurs only once


def test_overlapping_neighbours_are_joined_from_the_left() -> None:
    trainer = Trainer(count_words("aaaa aaaa", "character"))
    assert [(merge.piece, merge.count) for merge in trainer.merges(2)] == [
        ("aa", 6),
        ("▁aa", 2),
    ]  # and of equals, the piece known first


def test_any_text_is_known_to_bytes() -> None:
    assert len(set(byte_letters())) == 256
    pieces = encode_text("한 😀", "byte", [])
    assert len(pieces) == 1 + 3 + 1 + 4
    assert [shown(piece, "byte") for piece in pieces[:4]] == ["▁", "ED", "95", "9C"]
    assert shown("".join(pieces[:4]), "byte") == "▁한"


def test_jamo_are_shown_as_syllables_where_they_are_whole() -> None:
    first, lead, vowel, tail = units("한", "jamo")
    assert [shown(piece, "jamo") for piece in (first, lead, vowel, tail)] == ["▁", "ㅎ", "ㅏ", "ㄴ"]
    assert shown(lead + vowel, "jamo") == "하"


def test_a_run_without_spaces_is_cut() -> None:
    assert {len(word) for word in words_of("가" * 100_000)} == {60, 40}
