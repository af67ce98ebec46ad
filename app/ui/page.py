"""What every tab gets: the application, the language, and the parts of the page that tabs share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.conversations import Conversations
from app.ui.compare.arena import Arena
from app.ui.context import AppContext
from app.ui.downloads import Downloads
from app.ui.i18n import Language, text
from app.ui.sessions import Sessions


@dataclass(slots=True)
class Page:
    """One page in one language. The fields typed Any are Gradio's blocks, made by the shell.

    backend, speed: the switches in the header. ready: a state that changes when the page opens, when the application
    becomes ready and when this page has changed documents, keys or settings; listen to `ready.change`. arena: what the
    tab 비교 keeps; set wherever that tab is built.
    """

    context: AppContext
    conversations: Conversations
    sessions: Sessions
    downloads: Downloads
    lang: Language
    blocks: Any = None
    tabs: Any = None
    backend: Any = None
    speed: Any = None
    ready: Any = None
    arena: Arena | None = None

    def text(self, key: str, **params: Any) -> str:
        """A text in the page's language."""
        return text(key, self.lang, **params)

    def changed(self) -> str:
        """A new value for `ready`, so that everything that shows documents, keys or settings looks again."""
        return f"changed {time.monotonic_ns()}"


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab; app/ui/tabs/<name>.py exports TAB. Its label is the text `nav.<name>`; build runs inside the tab."""

    name: str
    order: int
    build: Callable[[Page], None] = field(repr=False)
