"""What every tab gets: the application, the language, and the parts of the page that tabs share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.conversations import Conversations
from app.ui.context import AppContext
from app.ui.i18n import Language, text
from app.ui.sessions import Sessions


@dataclass(slots=True)
class Page:
    """One page in one language. The fields typed Any are Gradio's blocks, made by the shell.

    tabs: to switch with gr.Tabs(selected=name). backend, speed: the switches in the header. ready: hidden text that
    changes when the application becomes ready, when documents change and when the page opens; listen to `ready.change`.
    """

    context: AppContext
    conversations: Conversations
    sessions: Sessions
    lang: Language
    blocks: Any = None
    tabs: Any = None
    backend: Any = None
    speed: Any = None
    ready: Any = None

    def text(self, key: str, **params: Any) -> str:
        """A text in the page's language."""
        return text(key, self.lang, **params)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab; app/ui/tabs/<name>.py exports TAB. Its label is the text `nav.<name>`; build runs inside the tab."""

    name: str
    order: int
    build: Callable[[Page], None] = field(repr=False)
