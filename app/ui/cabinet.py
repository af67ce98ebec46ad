"""The lists of the settings as HTML: backends with what each lacks, weights with their downloads, the doctor's findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.ui.context import BackendInfo, DoctorLine
from app.ui.downloads import Download
from app.ui.i18n import Language, localize, text
from app.ui.lacks import label_of, lacks
from app.ui.markup import attribute, inline
from app.ui.page import Page
from app.ui.shelf import size


def backends(infos: Sequence[BackendInfo], lang: Language) -> str:
    """One line a backend: a dot, its name and model, and how to get what it lacks."""
    usable_first = sorted(infos, key=lambda info: info.missing is not None)
    return "".join(_backend(info, lang) for info in usable_first if info.name != "fake")


def _backend(info: BackendInfo, lang: Language) -> str:
    state = "cm-failed" if info.missing else "cm-ready"
    reason = lacks(info, lang)
    more = f'<div class="cm-item-message">{inline(reason)}</div>' if reason else ""
    return (
        f'<div class="cm-backend"><div class="cm-state {state}"><i></i><b>{inline(label_of(info, lang))}</b>'
        f"<span>{inline(info.model)}</span></div>{more}</div>"
    )


def model_choices(page: Page) -> list[tuple[str, str]]:
    """Models of the local backend: chosen by memory, or one of the catalogue."""
    entries = [entry for entry in page.context.weights().entries() if entry.kind == "gguf"]
    return [(page.text("settings.model_auto"), ""), *((entry.label, entry.name) for entry in entries)]


def weights(page: Page) -> str:
    """The catalogue, each with its size and licence, whether it is here, and how far its download is."""
    store = page.context.weights()
    rows = "".join(_weights_row(entry, store.path(entry.name), page) for entry in store.entries())
    return f'<table class="cm-table"><tbody>{rows}</tbody></table>'


def _weights_row(entry: Any, path: Any, page: Page) -> str:
    download = page.downloads.get(entry.name)
    running = download is not None and not download.ended
    if path is not None:
        action = f'<span class="cm-here">{page.text("settings.here")}</span>'
    elif running:
        action = _button("cancel", page.text("settings.cancel"))
    else:
        action = _button("pull", page.text("settings.pull"))
    below = _below(download, page) if download and path is None else ""
    facts = f"{size(entry.size_bytes)} · {entry.licence}"
    return (
        f'<tr data-id="{attribute(entry.name)}"><td><b>{inline(entry.label)}</b>'
        f'<div class="cm-facts">{inline(facts)}</div>{below}</td><td class="cm-right">{action}</td></tr>'
    )


def _button(action: str, label: str) -> str:
    return f'<button type="button" class="cm-pill" data-act="{action}">{label}</button>'


def _below(download: Download, page: Page) -> str:
    if download.error:
        return f'<div class="cm-item-message">{inline(localize(download.error, page.lang))}</div>'
    if download.ended:
        return f'<div class="cm-facts">{page.text("settings.paused")}</div>'
    return progress_line(download.progress, page)


def progress_line(progress: Any, page: Page) -> str:
    """Bytes, speed and time left as a bar and words."""
    if progress is None or progress.stage != "downloading":
        stage = "connecting" if progress is None else progress.stage
        return f'<div class="cm-facts" role="status">{page.text(f"settings.stage_{stage}")}</div>'
    total = progress.total_bytes or 0
    percent = round(100 * progress.done_bytes / total) if total else 0
    words = [f"{size(progress.done_bytes)} / {size(total)}" if total else size(progress.done_bytes)]
    if progress.bytes_per_s:
        words.append(f"{size(round(progress.bytes_per_s))}/s")
    if progress.eta_s is not None:
        words.append(page.text("settings.eta", minutes=int(progress.eta_s // 60), seconds=int(progress.eta_s % 60)))
    return (
        f'<div class="cm-progress" role="progressbar" aria-valuenow="{percent}" aria-valuemin="0" aria-valuemax="100">'
        f'<u style="width:{percent}%"></u></div><div class="cm-facts">{percent}% · {" · ".join(words)}</div>'
    )


def doctor(lines: Sequence[DoctorLine], lang: Language) -> str:
    """What was found on this machine."""
    rows = "".join(
        f'<tr><td><div class="cm-state {"cm-ready" if line.ok else "cm-failed"}"><i></i>{inline(line.name)}</div></td>'
        f"<td>{inline(line.value)}</td></tr>"
        for line in lines
    )
    return (
        f'<table class="cm-table" aria-label="{attribute(text("settings.doctor", lang))}"><tbody>{rows}</tbody></table>'
    )
