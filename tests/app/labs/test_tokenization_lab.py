"""The lab on tokenisation: what it claims comes true, and what is not on this machine is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.labs.base import Code, Desk, Said, Shown, Table, Value, read_values
from app.labs.parts.token_counts import cuts
from app.labs.tokenization import LAB, PRICED
from models.prices import price_of


def shown(home: Path, **values: Value) -> dict[str, Table | Said | Code]:
    """Blocks by their name, the last of each."""
    events = LAB.compute(Desk(home), **read_values(LAB, values))
    return {event.block.name: event.block for event in events if isinstance(event, Shown)}


def test_a_syllable_is_three_bytes(home: Path) -> None:
    stages = shown(home, **LAB.tries[0].values)["stages"]
    assert [row[1:] for row in stages.rows] == [(4, "▁ | ED | 95 | 9C")]


def test_the_endings_of_politeness_are_merged_first(home: Path) -> None:
    merges = shown(home, **LAB.tries[1].values)["merges"]
    assert merges.rows[0][1:4] == ("니", "다", "니다")


def test_what_was_never_seen_is_unknown_to_characters_and_not_to_bytes(home: Path) -> None:
    values = dict(LAB.tries[2].values)
    assert shown(home, **values)["unknown"].values["count"] == 1
    assert "unknown" not in shown(home, **values | {"unit": "byte"})


def test_pieces_are_the_sentence(home: Path) -> None:
    for unit in ("character", "byte"):
        pieces = dict(shown(home, unit=unit, sentence="토큰화")["pieces"].rows)["ours"]
        if unit == "character":
            assert pieces.replace(" | ", "") == "▁토큰화"


def test_missing_weights_are_named_with_how_to_get_them(home: Path) -> None:
    blocks = shown(home, **LAB.small)
    assert blocks["missing_e5"].values == {"weights": "multilingual-e5-small"}
    assert blocks["missing_qwen"].values == {"weights": "qwen2.5-coder-0.5b"}
    assert blocks["money"].rows[-1] == ("qwen", "–", "–", "–", "–")


def test_money_is_tokens_times_the_price(home: Path) -> None:
    rows = shown(home, sentence="가나다라", price="gpt-5", **{k: v for k, v in LAB.small.items() if k != "sentence"})
    each = {row[0]: row for row in rows["money"].rows}
    price = price_of("openai", "gpt-5")
    assert price is not None
    assert each["characters"][2:] == (4, 1.0, price.input)


def test_every_offered_price_is_known() -> None:
    assert [model for model, backend in PRICED.items() if price_of(backend, model) is None] == []


@pytest.mark.weights
def test_the_tokenizers_of_the_local_weights(weights_dir: Path) -> None:
    found = {cut.name: cut for cut in cuts("자연어 처리를 배웁니다.", weights_dir)}
    assert [cut.missing for cut in found.values()] == [""] * 4
    assert found["e5"].pieces[0].startswith("▁자")
    assert found["qwen"].vocabulary > 150_000
    assert "".join(found["kiwi"].pieces).count("/") == len(found["kiwi"].pieces)
