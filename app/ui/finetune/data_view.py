"""Datasets as HTML: the list, what one is made of, its examples, and the tokens of an example with what is learnt of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from app.ui import picking
from app.ui.i18n import catalog
from app.ui.icons import icon
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page
from finetune.base import PARTS, Example, Part
from finetune.data.store import About, Dataset

PAGE = 8
COUNT, REFUSALS = 200, 35
MOST_BYTES = 50_000_000
PROMPTS = ("compact", "few_shot")


def listing(page: Page, datasets: Sequence[Dataset], chosen: str) -> str:
    """All datasets, the chosen one marked; the second click on delete means it."""
    rows = "".join(_row(page, dataset.about, dataset.about.name == chosen) for dataset in datasets)
    empty = f'<p class="cm-empty">{page.text("bench.no_data")}</p>'
    return f'<div class="cm-sets"><h6>{page.text("bench.datasets")}</h6>{rows or empty}</div>'


def _row(page: Page, about: About, on: bool) -> str:
    label = attribute(page.text("bench.remove"))
    return (
        f'<div class="cm-set{" on" if on else ""}" data-name="{attribute(about.name)}">'
        f'<button type="button" class="cm-name" data-act="choose">{inline(about.name)}</button>'
        f'<span class="cm-facts">{page.text("bench.count", n=about.total)} · {about.made[:10]}</span>'
        f'<span class="cm-set-acts"><button type="button" class="cm-act" data-act="remove" data-sure="{attribute(page.text("bench.sure"))}" '
        f'aria-label="{label}" title="{label}">{icon("trash")}</button></span></div>'
    )


def form(page: Page) -> str:
    """What a dataset is made from: five things to choose, the rest folded."""
    names = picking.document_names(page)
    if not names:
        return f'<h6>{page.text("bench.make")}</h6><p class="cm-empty">{page.text("bench.no_documents")}</p>'
    more = (
        _field(page, "prompt", _select("prompt", [(p, page.text(f"bench.prompt_{p}")) for p in PROMPTS]))
        + _field(page, "own", _select("own", [("", page.text("bench.none")), *_datasets(page)]))
        + _field(page, "ratio", '<input type="number" name="ratio" min="0" max="100" step="5" value="50">')
        + _field(page, "data_seed", '<input type="number" name="seed" min="0" max="1000000" value="0">')
    )
    return (
        f'<form class="cm-make"><h6>{page.text("bench.make")}</h6>'
        f"{_field(page, 'data_name', f'<input name=name maxlength=60 required value={_free(page)}>')}"
        f"{picking.documents(page, names, page.text('bench.from_documents'))}"
        f"{_field(page, 'data_count', f'<input type=number name=count min=1 max=20000 value={COUNT} required>')}"
        f"{_field(page, 'refusals', f'<input type=number name=refusals min=0 max=100 step=5 value={REFUSALS}>')}"
        f"{_field(page, 'reword', _select('backend', [('', page.text('bench.none')), *picking.backends(page)]))}"
        f'<details class="cm-more"><summary>{page.text("bench.more")}</summary>{more}</details>'
        f'<button class="cm-primary">{page.text("bench.make_go")}</button></form>'
    )


def _field(page: Page, name: str, control: str) -> str:
    hint = f"bench.hint_{name}"
    told = f"<small>{page.text(hint)}</small>" if hint in catalog(page.lang) else ""
    return f'<label class="cm-field"><span>{page.text(f"bench.{name}")}</span>{control}{told}</label>'


def _select(name: str, options: Sequence[tuple[str, str]]) -> str:
    return f'<select name="{name}">{picking.options(options)}</select>'


def _datasets(page: Page) -> list[tuple[str, str]]:
    from finetune.data.store import Datasets

    return [(dataset.about.name, dataset.about.name) for dataset in Datasets(page.context.home).all()]


def _free(page: Page) -> str:
    """A name that is not taken."""
    taken = {name for name, _ in _datasets(page)}
    return next(name for n in range(1, len(taken) + 2) if (name := f"course-{n}") not in taken)


def drop_zone(page: Page) -> str:
    """Where a file of one's own goes in."""
    return (
        f'<h6>{page.text("bench.import")}</h6><div class="cm-dropzone cm-dropzone-small" data-limit="{MOST_BYTES}">'
        f'<p>{page.text("bench.import_lead")}</p><button type="button" class="cm-pill" data-act="pick">{page.text("bench.pick")}</button>'
        f'<input type="file" accept=".jsonl,.csv,.tsv,.json" hidden><p class="cm-uploading" hidden>{page.text("library.uploading")}</p></div>'
    )


def progress(page: Page, stage: str, done: int, total: int) -> str:
    """How far the making has come."""
    key = f"bench.stage_{stage}"
    words = page.text(key) if key in catalog(page.lang) else stage
    percent = round(100 * done / max(1, total))
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{words} · <span class="cm-elapsed"></span></span>'
        f'<span class="cm-progress"><u style="width:{percent}%"></u></span></div>'
    )


def said(words: Sequence[str], bad: bool = False) -> str:
    """How something ended, a line each."""
    lines = "<br>".join(inline(line) for text in words for line in text.split("\n"))
    return f'<div class="cm-said{" cm-bad" if bad else ""}" role="status">{lines}</div>' if words else ""


def nothing(page: Page) -> str:
    """Where no dataset is chosen."""
    return f'<p class="cm-empty">{page.text("bench.choose_data")}</p>'


def whole(page: Page, dataset: Dataset, part: Part, start: int, chosen: str) -> str:
    """Figures, and a page of the examples of one part."""
    about = dataset.about
    return f'<article class="cm-data" data-name="{attribute(about.name)}" data-part="{part}" data-start="{start}">{_figures(page, about)}{_examples(page, dataset, part, start, chosen)}</article>'


def _figures(page: Page, about: About) -> str:
    parts = " · ".join(f"{page.text(f'bench.part_{part}')} <b>{about.counts.get(part, 0)}</b>" for part in PARTS)
    rows = {
        "kinds": _shares(page, "kind", about.kinds),
        "origins": _shares(page, "origin", about.origins),
        "licences": _shares(page, "licence", about.licences),
        "dropped": _shares(page, "why", {why: n for why, n in about.dropped.items() if n}),
        "tokens": " · ".join(f"{page.text(f'bench.tokens_{name}')} {n}" for name, n in about.tokens.items()),
        "hash": f"<code>{about.sha256[:16]}</code>",
    }
    shown = "".join(f"<dt>{page.text(f'bench.{name}')}</dt><dd>{value}</dd>" for name, value in rows.items() if value)
    warned = (
        f'<p class="cm-item-message">{page.text("bench.no_validation")}</p>'
        if not about.counts.get("validation")
        else ""
    )
    return f'<h3>{inline(about.name)}</h3><p class="cm-facts">{parts}</p>{warned}<dl class="cm-pairs cm-figures">{shown}</dl>'


def _shares(page: Page, kind: str, counts: Mapping[str, int]) -> str:
    """Each with its count, in words where there are any."""

    def name(key: str) -> str:
        text = f"bench.{kind}_{key.partition(':')[0]}"
        known = page.text(text) if text in catalog(page.lang) else key
        return inline(known + (f" ({key.partition(':')[2]})" if ":" in key and known != key else ""))

    return " · ".join(f"{name(key)} {n}" for key, n in counts.items())


def _examples(page: Page, dataset: Dataset, part: Part, start: int, chosen: str) -> str:
    found = dataset.examples(part)
    start = max(0, min(start, max(0, len(found) - 1) // PAGE * PAGE))
    shown = found[start : start + PAGE]
    tabs = "".join(
        f'<button type="button" class="cm-pill" data-act="part" data-part="{name}" data-start="0" aria-pressed="{str(name == part).lower()}">'
        f"{page.text(f'bench.part_{name}')}</button>"
        for name in PARTS
    )
    rows = "".join(_example(page, example, example.id == chosen) for example in shown)
    empty = f'<p class="cm-empty">{page.text("bench.part_empty")}</p>'
    return f'<div class="cm-filters">{tabs}{_paging(page, start, len(found))}</div>{rows or empty}'


def _paging(page: Page, start: int, total: int) -> str:
    if total <= PAGE:
        return ""

    def button(act: str, to: int) -> str:
        off = " disabled" if not 0 <= to < total else ""
        return f'<button type="button" class="cm-pill" data-act="turn" data-start="{to}"{off}>{page.text(f"bench.{act}")}</button>'

    at = f'<span class="cm-facts">{start + 1}–{min(start + PAGE, total)} / {total}</span>'
    return f'<span class="cm-paging">{button("previous", start - PAGE)}{at}{button("next", start + PAGE)}</span>'


def _example(page: Page, example: Example, on: bool) -> str:
    asked = next((m["content"] for m in reversed(example.messages) if m["role"] == "user"), "")
    answer = example.messages[-1]["content"]
    marks = "".join(f"<span>{inline(mark)}</span>" for mark in (_kind(page, example.kind), example.document) if mark)
    return (
        f'<button type="button" class="cm-example{" on" if on else ""}" data-act="tokens" data-id="{attribute(example.id)}">'
        f'<b>{inline(_tail(asked))}</b><span class="cm-example-answer">{inline(answer[:400])}</span><span class="cm-marks">{marks}</span></button>'
    )


def _kind(page: Page, kind: str) -> str:
    key = f"bench.kind_{kind}"
    return page.text(key) if key in catalog(page.lang) else kind


def _tail(asked: str, most: int = 160) -> str:
    """The question stands at the end of a prompt with passages."""
    last = asked.strip().rsplit("\n", 1)[-1].strip()
    return last if len(last) <= most else "…" + last[-most:]


def tokens(page: Page, runs: Sequence[tuple[str, str]], counts: tuple[int, int], note: str = "") -> str:
    """The tokens of an example: (text, kind) with kind read, trained or end; counts: of all, and of those trained on."""
    if not runs:
        words = note or page.text("bench.choose_example")
        return f'<h6>{page.text("bench.viewer")}</h6><p class="cm-empty">{inline(words)}</p>'
    legend = "".join(
        f'<span class="cm-token cm-token-{kind}">{page.text(f"bench.token_{kind}")}</span>'
        for kind in ("read", "trained", "end")
    )
    shown = "".join(f'<span class="cm-token cm-token-{kind}">{_visible(text)}</span>' for text, kind in runs)
    total, trained = counts
    facts = page.text("bench.token_counts", total=total, trained=trained, share=round(100 * trained / max(1, total)))
    return (
        f'<h6>{page.text("bench.viewer")}</h6><div class="cm-token-legend">{legend}</div><p class="cm-facts">{facts}</p>'
        f'<div class="cm-tokens" tabindex="0">{shown}</div><div class="cm-body cm-hint">{blocks(page.text("bench.viewer_lead"))}</div>'
    )


def _visible(text: str) -> str:
    """Line ends are shown, because they are tokens too."""
    return escape(text, quote=False).replace("\n", "<i>↵</i><br>")
