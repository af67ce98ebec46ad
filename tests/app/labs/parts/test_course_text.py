"""The course notes as running text, and what is held out of a text."""

from __future__ import annotations

import pytest

from app.labs.parts.course_text import LONGEST_RUN, course_text, plain, split, with_breaks

NOTE = """# 제목이 길어서 남는 줄입니다

손실은 $x^2$로 **재며** [링크](https://example.com)를 봅니다(Kim et al., 2019).

```python
print("코드는 빠집니다")
```

| 표 | 도 빠집니다 빠집니다 |

## 참고 문헌

- Kim et al. (2019), 이 줄도 빠집니다.
"""


def test_only_running_text_is_left() -> None:
    assert plain(NOTE) == "제목이 길어서 남는 줄입니다\n손실은 로 재며 링크를 봅니다."


def test_all_notes_are_there() -> None:
    text = course_text()
    assert len(text) > 40_000
    assert "```" not in text and "(Mikolov" not in text


@pytest.mark.parametrize("text", ["가나", "하나. 둘. 셋.", "\n".join(f"줄 {n}" for n in range(25)), "가" * 100_000])
def test_both_parts_hold_something(text: str) -> None:
    learnt, held = split(text)
    assert learnt.strip() and held.strip()
    assert len(held) <= len(learnt)


def test_every_tenth_paragraph_is_held_out() -> None:
    _, held = split("\n".join(f"줄 {n}" for n in range(25)))
    assert held == "줄 9\n줄 19"


def test_long_runs_are_broken() -> None:
    assert max(map(len, with_breaks("가" * 1000).split())) == LONGEST_RUN
    assert with_breaks("짧은 글") == "짧은 글"
