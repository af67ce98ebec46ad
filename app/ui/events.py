"""Where Gradio's events become calls of plain functions: `fn(visit, *values)`, whose errors a person gets to read."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.ui.edge import caught
from app.ui.page import Page

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who triggered an event, and with what. owner: the signed-in user, "" on one's own machine. query: of the page's
    address. data: what the page's script sent along; it comes from a browser, so nothing in it may be trusted."""

    session: str
    owner: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """A whole number of `data`; 0 where there is none."""
        value = self.data.get(name)
        return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdigit() else 0

    def words(self, name: str) -> str:
        """A text of `data`; "" where there is none."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""


def connect(
    page: Page, event: Any, fn: Callable[..., Any], inputs: Any = None, outputs: Any = None, **options: Any
) -> Any:
    """`event(fn)` for a Gradio event such as `button.click`; fn may be a generator. options: of Gradio's listener.

    A CourseMateError is shown as a warning in the page's language, anything else as a failure that was logged.
    """
    handler = _streaming(page, fn) if inspect.isgeneratorfunction(fn) else _calling(page, fn)
    handler.__name__ = getattr(fn, "__name__", "handler")
    handler.__annotations__ = _annotations()
    settings = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None} | options
    return event(handler, inputs, outputs, **settings)


def on_leave(page: Page, fn: Callable[[str], None]) -> None:
    """Call `fn(session)` when a page is closed or reloaded."""
    import gradio as gr

    def leave(request):  # type: ignore[no-untyped-def]  # noqa: ANN001,ANN202 Gradio reads this from __annotations__
        fn(str(request.session_hash or ""))

    leave.__annotations__ = {"request": gr.Request}
    page.blocks.unload(leave)


def _annotations() -> dict[str, Any]:
    import gradio as gr

    return {"request": gr.Request, "event": gr.EventData}


def _calling(page: Page, fn: Callable[..., Any]) -> Callable[..., Any]:
    def handler(request, event, *values):  # type: ignore[no-untyped-def]  # noqa: ANN001,ANN002,ANN202 Gradio reads these from __annotations__
        with _telling(page):
            return fn(_visit(request, event), *values)

    return handler


def _streaming(page: Page, fn: Callable[..., Iterator[Any]]) -> Callable[..., Any]:
    def handler(request, event, *values):  # type: ignore[no-untyped-def]  # noqa: ANN001,ANN002,ANN202 Gradio reads these from __annotations__
        with _telling(page):
            yield from fn(_visit(request, event), *values)

    return handler


@contextmanager
def _telling(page: Page) -> Iterator[None]:
    """The edge: an error becomes a note on the page, one that nobody foresaw is logged as well."""
    import gradio as gr

    with caught(page, "page.broken") as failure:
        yield
    if failure.error:
        raise gr.Error(failure.words, title=page.text("page.problem"), print_exception=False) from failure.error


def _visit(request: Any, event: Any) -> Visit:
    data = getattr(event, "_data", None)
    return Visit(
        session=str(getattr(request, "session_hash", None) or ""),
        owner=str(getattr(request, "username", None) or ""),
        query=dict(getattr(request, "query_params", None) or {}),
        data=data if isinstance(data, Mapping) else {},
    )
