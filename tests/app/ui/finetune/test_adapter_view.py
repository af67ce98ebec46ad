"""What the page shows of an adapter: its run's scores in words, and its card without the hub's head."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.ui.finetune.adapter_view import card
from app.ui.i18n import LANGUAGES, catalog, text

SHIPPED = Path(__file__).parents[4] / "data" / "adapters" / "assistant-0.5b"


class Lang:
    """The part of a page that words need."""

    def __init__(self, lang: Any) -> None:
        self.lang = lang

    def text(self, key: str, **params: object) -> str:
        return text(key, self.lang, **params)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_score_that_a_run_leaves_has_its_words(lang: Any) -> None:
    scores = json.loads((SHIPPED / "method.json").read_text(encoding="utf-8"))["scores"]
    assert scores
    assert [name for name in scores if f"bench.score_{name}" not in catalog(lang)] == []


def test_a_card_is_shown_without_its_head() -> None:
    page: Any = Lang("ko")
    written = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert written.startswith("---\nbase_model:")
    shown = card(page, written)
    assert "base_model" not in shown
    assert "학습 데이터" in shown
