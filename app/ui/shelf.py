"""The library as HTML: the drop zone's results, the table of documents, and what stands in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.ui.i18n import Language, locator_label, text
from app.ui.icons import icon
from app.ui.intake import Item
from app.ui.markup import attribute, blocks, inline
from models.types import Chunk

CHUNKS_SHOWN = 40


def results(items: Sequence[Item], lang: Language) -> str:
    """One line a file of a drop, with its progress or its end."""
    if not items:
        return ""
    done = sum(item.state not in {"waiting", "working"} for item in items)
    title = text("library.progress", lang, done=done, total=len(items))
    lines = "".join(_item(item, lang) for item in items)
    return f'<div class="cm-results" role="status"><h6>{title}</h6>{lines}</div>'


def _item(item: Item, lang: Language) -> str:
    state = text(f"library.{item.state}", lang)
    if item.state in {"added", "updated"}:
        state += " · " + text("library.pieces", lang, count=item.chunks)
    if item.state == "working" and item.rate:
        state += f" · {text('library.rate', lang, rate=f'{item.rate:.0f}')}"
    bar = (
        f'<span class="cm-progress"><u style="width:{round(100 * item.share)}%"></u></span>'
        if item.state == "working"
        else ""
    )
    message = f'<div class="cm-item-message">{inline(item.message)}</div>' if item.message else ""
    return (
        f'<div class="cm-file cm-{item.state}"><b title="{attribute(item.name)}">{inline(item.name)}</b>'
        f"<span>{state}</span>{bar}{message}</div>"
    )


def table(documents: Sequence[Any], chosen: str, lang: Language) -> str:
    """All documents, by name. chosen: id of the one that is open on the right."""
    if not documents:
        return f'<p class="cm-empty">{text("library.empty", lang)}</p>'
    heads = "".join(
        f'<th scope="col">{text(f"library.{name}", lang)}</th>' for name in ("name", "format", "chunks", "size", "date")
    )
    rows = "".join(
        _row(document, document.id == chosen, lang) for document in sorted(documents, key=lambda d: d.source)
    )
    title = text("library.count", lang, count=len(documents), chunks=sum(d.chunks for d in documents))
    return (
        f'<h6>{title}</h6><table class="cm-table"><thead><tr>{heads}<th></th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _row(document: Any, on: bool, lang: Language) -> str:
    remove = text("library.remove", lang)
    confirm = (
        f'<span class="cm-sure" hidden>{text("library.confirm", lang)} '
        f'<button type="button" class="cm-pill cm-danger" data-act="remove-yes">{remove}</button>'
        f'<button type="button" class="cm-pill" data-act="remove-no">{text("history.cancel", lang)}</button></span>'
    )
    name = attribute(f"{document.source}: {remove}")
    return (
        f'<tr data-id="{attribute(document.id)}"{" class=on" if on else ""}>'
        f'<td><button type="button" class="cm-name" data-act="view" title="{attribute(document.source)}">{inline(document.source)}</button></td>'
        f"<td>{inline(document.format)}</td><td>{document.chunks}</td><td>{size(document.size_bytes)}</td>"
        f"<td>{day(document.added_at)}</td>"
        f'<td><button type="button" class="cm-act" data-act="remove" aria-label="{name}" title="{name}">{icon("trash")}</button>{confirm}</td></tr>'
    )


def size(count: int) -> str:
    """Bytes for people: 812 B, 12 KB, 3.4 MB."""
    if count < 1_000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1e3:.0f} KB"
    return f"{count / 1e6:.1f} MB" if count < 1_000_000_000 else f"{count / 1e9:.2f} GB"


def day(moment: str) -> str:
    """ISO time as this machine's calendar day."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d")
    except ValueError:
        return ""


def contents(source: str, document_id: str, chunks: Sequence[Chunk], shown: int, lang: Language) -> str:
    """The pieces of one document with their places; the first `shown` of them."""
    cards = "".join(_chunk(chunk, lang) for chunk in chunks[:shown])
    more = ""
    if len(chunks) > shown:
        label = text("library.more", lang, count=len(chunks) - shown)
        more = f'<button type="button" class="cm-pill" data-act="more" data-id="{attribute(document_id)}" data-shown="{shown}">{label}</button>'
    title = text("library.pieces", lang, count=len(chunks))
    return f'<div class="cm-contents"><h6>{inline(source)} · {title}</h6>{cards}{more}</div>'


def _chunk(chunk: Chunk, lang: Language) -> str:
    place = locator_label(chunk.locator, lang)
    return (
        f'<article class="cm-source"><div class="cm-source-title"><span class="cm-chip">{chunk.ordinal + 1}</span>'
        f'<span class="cm-place">{inline(place)}</span></div><div class="cm-passage">{blocks(chunk.text)}</div></article>'
    )


def no_contents(lang: Language) -> str:
    """The right side before a document has been chosen."""
    return f'<p class="cm-empty">{text("library.choose", lang)}</p>'
