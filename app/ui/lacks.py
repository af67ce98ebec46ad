"""What keeps a backend from answering, and the next step, in the page's language. A backend says it in English itself;
where the texts hold `lacks.<its name>`, or where it is a key, the page says it in its own words."""

from __future__ import annotations

from collections.abc import Sequence

from app.ui.context import BackendInfo
from app.ui.i18n import Language, catalog, text
from models.errors import MissingError


def lacks(info: BackendInfo, lang: Language) -> str:
    """One sentence; "" where the backend can answer now."""
    if info.missing is None:
        return ""
    if info.key_variable and not info.has_key and info.key_variable in info.missing:
        return text("lacks.key", lang, variable=info.key_variable)
    own = f"lacks.{info.name}"
    return text(own, lang, missing=info.missing) if own in catalog(lang) else info.missing


def label_of(info: BackendInfo, lang: Language) -> str:
    """The backend's name for people."""
    return info.label_ko if lang == "ko" else info.label


def require(backends: Sequence[BackendInfo], name: str, lang: Language) -> None:
    """Raises MissingError with what the backend of this name lacks; a name that nobody knows lacks everything."""
    info = next((info for info in backends if info.name == name), None)
    if info is None or info.missing:
        label = label_of(info, lang) if info else name
        missing = lacks(info, lang) if info else text("lacks.unknown", lang)
        raise MissingError(what=label, fix=missing, text_key="chat.backend_missing", backend=label, missing=missing)
