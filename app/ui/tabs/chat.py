"""채팅: conversations and scope on the left, the talk in the middle, the evidence on the right."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.ui import answers, asking, evidence, history
from app.ui.asking import Change, Question
from app.ui.boxes import box_update, typing_box
from app.ui.events import Visit, connect
from app.ui.page import Page, Tab
from app.ui.scope import Scoped, choices, documents_of
from app.ui.theme import panel, script
from app.ui.welcome import suggestions, welcome

DRAFT_CHARACTERS = 4
Updates = dict[Any, Any]


@dataclass(slots=True)
class Parts:
    """The tab's components, all of them Gradio's. offered: state, the scope as it was offered last."""

    conversation: Any
    offered: Any
    thread: Any
    live: Any
    evidence: Any
    chips: Any
    box: Any
    history: Any
    search: Any
    new: Any
    scope: Any

    def talk(self) -> list[Any]:
        """What an answer changes."""
        return [self.conversation, self.thread, self.live, self.evidence, self.chips, self.box, self.history]


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    with gr.Row(elem_id="cm-chat"):
        parts = _layout(page)
    _connect_talk(page, parts)
    _connect_answers(page, parts)
    _connect_history(page, parts)
    _connect_page(page, parts)


TAB = Tab("chat", 10, build)


def _layout(page: Page) -> Parts:
    import gradio as gr

    t = page.text
    with gr.Column(elem_id="cm-left", min_width=0):
        new = gr.Button(t("chat.new"), elem_id="cm-new")
        search = gr.Textbox(placeholder=t("chat.search"), label=t("chat.search"), container=False, elem_id="cm-search")
        listing = panel("cm-history-box", script("history"))
        scope = gr.CheckboxGroup([], label=t("chat.scope"), elem_id="cm-scope")
    with gr.Column(elem_id="cm-middle", min_width=0):
        with gr.Column(elem_id="cm-scroll", min_width=0):
            thread = panel("cm-thread", script("talk"), answers.opening(page.text("page.opening")))
            live = panel("cm-live", script("talk"))
        with gr.Column(elem_id="cm-input", min_width=0):
            chips = panel("cm-chips", script("talk"))
            box = typing_box(page, "chat", "cm-box", autofocus=True)
    with gr.Column(elem_id="cm-right", min_width=0):
        sources = panel("cm-evidence-box", script("evidence"), evidence.panel(evidence.Shown(), page.lang))
    return Parts(gr.State(""), gr.State(None), thread, live, sources, chips, box, listing, search, new, scope)


def _connect_talk(page: Page, parts: Parts) -> None:
    """Sending, suggestions, repeating, editing, stopping, and reading ahead while a question is typed.

    `change` and not `input` tells of typing: Gradio's `input` hears key presses, and composing Hangul has none.
    """
    given = [parts.conversation, page.backend, page.speed, parts.scope, parts.offered]

    def send(visit: Visit, words: str, *rest: Any) -> Iterator[Updates]:
        yield from _run(page, parts, _question(visit, words, rest))

    def suggest(visit: Visit, *rest: Any) -> Iterator[Updates]:
        yield from _run(page, parts, _question(visit, visit.words("text"), rest))

    def again(visit: Visit, *rest: Any) -> Iterator[Updates]:
        turn = visit.number("turn")
        words = visit.words("text") or _asked_in(page, visit.owner, rest[0], turn)
        yield from _run(page, parts, _question(visit, words, rest, turn))

    def draft(visit: Visit, words: str, *rest: Any) -> None:
        _read_ahead(page, _question(visit, words, rest))

    connect(page, parts.box.submit, send, [parts.box, *given], parts.talk(), trigger_mode="multiple")
    for talk in (parts.thread, parts.live, parts.chips):
        connect(page, talk.suggest, suggest, given, parts.talk(), trigger_mode="multiple")
        connect(page, talk.again, again, given, parts.talk(), trigger_mode="multiple")
    connect(page, parts.box.change, draft, [parts.box, *given], None, trigger_mode="multiple", queue=False)
    connect(page, parts.box.stop, lambda visit: page.sessions.stop(visit.session) and None, queue=False)


def _question(visit: Visit, words: str, rest: Sequence[Any], replaces: int = 0) -> Question:
    conversation, backend, speed, chosen, offered = rest
    scoped = documents_of(chosen, offered)
    return Question(words, visit.session, visit.owner, conversation, backend, speed, scoped, replaces)


def _run(page: Page, parts: Parts, question: Question) -> Iterator[Updates]:
    """The changes, for as long as the reader looks at this conversation; the answer is stored either way."""
    for change in page.sessions.watched(question.session, asking.ask(page, question)):
        yield _updates(page, parts, change)


def _updates(page: Page, parts: Parts, change: Change) -> Updates:
    """The change as Gradio's updates; only what is set."""
    plain = {
        parts.thread: change.thread,
        parts.live: change.live,
        parts.evidence: change.evidence,
        parts.history: change.conversations,
        parts.conversation: change.conversation,
        parts.chips: None if change.follow_ups is None else suggestions(change.follow_ups),
    }
    updates: Updates = {part: value for part, value in plain.items() if value is not None}
    if change.box is not None or change.busy is not None:
        updates[parts.box] = box_update(page, "chat", change.busy, change.box)
    return updates


def _asked_in(page: Page, owner: str, conversation: str, turn: int) -> str:
    turns = page.conversations.turns(owner, conversation)
    return next((stored.question for stored in turns if stored.id == turn), "")


def _read_ahead(page: Page, question: Question) -> None:
    if len(question.text.strip()) < DRAFT_CHARACTERS or page.context.status().state != "ready":
        page.sessions.forget_draft(question.session)
        return

    def read(cancel: threading.Event) -> None:
        turns = page.conversations.turns(question.owner, question.conversation)
        options = asking.options_for(page, question, question.conversation, cancel)
        page.context.engine().read_ahead(question.text.strip(), asking.history_of(turns), options)

    page.sessions.draft(question.session, read)


def _connect_answers(page: Page, parts: Parts) -> None:
    """What can be done with an answer: show its sources, rate it."""

    def cite(visit: Visit, conversation: str) -> str:
        turns = page.conversations.turns(visit.owner, conversation)
        turn = next((stored for stored in turns if stored.id == visit.number("turn")), None)
        return (
            asking.evidence_of(page, turn, visit.number("n")) if turn else evidence.panel(evidence.Shown(), page.lang)
        )

    def rate(visit: Visit) -> None:
        vote = max(-1, min(1, visit.number("vote")))
        page.conversations.rate(visit.owner, visit.number("turn"), vote, visit.words("reason"))

    connect(page, parts.thread.cite, cite, [parts.conversation], parts.evidence, queue=False)
    connect(page, parts.thread.rate, rate, queue=False)


def _connect_history(page: Page, parts: Parts) -> None:
    def found(visit: Visit, conversation: str, words: str) -> str:
        return history.listing(page.conversations.search(visit.owner, words), conversation, page.lang)

    def start(visit: Visit, words: str) -> Updates:
        return _opened(page, parts, visit, "", words)

    def choose(visit: Visit, words: str) -> Updates:
        return _opened(page, parts, visit, visit.words("id"), words)

    def rename(visit: Visit, conversation: str, words: str) -> str:
        page.conversations.rename(visit.owner, visit.words("id"), visit.words("title"))
        return found(visit, conversation, words)

    def delete(visit: Visit, conversation: str, words: str) -> Updates:
        page.conversations.delete(visit.owner, visit.words("id"))
        if visit.words("id") == conversation:
            return _opened(page, parts, visit, "", words)
        return {parts.history: found(visit, conversation, words)}

    both = [parts.conversation, parts.search]
    connect(page, parts.search.change, found, both, parts.history, trigger_mode="always_last")
    connect(page, parts.new.click, start, [parts.search], parts.talk())
    connect(page, parts.history.choose, choose, [parts.search], parts.talk())
    connect(page, parts.history.rename, rename, both, parts.history)
    connect(page, parts.history.delete, delete, both, parts.talk())


def _opened(page: Page, parts: Parts, visit: Visit, conversation: str, words: str = "") -> Updates:
    """A stored conversation, or a new one for "" and for one that is not there."""
    page.sessions.turn_page(visit.session)
    turns = page.conversations.turns(visit.owner, conversation) if conversation else []
    last = turns[-1] if turns else None
    current = conversation if turns else ""
    return {
        parts.conversation: current,
        parts.thread: answers.thread(turns, page.lang) if turns else welcome(page),
        parts.live: "",
        parts.chips: "",
        parts.box: box_update(page, "chat", busy=False),
        parts.evidence: asking.evidence_of(page, last) if last else evidence.panel(evidence.Shown(), page.lang),
        parts.history: history.listing(page.conversations.search(visit.owner, words), current, page.lang),
    }


def _connect_page(page: Page, parts: Parts) -> None:
    """Opening and closing the page, and what changes when the documents do."""

    def opened(visit: Visit) -> Updates:
        return _opened(page, parts, visit, visit.query.get("c", ""))

    def refreshed(_visit: Visit, conversation: str, chosen: list[str], offered: Scoped | None) -> Updates:
        import gradio as gr

        scoped = choices(page, chosen, offered)
        updates = {
            parts.offered: scoped,
            parts.scope: gr.CheckboxGroup(choices=scoped.labels(), value=list(scoped.chosen)),
        }
        return updates if conversation else updates | {parts.thread: welcome(page)}

    changed = [parts.conversation, parts.scope, parts.offered]
    connect(page, page.blocks.load, opened, None, parts.talk())
    connect(page, page.ready.change, refreshed, changed, [parts.offered, parts.scope, parts.thread])
