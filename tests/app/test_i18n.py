"""Two languages, the same keys, and a Korean sentence for every error."""

from __future__ import annotations

import string
from typing import get_args

import pytest

from app.ui.i18n import catalog, localize, locator_label, text
from ingest.particles import choose_particles
from models import errors
from models.errors import CourseMateError, DocumentError, DocumentReason, InputError
from models.types import Locator

PLACES = """detail key value what fix name file expected actual path reason home pid collection stored current needed_mb
    backend url variable"""
SAMPLE = {name: f"<{name}>" for name in PLACES.split()} | {"timeout_s": 60.0}


def placeholders(template: str) -> set[str]:
    return {name.split("!")[0] for _, name, _, _ in string.Formatter().parse(template) if name}


def every_error() -> list[type[CourseMateError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CourseMateError)]
    return [kind for kind in kinds if kind not in {CourseMateError, DocumentError}]


def test_both_languages_have_the_same_texts() -> None:
    korean = {key for key in catalog("ko") if not key.startswith(("error.", "document."))}
    assert korean == set(catalog("en"))


@pytest.mark.parametrize("key", sorted(catalog("en")))
def test_both_languages_fill_the_same_places(key: str) -> None:
    assert placeholders(catalog("ko")[key]) == placeholders(catalog("en")[key])


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_speaks_both_languages(kind: type[CourseMateError]) -> None:
    assert f"error.{kind.code}" in catalog("ko"), "a code of its own needs a text of its own"
    wanted = placeholders(kind.template)
    error = kind(**SAMPLE)
    korean = localize(error, "ko")
    for name in wanted:
        assert name in korean or str(SAMPLE[name]) in korean or name == "timeout_s"
    assert localize(error, "en") == str(error)
    if kind.template != "{detail}":
        assert any("가" <= character <= "힣" for character in korean)


@pytest.mark.parametrize("reason", get_args(DocumentReason))
def test_every_reason_of_a_bad_file_speaks_both_languages(reason: DocumentReason) -> None:
    error = DocumentError("강의.pdf", reason, "specifics")
    assert localize(error, "ko").startswith("강의.pdf: ")
    assert "(specifics)" in localize(error, "ko")
    assert localize(error, "en") == str(error)


def test_an_error_may_name_a_text_of_its_own() -> None:
    error = InputError(detail="-k 0 cannot be used.", text_key="cli.bad_k", k=0)
    assert localize(error, "ko").startswith("-k 0은 쓸 수 없습니다")


def test_values_are_never_read_as_templates() -> None:
    error = InputError(detail="{0.__class__} {missing}")
    assert localize(error, "ko") == "{0.__class__} {missing}"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("모델을(를)", "모델을"),
        ("e5을(를)", "e5를"),
        ("파일 3은(는)", "파일 3은"),
        ("`pull`이(가)", "`pull`이"),
        ("a.bin은(는)", "a.bin은"),
        ("서울(으)로", "서울로"),
        ("집(으)로", "집으로"),
        ("나무(으)로", "나무로"),
        ("?을(를)", "?을(를)"),
    ],
)
def test_particles_follow_the_sound_before_them(written: str, read: str) -> None:
    assert choose_particles(written) == read


@pytest.mark.parametrize(
    ("locator", "korean", "english"),
    [
        (Locator(), "", ""),
        (Locator(page=12, headings=("하이퍼파라미터",)), "12쪽 · 하이퍼파라미터", "p. 12 · 하이퍼파라미터"),
        (Locator(headings=("2장", "드롭아웃")), "2장 › 드롭아웃", "2장 › 드롭아웃"),
        (Locator(table=2, rows=(1, 40)), "표 2 · 1–40행", "table 2 · rows 1–40"),
        (Locator(slide=3, cell=4), "슬라이드 3 · 셀 4", "slide 3 · cell 4"),
    ],
)
def test_places_read_well(locator: Locator, korean: str, english: str) -> None:
    assert locator_label(locator, "ko") == korean
    assert locator_label(locator, "en") == english


def test_a_missing_key_is_a_bug() -> None:
    with pytest.raises(KeyError):
        text("no.such.text")
