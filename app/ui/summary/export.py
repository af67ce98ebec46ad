"""A summary as a Markdown file: its sentences with their marks, and the sentences they rest on."""

from __future__ import annotations

from app.ui.export import harmless
from app.ui.i18n import Language, locator_label, text
from chains.summaries.base import Part, Summary
from models.types import Citation, Sentence


def markdown(summary: Summary, lang: Language) -> str:
    """The file's text. Tags and images that documents hold are made harmless."""
    request = summary.plan.request
    title = f"# {harmless(', '.join(request.material.names))} — {request.style.name(lang)}"
    several = len(summary.shown) > 1
    parts = [_part(part, several, request.style.form == "paragraph") for part in summary.shown]
    cited = {n for sentence in summary.sentences for n in sentence.citations}
    sources = [_source(citation, lang) for citation in summary.citations if citation.n in cited]
    listing = "\n".join([f"## {text('summary.sources', lang)}", "", *sources]) if sources else ""
    return "\n\n".join(piece for piece in (title, *parts, listing) if piece) + "\n"


def _part(part: Part, several: bool, paragraph: bool) -> str:
    title = f"## {harmless(part.title[-1])}\n\n" if several and part.title else ""
    said = [_sentence(sentence) for sentence in part.sentences]
    return title + (" ".join(said) if paragraph else "\n".join(f"- {one}" for one in said))


def _sentence(sentence: Sentence) -> str:
    marks = "".join(f"[{n}]" for n in sentence.citations)
    return f"{harmless(' '.join(sentence.text.split()))} {marks}{'' if sentence.supported else ' ⚠'}".strip()


def _source(citation: Citation, lang: Language) -> str:
    label = locator_label(citation.locator, lang)
    where = f"{citation.source} · {label}" if label else citation.source
    return f"{citation.n}. {harmless(where)}: {harmless(' '.join(citation.quote.split()))}"
