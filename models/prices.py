"""What an answer costs: the price table of models/prices.toml, or the user's own.

cost_usd(Usage(1_000, 100), "openai", "gpt-4o-mini")      # 0.00021
cost_usd(Usage(1_000, 100), "local", "anything")          # 0.0
cost_usd(Usage(1_000, 100), "compatible", "some-model")   # None: not known
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.errors import ConfigError
from models.types import Usage

SHIPPED = Path(__file__).with_name("prices.toml")
FREE = frozenset({"local", "hf", "fake"})  # run here
MILLION = 1_000_000
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{3}|\d{2}-\d{4}|latest)$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens. cached_input: of prompt tokens the provider had read before. checked: when."""

    input: float
    output: float
    cached_input: float
    checked: date
    source: str


def cost_usd(
    usage: Usage, backend: str, model: str, *, cached_tokens: int = 0, own: Path | None = None
) -> float | None:
    """Dollars for one answer; 0 for a backend that runs here, None where the price or the usage is not known.

    cached_tokens: of the prompt tokens, those billed as cached. own: the user's table, looked at first. Raises ConfigError.
    """
    if backend in FREE:
        return 0.0
    price = price_of(backend, model, own)
    if price is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    fresh = usage.prompt_tokens - cached_tokens
    dollars = fresh * price.input + cached_tokens * price.cached_input + usage.completion_tokens * price.output
    return dollars / MILLION


def price_of(backend: str, model: str, own: Path | None = None) -> Price | None:
    """The price of a model; a dated snapshot (`gpt-4o-mini-2024-07-18`) costs what its model does. None if not known."""
    name = model.removeprefix("models/")
    for path in (own, SHIPPED):
        table = read(path) if path is not None else {}
        price = table.get((backend, name)) or table.get((backend, _SNAPSHOT.sub("", name)))
        if price is not None:
            return price
    return None


def read(path: Path) -> Mapping[tuple[str, str], Price]:
    """(backend, model) -> price. Raises ConfigError where the file cannot be used."""
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise ConfigError(key="prices", value=str(path), detail="there is no such file; check the path") from error
    return _read(path, stamp)


@lru_cache(maxsize=8)
def _read(path: Path, stamp: int) -> Mapping[tuple[str, str], Price]:
    try:
        providers = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            (backend, model): _price(row, str(provider["source"]))
            for backend, provider in providers.items()
            for model, row in provider["models"].items()
        }
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(key="prices", value=str(path), detail=f"it is no TOML: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"{error!r} is missing or wrong; models/prices.toml shows the form"
        raise ConfigError(key="prices", value=str(path), detail=detail) from error


def _price(row: Mapping[str, Any], source: str) -> Price:
    unknown = set(row) - {"input", "output", "cached_input", "date"}
    if unknown:
        raise ValueError(", ".join(sorted(unknown)))
    price, output = float(row["input"]), float(row["output"])
    cached = float(row.get("cached_input", price))
    if min(price, output, cached) < 0:
        raise ValueError("a negative price")
    return Price(price, output, cached, row["date"], source)
