"""The page: a header, one tab for each module in app/ui/tabs, and the server that shows them.

launch(context, "127.0.0.1", 7860)      accepts connections at once, shows the page when Gradio is there
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

from app.conversations import Conversations
from app.questionsets import QuestionSets
from app.studies import Studies
from app.ui import header
from app.ui.compare.arena import open_arena
from app.ui.compare.routes import serve as serve_arena
from app.ui.context import AppContext
from app.ui.downloads import Downloads
from app.ui.events import on_leave
from app.ui.export import markdown
from app.ui.finetune.routes import serve_adapters
from app.ui.i18n import Language
from app.ui.intake import arriving, clear_arriving
from app.ui.labs.routes import serve_plotly
from app.ui.page import Page, Tab
from app.ui.server import Door, bind, credentials, is_loopback, web_server
from app.ui.sessions import Sessions
from app.ui.sets.routes import serve_sets
from app.ui.study.routes import serve_study
from app.ui.theme import head, theme
from models.discovery import discover
from models.errors import InputError

log = logging.getLogger(__name__)

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


def launch(
    context: AppContext,
    host: str,
    port: int,
    auth: tuple[str, str] | None = None,
    opened: Callable[[str], object] = lambda url: None,
) -> None:
    """Serve the page until interrupted. auth: user and password; must be given where `host` is not loopback. opened: told
    the page's address once it is ours.

    Raises InputError: no auth for an open host, or an address that cannot be opened.
    """
    if not auth and not is_loopback(host):
        detail = f"--host {host} lets other machines in; give --auth USER:PASSWORD as well."
        raise InputError(detail=detail, text_key="server.auth_needed", host=host)
    hosts = LOOPBACK_HOSTS if is_loopback(host) else frozenset()
    users = dict([auth]) if auth else {}
    listener = bind(host, port)
    url = f"http://{host}:{listener.getsockname()[1]}"
    log.info("the page is at %s", url)
    opened(url)
    web_server(Door(lambda: open_site(context, users), users, hosts)).run(sockets=[listener])


def open_site(context: AppContext, users: Mapping[str, str]) -> Any:
    """The page first, because someone is looking at it; then everything that answers, in the background."""
    parent = site(context, users)
    context.start()
    return parent


def site(context: AppContext, users: Mapping[str, str]) -> Any:
    """The FastAPI application: a page a language, and what can be exported."""
    from fastapi import FastAPI
    from gradio import mount_gradio_app

    conversations = Conversations(context.home / "conversations.sqlite")
    sessions, downloads, arena = Sessions(), Downloads(context), open_arena(context)
    clear_arriving(context.home)
    parent = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_until_closed(arena.batches.close))
    _serve_exports(parent, conversations)
    serve_arena(parent, arena, _user)
    serve_sets(parent, QuestionSets(context.home))
    serve_adapters(parent, context)
    serve_plotly(parent)
    serve_study(parent, Studies(context, context.home / "study"), _user, context.settings.language)
    others = sorted(get_args(Language), key=lambda lang: lang == context.settings.language)
    for lang in others:  # the root is mounted last, because it takes every path
        page = Page(context, conversations, sessions, downloads, lang, arena=arena)
        mount_gradio_app(
            parent,
            build_page(page),
            path=header.path_of(page, lang).rstrip("/") or "/",
            auth_dependency=(lambda request: _user(request) or None) if users else None,
            theme=theme(),
            head=head(),
            footer_links=[],
            run_history=False,
            show_error=False,
            ssr_mode=False,
            max_file_size=context.limits().file_mb * 1_000_000,
        )
        _keep_uploads_at_home(parent, context.home)
    return parent


def build_page(page: Page) -> Any:
    """The Gradio page, with the tabs that are there."""
    import gradio as gr

    tabs: list[Tab] = sorted(discover("app.ui.tabs", "TAB").values(), key=lambda tab: tab.order)
    with gr.Blocks(title=page.text("page.title"), analytics_enabled=False, fill_width=True) as page.blocks:
        page.ready = gr.State("")
        status = header.build(page)
        with gr.Tabs(elem_id="cm-tabs", overflow_behavior="wrap") as page.tabs:
            for tab in tabs:
                with gr.Tab(
                    page.text(f"nav.{tab.name}"), id=tab.name, elem_id=f"cm-tab-{tab.name}", render_children=True
                ):
                    tab.build(page)
        header.connect_status(page, status)
        on_leave(page, page.sessions.leave)
    return page.blocks


def _until_closed(close: Callable[[], None]) -> Callable[[Any], Any]:
    """A lifespan that ends with `close`, before the engines that it needs are gone."""

    @asynccontextmanager
    async def lifespan(_parent: Any) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(close)

    return lifespan


def _user(request: Any) -> str:
    """The signed-in user; the door has checked the password."""
    return credentials(request.headers.get("authorization", ""))[0]


def _serve_exports(parent: Any, conversations: Conversations) -> None:
    from starlette.responses import Response

    def export(request: Any) -> Response:
        conversation = request.path_params["conversation"]
        text = markdown(conversations, _user(request), conversation)
        if text is None:
            return Response("There is no such conversation.", 404, media_type="text/plain")
        disposition = f'attachment; filename="conversation-{conversation[:8]}.md"'
        return Response(text, media_type="text/markdown", headers={"content-disposition": disposition})

    for prefix in ("", *(f"/{lang}" for lang in get_args(Language))):
        parent.add_route(f"{prefix}/export/{{conversation}}.md", export, methods=["GET"])


def _keep_uploads_at_home(parent: Any, home: Path) -> None:
    """Uploads arrive in a folder of this user, on the disk they will stay on, and not in one that all users share."""
    parent.routes[-1].app.uploaded_file_dir = str(arriving(home))
