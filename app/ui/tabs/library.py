"""자료: drop files on the left, the documents in the middle, what stands in one of them on the right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.ui import shelf
from app.ui.events import Visit, connect
from app.ui.intake import Intake, forget_upload, refused
from app.ui.markup import attribute
from app.ui.page import Page, Tab
from app.ui.theme import panel, script
from models.discovery import discover
from models.errors import CourseMateError


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-library", elem_classes="cm-grid"):
        with gr.Column(elem_classes="cm-col cm-col-left", min_width=0):
            drop = panel("cm-drop", script("drop"), drop_zone(page))
            results = panel("cm-results-box", "")
        with gr.Column(elem_classes="cm-col", min_width=0):
            table = panel("cm-table-box", script("table"))
        with gr.Column(elem_classes="cm-col cm-col-right", min_width=0):
            contents = panel("cm-contents-box", script("table"), shelf.no_contents(page.lang))
    chosen = gr.State("")
    _connect_intake(page, drop, results, table)
    _connect_table(page, table, contents, chosen)


TAB = Tab("library", 20, build)


def drop_zone(page: Page) -> str:
    """Where files are dropped; the button opens the file dialogue."""
    formats = " · ".join(sorted({loader.format for loader in loaders()}))
    limit = page.context.limits().file_mb
    return (
        f'<div class="cm-dropzone" data-limit="{limit * 1_000_000}"><b>{page.text("library.drop")}</b>'
        f'<button type="button" class="cm-primary" data-act="pick">{page.text("library.pick")}</button>'
        f'<input type="file" multiple hidden accept="{attribute(",".join(suffixes()))}" aria-label="{page.text("library.pick")}">'
        f"<p>{page.text('library.formats', formats=formats, limit=limit)}</p>"
        f'<p class="cm-uploading" role="status" hidden>{page.text("library.uploading")}</p></div>'
    )


def loaders() -> list[Any]:
    """What reads files, by the name of the module."""
    return list(discover("ingest.loaders", "LOADER").values())


def suffixes() -> list[str]:
    """File endings that some loader reads."""
    return sorted({suffix for loader in loaders() for suffix in loader.suffixes})


def documents_table(page: Page, chosen: str = "") -> str:
    """The table's HTML, or how far the start is."""
    if page.context.status().state == "starting":
        return f'<p class="cm-empty">{page.text("library.starting")}</p>'
    try:
        return shelf.table(page.context.store().documents(), chosen, page.lang)
    except CourseMateError:
        return f'<p class="cm-empty">{page.text("library.unavailable")}</p>'


def _connect_intake(page: Page, drop: Any, results: Any, table: Any) -> None:
    def add(visit: Visit) -> Iterator[tuple[Any, ...]]:
        import gradio as gr

        files = [file for file in visit.data.get("files") or () if isinstance(file, dict)]
        kept = refused((file for file in files if file.get("reason")), page)
        sent = [file for file in files if not file.get("reason")]
        items = kept
        for now in Intake(page).run(sent):
            items = [*now, *kept]
            yield shelf.results(items, page.lang), gr.skip(), gr.skip()
        yield shelf.results(items, page.lang), documents_table(page), page.changed()

    connect(page, drop.dropped, add, None, [results, table, page.ready], trigger_mode="multiple")


def _connect_table(page: Page, table: Any, contents: Any, chosen: Any) -> None:
    def view(visit: Visit) -> tuple[str, str, str]:
        document = visit.words("id")
        return documents_table(page, document), _contents(page, document, shelf.CHUNKS_SHOWN), document

    def more(visit: Visit) -> str:
        return _contents(page, visit.words("id"), visit.number("shown") + shelf.CHUNKS_SHOWN)

    def remove(visit: Visit, open_one: str) -> tuple[Any, ...]:
        leaving = [d for d in page.context.store().documents() if d.id == visit.words("id")]
        page.context.remove_documents([document.id for document in leaving])
        for document in leaving:
            forget_upload(page.context.home, Path(document.path))
        gone = visit.words("id") == open_one
        return documents_table(page), page.changed(), shelf.no_contents(page.lang) if gone else _skip()

    connect(page, table.view, view, None, [table, contents, chosen])
    connect(page, contents.more, more, None, contents)
    connect(page, table.remove, remove, [chosen], [table, page.ready, contents])
    connect(page, page.ready.change, lambda _visit, open_one: documents_table(page, open_one), [chosen], table)


def _skip() -> Any:
    import gradio as gr

    return gr.skip()


def _contents(page: Page, document_id: str, shown: int) -> str:
    document = next((d for d in page.context.store().documents() if d.id == document_id), None)
    if document is None:
        return shelf.no_contents(page.lang)
    chunks = page.context.store().chunks_of(document_id)
    return shelf.contents(document.source, document_id, chunks, shown, page.lang)
