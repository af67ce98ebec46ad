"""The price table and the sums."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.discovery import discover
from models.errors import ConfigError
from models.prices import SHIPPED, cost_usd, price_of, read
from models.types import Usage

OWN = (
    '[openai]\nsource = "contract"\n[openai.models]\n"gpt-4o-mini" = { input = 1.0, output = 2.0, date = 2026-01-01 }\n'
)


def test_sums_input_and_output() -> None:
    assert cost_usd(Usage(1_000_000, 1_000_000), "openai", "gpt-4o-mini") == pytest.approx(0.75)
    assert cost_usd(Usage(1_000, 100), "openai", "gpt-4o-mini") == pytest.approx(0.00021)


def test_cached_tokens_are_cheaper() -> None:
    usage = Usage(1_000_000, 0)
    assert cost_usd(usage, "openai", "gpt-4o-mini", cached_tokens=1_000_000) == pytest.approx(0.075)


@pytest.mark.parametrize("backend", ["local", "hf", "fake"])
def test_what_runs_here_costs_nothing(backend: str) -> None:
    assert cost_usd(Usage(), backend, "anything") == 0.0


@pytest.mark.parametrize(
    ("usage", "backend", "model"),
    [
        (Usage(1, 1), "openai", "gpt-99"),
        (Usage(1, 1), "compatible", "qwen"),
        (Usage(None, 1), "openai", "gpt-4o"),
        (Usage(1, 1), "openai", "gpt-4o-mini-realtime-preview"),
    ],
)
def test_the_unknown_is_not_guessed(usage: Usage, backend: str, model: str) -> None:
    assert cost_usd(usage, backend, model) is None


@pytest.mark.parametrize(
    ("backend", "model", "same"),
    [
        ("openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gemini", "models/gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gemini", "gemini-2.5-flash-001", "gemini-2.5-flash"),
    ],
)
def test_a_snapshot_costs_what_its_model_does(backend: str, model: str, same: str) -> None:
    assert price_of(backend, model) == price_of(backend, same) is not None


def test_the_default_models_have_a_price() -> None:
    for backend in discover("models.backends", "BACKEND").values():
        if backend.key_variable and backend.default_model:
            assert price_of(backend.name, backend.default_model) is not None


def test_every_row_is_dated_and_sourced() -> None:
    prices = read(SHIPPED).values()
    assert prices
    assert all(price.source and price.checked.year >= 2026 for price in prices)
    assert all(price.cached_input <= price.input < price.output for price in prices)


def test_an_own_table_wins_and_the_shipped_one_fills_in(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(OWN, encoding="utf-8")
    assert cost_usd(Usage(1_000_000, 0), "openai", "gpt-4o-mini", own=own) == pytest.approx(1.0)
    assert cost_usd(Usage(1_000_000, 0), "openai", "gpt-4o", own=own) == pytest.approx(2.5)
    own.write_text(OWN.replace("1.0", "3.0"), encoding="utf-8")
    assert cost_usd(Usage(1_000_000, 0), "openai", "gpt-4o-mini", own=own) == pytest.approx(3.0)


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        OWN.replace("input", "imput"),
        OWN.replace("1.0", '"cheap"'),
        OWN.replace("1.0", "-1.0"),
        OWN.replace('source = "contract"\n', ""),
        OWN.replace(", date = 2026-01-01", ""),
        "openai = 3",
    ],
)
def test_a_wrong_table_is_named(text: str, tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"prices\.toml"):
        cost_usd(Usage(1, 1), "openai", "gpt-4o-mini", own=own)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        cost_usd(Usage(1, 1), "openai", "gpt-4o-mini", own=tmp_path / "gone.toml")
