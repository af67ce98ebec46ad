"""The talk in the middle: questions, answers with their support marks, refusals, waits and errors, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from app.conversations import StoredTurn
from app.ui.i18n import Language, locator_label, text
from app.ui.icons import icon
from app.ui.markup import attribute, blocks, inline, is_block
from models.types import Answer, Sentence

REASONS = ("wrong", "evidence", "incomplete", "other")


def thread(turns: Sequence[StoredTurn], lang: Language) -> str:
    """The stored turns of a conversation, oldest first."""
    return "".join(turn_html(turn, lang) for turn in turns)


def turn_html(turn: StoredTurn, lang: Language) -> str:
    """One question with its answer, or with what became of it."""
    body = _answer(turn, lang) if turn.record else _unanswered(lang)
    return f'<section class="cm-turn" data-turn="{turn.id}">{question_html(turn.question, lang, True)}{body}</section>'


def question_html(question: str, lang: Language, editable: bool = False) -> str:
    """The question's bubble; an editable one has a pencil."""
    edit = button("edit", "edit", text("chat.edit", lang)) if editable else ""
    return f'<div class="cm-q-row">{edit}<div class="cm-q">{blocks(question)}</div></div>'


def button(action: str, symbol: str, label: str, **data: object) -> str:
    """An icon button that the page's script hears by its `data-act`."""
    values = "".join(f' data-{name}="{attribute(value)}"' for name, value in data.items())
    name = attribute(label)
    return f'<button type="button" class="cm-act" data-act="{action}"{values} title="{name}" aria-label="{name}">{icon(symbol)}</button>'


def chip(n: int, lang: Language) -> str:
    """`[n]` as a button that points at source n."""
    label = attribute(text("chat.show_source", lang, n=n))
    return f'<button type="button" class="cm-chip" data-act="cite" data-n="{n}" title="{label}" aria-label="{label}">{n}</button>'


def _answer(turn: StoredTurn, lang: Language) -> str:
    record = turn.record
    if record is None:
        return ""
    kind = "cm-none" if record.answer.refused else "cm-a"
    return f'<article class="{kind}">{said(record.answer, lang)}{_meta(turn, record.answer, lang)}</article>'


def said(answer: Answer, lang: Language) -> str:
    """The words of an answer with its marks and notes, or of its refusal; without figures."""
    if answer.refused:
        return _refusal(answer, lang)
    body = " ".join(_sentence(sentence, lang) for sentence in answer.sentences)
    notes = _weak_note(answer.sentences, lang) + (_note(text("chat.stopped", lang)) if answer.stopped else "")
    return f'<div class="cm-body">{body}</div>{notes}'


def _sentence(sentence: Sentence, lang: Language) -> str:
    chips = "".join(chip(n, lang) for n in sentence.citations)
    if is_block(sentence.text):
        return f'<div class="{_support_class(sentence)}">{blocks(sentence.text)}</div>{chips}'
    words = inline(sentence.text).replace("\n", "<br>")
    title = "" if sentence.supported else f' title="{attribute(text("chat.unsupported", lang))}"'
    return f'<span class="{_support_class(sentence)}"{title}>{words}</span>{chips}'


def _support_class(sentence: Sentence) -> str:
    return "cm-sentence" if sentence.supported else "cm-sentence cm-weak"


def _weak_note(sentences: Sequence[Sentence], lang: Language) -> str:
    if all(sentence.supported for sentence in sentences):
        return ""
    absent = dict.fromkeys(name for sentence in sentences for name in sentence.unsupported)
    if not absent:
        return _note(text("chat.weak", lang))
    return _note(text("chat.weak_named", lang, names=", ".join(absent)))


def _note(words: str) -> str:
    return f'<div class="cm-note">{icon("warn")}<span>{inline(words)}</span></div>'


def _refusal(answer: Answer, lang: Language) -> str:
    if answer.reason == "no_documents" or answer.nearest is None:
        return f"<p>{text('chat.refused_empty', lang)} {link('library', text('chat.add_documents', lang))}</p>"
    place = locator_label(answer.nearest.locator, lang) or answer.nearest.source
    nearest = _words_button("cite", inline(place), n=answer.nearest.n)
    return text("chat.refused_html", lang, nearest=nearest, add=link("library", text("chat.add", lang)))


def link(tab: str, label: str) -> str:
    """Words that lead to another tab."""
    return _words_button("tab", inline(label), tab=tab)


def _words_button(action: str, words: str, **data: object) -> str:
    """A button that wraps like the text around it, which a <button> does not. words: HTML."""
    values = "".join(f' data-{name}="{attribute(value)}"' for name, value in data.items())
    return f'<span role="button" tabindex="0" class="cm-link" data-act="{action}"{values}>{words}</span>'


def _meta(turn: StoredTurn, answer: Answer, lang: Language) -> str:
    figures = "".join(f"<span>{fact}</span>" for fact in facts(answer, lang))
    votes = "".join(_vote(name, value, turn, lang) for name, value in (("up", 1), ("down", -1)))
    actions = (
        votes + button("retry", "retry", text("chat.retry", lang)) + button("copy", "copy", text("chat.copy", lang))
    )
    model = attribute(f"{answer.backend} · {answer.model}")
    return f'<div class="cm-meta" title="{model}">{figures}<span class="cm-acts">{actions}</span></div>{_reason(turn, lang)}'


def _vote(name: str, value: int, turn: StoredTurn, lang: Language) -> str:
    label = attribute(text(f"chat.{name}", lang))
    pressed = "true" if turn.vote == value else "false"
    return (
        f'<button type="button" class="cm-act" data-act="vote" data-vote="{value}" aria-pressed="{pressed}" '
        f'title="{label}" aria-label="{label}">{icon(name)}</button>'
    )


def _reason(turn: StoredTurn, lang: Language) -> str:
    options = "".join(
        f'<button type="button" class="cm-pill" data-act="reason">{text(f"chat.reason_{name}", lang)}</button>'
        for name in REASONS[:-1]
    )
    hint = attribute(text("chat.reason_hint", lang))
    return (
        f'<form class="cm-reason" hidden>{options}<input type="text" maxlength="500" value="{attribute(turn.reason)}" '
        f'placeholder="{hint}" aria-label="{hint}"><button type="submit" class="cm-pill">{text("chat.reason_send", lang)}</button></form>'
    )


def facts(answer: Answer, lang: Language) -> list[str]:
    """Support, speed, tokens and cost, as far as they are known."""
    return [fact for fact in (*support(answer, lang), _speed(answer, lang), _cost(answer, lang)) if fact]


def support(answer: Answer, lang: Language) -> list[str]:
    """How many sentences the documents support, and whether they are the documents' own."""
    if answer.refused or not answer.sentences:
        return []
    good = sum(sentence.supported for sentence in answer.sentences)
    quoted = any(sentence.quoted for sentence in answer.sentences)
    counted = text("chat.support", lang, total=len(answer.sentences), good=good)
    return [counted, text("chat.quoted", lang)] if quoted else [counted]


def _speed(answer: Answer, lang: Language) -> str:
    first, total = answer.timings_ms.get("first_token"), answer.timings_ms.get("total")
    if first is None or total is None:
        return ""
    written = answer.usage.completion_tokens
    if not written or total - first < 1:
        return text("chat.total", lang, seconds=f"{total / 1e3:.1f}")
    rate = f"{written / (total - first) * 1e3:.0f}"
    return text("chat.speed", lang, seconds=f"{first / 1e3:.1f}", rate=rate)


def _cost(answer: Answer, lang: Language) -> str:
    usage, parts = answer.usage, []
    if usage.prompt_tokens is not None and usage.completion_tokens is not None:
        parts.append(text("chat.tokens", lang, prompt=usage.prompt_tokens, completion=usage.completion_tokens))
    if usage.cost_usd is not None:
        parts.append(text("chat.free", lang) if usage.cost_usd == 0 else f"${usage.cost_usd:.4f}")
    return " · ".join(parts)


def _unanswered(lang: Language) -> str:
    retry = _words_button("retry", text("chat.retry", lang))
    return f'<article class="cm-none"><p>{text("chat.unanswered", lang)} {retry}</p></article>'


DOTS = '<span class="cm-dots" aria-hidden="true"><i></i><i></i><i></i></span>'


def opening(words: str) -> str:
    """What stands in the middle until the server has answered for the first time."""
    return f'<p class="cm-opening">{DOTS} {inline(words)}</p>'


def waiting(question: str, step: str, lang: Language) -> str:
    """The question with what is being done for it now; the page's script counts the seconds."""
    return (
        f'<section class="cm-turn">{question_html(question, lang)}<article class="cm-a cm-waiting" aria-busy="true">'
        f'{DOTS}<span role="status">{inline(step)}</span>'
        '<span class="cm-elapsed" aria-hidden="true"></span></article></section>'
    )


def streaming(question: str, draft: str, lang: Language) -> str:
    """The question with the answer as far as it has come, unchecked."""
    body = blocks(draft, lambda n: chip(n, lang))
    return (
        f'<section class="cm-turn">{question_html(question, lang)}<article class="cm-a" aria-busy="true">'
        f'<div class="cm-body cm-draft">{body}</div></article></section>'
    )


def failure(question: str, message: str, lang: Language, tab: str = "") -> str:
    """What went wrong and what to do; the question is back in the box. tab: where the next step is done."""
    step = link(tab, text(f"chat.go_{tab}", lang)) if tab else ""
    return (
        f'<section class="cm-turn">{question_html(question, lang)}<article class="cm-none cm-error" role="alert">'
        f"<p>{inline(message)} {step}</p></article></section>"
    )
