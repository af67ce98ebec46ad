"""What the report says, in Korean and English: ko.toml and en.toml beside this file hold the same keys."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["ko", "en"]


def text(key: str, language: Language, **params: Any) -> str:
    """The text of a dotted key, its places filled. Raises KeyError for a key that is none."""
    template: Any = _table(language)
    for part in key.split("."):
        template = template[part]
    return str(template).format(**params)


def metric_label(name: str, language: Language) -> str:
    """What people call a metric; its own name where the texts do not know it."""
    return _metric(name, "label", language) or name


def metric_about(name: str, language: Language) -> str:
    """One sentence on what a metric measures; "" where the texts do not know it."""
    return _metric(name, "about", language)


def _metric(name: str, what: str, language: Language) -> str:
    cut = re.fullmatch(r"(.+_at)_(\d+)", name)
    known = _table(language)["metric"].get(cut[1] if cut else name, {})
    return str(known.get(what, "")).format(k=cut[2] if cut else "")


@cache
def _table(language: Language) -> dict[str, Any]:
    return tomllib.loads((files("evals.report") / f"{language}.toml").read_text(encoding="utf-8"))
