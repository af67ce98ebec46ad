"""The columns of a comparison as HTML: who, what it says, what it took; and the bar with which a blind round is voted on."""

from __future__ import annotations

from app.rounds import Entry, Round
from app.ui import answers
from app.ui.i18n import Language, text
from app.ui.icons import icon
from app.ui.markup import attribute, blocks, inline
from models.types import Answer

LETTERS = "ABCD"


def head(question: str, lang: Language) -> str:
    """The question above the columns; the button asks the contenders who are chosen now the same again."""
    again = answers.button("suggest", "retry", text("compare.again", lang), text=question)
    return f'<div class="cm-q-row">{again}<div class="cm-q">{blocks(question)}</div></div>'


def whole(one: Round, lang: Language) -> list[str]:
    """The columns of a stored round, in order."""
    return [column(entry, place, one.hidden, lang) for place, entry in enumerate(one.entries)]


def column(entry: Entry, place: int, hidden: bool, lang: Language) -> str:
    """A contender that is through, or one that was cut off by a reload or a crash."""
    if entry.answer is None:
        return failed(entry, place, hidden, lang)
    body = answers.said(entry.answer, lang)
    kind = "cm-none" if entry.answer.refused else "cm-a"
    return _frame(entry, place, hidden, f'<div class="{kind}">{body}</div>{_figures(entry.answer, hidden, lang)}', lang)


def waiting(entry: Entry, place: int, hidden: bool, step: str, lang: Language) -> str:
    """What is being done for this contender now; the page's script counts the seconds."""
    body = (
        f'<div class="cm-a cm-waiting" aria-busy="true">{answers.DOTS}<span role="status">{inline(step)}</span>'
        '<span class="cm-elapsed" aria-hidden="true"></span></div>'
    )
    return _frame(entry, place, hidden, body, lang)


def streaming(entry: Entry, place: int, hidden: bool, draft: str, lang: Language) -> str:
    """The answer as far as it has come, unchecked."""
    words = blocks(draft, lambda n: answers.chip(n, lang))
    return _frame(
        entry,
        place,
        hidden,
        f'<div class="cm-a" aria-busy="true"><div class="cm-body cm-draft">{words}</div></div>',
        lang,
    )


def failed(entry: Entry, place: int, hidden: bool, lang: Language) -> str:
    """Why there is no answer. While names are hidden the reason is, too: it mostly names the backend."""
    words = text("compare.no_answer", lang) if hidden else entry.error or text("compare.cut_off", lang)
    step = answers.link("settings", text("chat.go_settings", lang)) if entry.settings and not hidden else ""
    return _frame(
        entry, place, hidden, f'<div class="cm-none cm-error" role="alert"><p>{inline(words)} {step}</p></div>', lang
    )


def _frame(entry: Entry, place: int, hidden: bool, body: str, lang: Language) -> str:
    letter = LETTERS[place]
    title = text("compare.hidden", lang) if hidden else entry.title
    return (
        f'<article class="cm-rival" data-place="{place}"><header><span class="cm-letter">{letter}</span>'
        f'<b title="{attribute(title)}">{inline(title)}</b></header>{body}</article>'
    )


def _figures(answer: Answer, hidden: bool, lang: Language) -> str:
    """While names are hidden only what the documents say: time and money would tell who it is."""
    known = answers.support(answer, lang) if hidden else answers.facts(answer, lang)
    spans = "".join(f"<span>{inline(fact)}</span>" for fact in known)
    return f'<div class="cm-meta">{spans}</div>' if spans else ""


def foot(one: Round | None, lang: Language) -> str:
    """Below a finished round: the vote of a blind one, or what came of it."""
    if one is None or not one.blind:
        return ""
    if one.hidden:
        return _ballot(one, lang)
    names = [entry.title for entry in one.entries]
    words = text(f"compare.voted_{one.verdict}", lang, left=names[0], right=names[1])
    return f'<p class="cm-voted" role="status">{icon("up")}<span>{inline(words)}</span></p>'


def _ballot(one: Round, lang: Language) -> str:
    shown = _choice("open", text("compare.vote_open", lang), "cm-link")
    if not one.votable:
        return f'<div class="cm-ballot"><p>{text("compare.not_votable", lang)} {shown}</p></div>'
    choices = "".join(
        _choice(verdict, text(f"compare.vote_{verdict}", lang), "cm-pill")
        for verdict in ("left", "tie", "bad", "right")
    )
    return f'<div class="cm-ballot"><p>{text("compare.vote_lead", lang)}</p><div class="cm-choices">{choices}</div>{shown}</div>'


def _choice(verdict: str, label: str, kind: str) -> str:
    return f'<button type="button" class="{kind}" data-act="decide" data-verdict="{verdict}">{label}</button>'
