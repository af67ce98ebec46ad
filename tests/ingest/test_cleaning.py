"""Nothing invisible stays in a text and nothing in it would run; code stays as it is."""

import pytest

from ingest.cleaning import clean, neutralise, split_code


def test_bullets_of_symbol_fonts_are_readable():
    assert clean("\uf0b7 항목\n  \uf0a7 속\n글\uf0e0자") == "• 항목\n  • 속\n글자"


def test_blank_lines_and_trailing_spaces():
    assert clean("\n\n가  \n\n\n\n나\t\n") == "가\n\n나"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <img src=x onerror=alert(1)> b", "a `<img src=x onerror=alert(1)>` b"),
        ("<IFRAME/src=//x>", "`<IFRAME/src=//x>`"),
        ("<svg onload=alert(1)", "`<svg onload=alert(1)`"),
        ("<my-tag onclick='a`b'>", "`<my-tag onclick='a’b'>`"),
        ("[누르기](javascript:alert(1)) ![](http://tracker/p.png)", "누르기 "),
        ("vector<int> x; if a <k and c> d", "vector<int> x; if a <k and c> d"),
        ("x < 1 그리고 y > 2", "x < 1 그리고 y > 2"),
        ("`<script>`는 태그다", "`<script>`는 태그다"),
        ("```html\n<script>alert(1)</script>\n```", "```html\n<script>alert(1)</script>\n```"),
    ],
)
def test_markup_is_shown_not_run(text: str, expected: str):
    assert neutralise(text) == expected


def test_code_is_found():
    text = "가 `x` 나\n~~~\n```\n~~~\n다 ``a`b`` 라\n```py\n끝없음"
    assert [piece for is_code, piece in split_code(text) if is_code] == [
        "`x`",
        "~~~\n```\n~~~",
        "``a`b``",
        "```py\n끝없음",
    ]
    assert "".join(piece for _, piece in split_code(text)) == text
