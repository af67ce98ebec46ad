"""What a lab says in sentences: its errors with the control's own name, the time it announces, the data it used."""

from __future__ import annotations

from collections.abc import Sequence

from app.labs.base import Lab, Used
from app.labs.drawing import named, phrase
from app.labs.words import words
from app.ui.i18n import Language, localize, text
from models.errors import CourseMateError

MINUTE_S = 60
LONG_S = 90


def told(lab: Lab, error: CourseMateError, lang: Language) -> str:
    """The error in one sentence. Its text is the lab's own where `text_key` names one, and a control is called as the page calls it."""
    params = dict(error.params)
    if params.get("name") in {control.name for control in lab.controls}:
        params["name"] = named(lab.name, "control", params["name"], lang)
    key = params.get("text_key", "")
    if key in words(lab.name):
        return phrase(lab.name, key, lang, **params)
    return text(key, lang, **params) if key else localize(error, lang)


def announced(seconds: float, lang: Language) -> str:
    """길어야 40초, 길어야 4분."""
    if seconds < LONG_S:
        return text("labs.seconds", lang, n=max(1, round(seconds)))
    return text("labs.minutes", lang, n=max(2, round(seconds / MINUTE_S)))


def used(lab: Lab, found: Sequence[Used], lang: Language) -> str:
    """Which data a run rests on; "" where it said none."""
    if not found:
        return ""
    each = [
        text(
            "labs.used_one",
            lang,
            name=named(lab.name, "data", one.name, lang),
            rows=f"{one.rows:,}",
            origin=text(f"labs.origin_{one.origin}", lang),
        )
        for one in found
    ]
    return text("labs.used", lang, names=" · ".join(each))
