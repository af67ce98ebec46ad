"""Korean text augmentation: the keyboard types back what it reads, every method marks what it changed, particles fit their nouns."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.labs.parts.augment_text import (
    METHODS,
    SINGLE,
    Sentence,
    alternatives,
    fitted,
    negation_lost,
    synonyms,
    vary,
)
from app.labs.parts.augment_typing import SYLLABLES, compose, keys, mistyped, neighbours

REVIEW = Sentence.of("이 영화는  결말이 정말 좋아서 시간이 전혀 아깝지 않았다!")
TYPED = ["값이 없어요", "닭갈비를 읽었다", "갑시다", "까까", "삯을 앉아 괜찮아", "뭐 의사 꽃잎", "뷁 쫓아 왜 얘"]


@pytest.mark.parametrize("text", TYPED)
def test_the_keys_of_a_text_type_it(text: str) -> None:
    assert compose(keys(text)) == text


def test_every_syllable_is_typed_by_its_keys() -> None:
    for code in range(0xAC00, 0xD7A4, 7):
        assert compose(keys(chr(code))) == chr(code)


def test_a_final_moves_to_the_vowel_after_it() -> None:
    assert compose(["ㄱ", "ㅏ", "ㅂ", "ㅅ"]) == "값"
    assert compose(["ㄱ", "ㅏ", "ㅂ", "ㅅ", "ㅣ"]) == "갑시"
    assert compose(["ㅋ", "ㅋ", "ㅏ", "a"]) == "ㅋ카a"


def test_neighbours_touch_each_other() -> None:
    assert set(neighbours("ㄱ")) == set("ㄷㅅㅇㄹ")
    assert set(neighbours("ㄲ")) == set("ㄷㅅㅇㄹㄱ"), "and Shift may be missed"
    for key in "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ":
        assert all(key in neighbours(other) for other in neighbours(key))
    assert neighbours("a") == ""


def test_a_typo_is_one_key_away() -> None:
    for seed in range(30):
        wrong = mistyped("재미있는!", np.random.default_rng(seed))
        assert wrong is not None and wrong.endswith("!")
        pairs = list(zip(keys("재미있는!"), keys(wrong), strict=True))
        assert sum(one != other for one, other in pairs) == 1
    assert mistyped("ㅋㅋ 123 🙂", np.random.default_rng(0)) is None


def unmarked(marked: str, side: str) -> str:
    """What the marks say was there before ("gone" stays, "new" goes) or is there now."""
    keep, drop = (r"〔(.*?)〕", r"【.*?】") if side == "gone" else (r"【(.*?)】", r"〔.*?〕")
    return " ".join(re.sub(drop, "", re.sub(keep, r"\1", marked)).split())


@pytest.mark.parametrize("method", METHODS)
def test_what_changed_is_marked(method: str) -> None:
    for seed in range(8):
        varied = vary(method, REVIEW, 0.2, np.random.default_rng(seed))
        assert (varied is not None and varied.text != REVIEW.text) or method == "swap"
        assert varied is None or varied.changes >= 1
        again = vary(method, REVIEW, 0.2, np.random.default_rng(seed))
        assert again == varied, "the same seed draws the same"


@pytest.mark.parametrize("method", ["synonym", "delete", "insert", "typo", "particles"])
def test_the_marks_lead_back(method: str) -> None:
    varied = vary(method, REVIEW, 0.3, np.random.default_rng(2))
    assert varied is not None
    assert unmarked(varied.marked, "new") == varied.text
    if method in {"insert", "delete", "particles"}:
        assert unmarked(varied.marked, "gone") == REVIEW.text


def test_spaces_come_and_go_and_letters_stay() -> None:
    varied = vary("spacing", REVIEW, 0.5, np.random.default_rng(0))
    assert varied is not None
    assert varied.text.replace(" ", "") == REVIEW.text.replace(" ", "")
    assert varied.marked.replace("‿", " ").replace("␣", "") == REVIEW.text


def test_only_particles_are_dropped() -> None:
    varied = vary("particles", Sentence.of("나는 학교에서 친구를 만났다"), 1.0, np.random.default_rng(0))
    assert varied is not None
    assert varied.text == "나 학교 친구 만났다"


@pytest.mark.parametrize(
    "text", ["가", "🙂🙂", "a", "?!\n\t..", "가" * 500, "나 " * 250, "ㅋㅋㅋㅋ"], ids=lambda text: text[:4]
)
def test_hard_sentences_hold(text: str) -> None:
    for method in SINGLE:
        for alpha in (0.05, 0.9):
            varied = vary(method, Sentence.of(text), alpha, np.random.default_rng(0))
            assert varied is None or varied.text.strip()


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("영화는", ["작품은"]),
        ("영화를!", ["작품을!"]),
        ("결말이", ["마무리가", "끝이"]),
        ("정말", ["진짜", "참"]),
        ("바다", []),
    ],
)
def test_particles_fit_the_synonym(word: str, wanted: list[str]) -> None:
    assert alternatives(word) == wanted


def test_ro_follows_rieul() -> None:
    assert (fitted("길", "으로"), fitted("집", "로"), fitted("가게", "으로")) == ("로", "으로", "로")


def test_the_list_of_synonyms_is_well_formed() -> None:
    for known in synonyms():
        for word, others in known.items():
            assert others and word not in others and SYLLABLES.search(word)


def test_lost_negations_are_seen() -> None:
    assert negation_lost("재미가 없지 않다", "재미가 않다")
    assert negation_lost("정말 안 좋다", "정말 좋다")
    assert not negation_lost("안내를 봤다", "안내를"), "안 within a word is none"
