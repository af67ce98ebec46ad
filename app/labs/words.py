"""A lab's words, Korean and English side by side: app/labs/text/<name>.toml.

[title]
ko = "단어 벡터"
en = "Word vectors"
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

LANGUAGES = ("ko", "en")


@cache
def words(lab: str) -> dict[str, dict[str, str]]:
    """Key -> language -> text. Raises FileNotFoundError for a lab without words, which is a bug."""
    source = files("app.labs").joinpath("text", f"{lab}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def said(lab: str, key: str, lang: str, **values: object) -> str:
    """The text of a key. Raises KeyError for one that is not there, which is a bug."""
    return words(lab)[key][lang].format(**values)
