"""One question from the page to its stored answer, as a stream of changes of the page. Knows no Gradio.

The question is stored first and its answer last. Where no answer comes, the question goes back into the box, and whatever it
was to replace (a repeated or edited question) stays as it was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.conversations import QUESTION_CHARACTERS, Record, StoredTurn
from app.ui import answers, evidence, history
from app.ui.context import Engine, Speed
from app.ui.edge import Failure, caught
from app.ui.lacks import require
from app.ui.page import Page
from app.ui.suggest import follow_ups
from models.errors import BackendRefusedKey, InputError, MissingError
from models.types import Answer, Done, Passage, Sources, Token, Turn

log = logging.getLogger(__name__)

REFRESH_S = 0.06
WAIT_S = 0.25


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked and under which circumstances. documents: ids to search, empty for all. replaces: the id of the
    turn that this question repeats or edits, 0 for none; it and the turns after it go when the answer is there."""

    text: str
    session: str
    owner: str = ""
    conversation: str = ""
    backend: str = "local"
    speed: Speed = "normal"
    documents: tuple[str, ...] = ()
    replaces: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What of the page changes; None leaves a part as it is. Texts are HTML, except box and conversation."""

    thread: str | None = None
    live: str | None = None
    evidence: str | None = None
    conversations: str | None = None
    follow_ups: Sequence[str] | None = None
    conversation: str | None = None
    box: str | None = None
    busy: bool | None = None


@dataclass(slots=True)
class _Asked:
    """A question on its way. turn: its id in the store."""

    question: Question
    cancel: threading.Event
    conversation: str
    turn: int = 0
    earlier: list[StoredTurn] = field(default_factory=list)
    passages: tuple[Passage, ...] = ()
    retrieve_ms: float = 0.0
    draft: str = ""
    answer: Answer | None = None
    shown_at: float = 0.0


def ask(page: Page, question: Question) -> Iterator[Change]:
    """Everything from the click on send to the stored answer; the last change has busy=False."""
    if not question.text.strip():
        return
    asked = _Asked(question, page.sessions.begin(question.session), question.conversation)
    try:
        with caught(page) as failure:
            yield from _answer(page, asked)
    finally:
        asked.cancel.set()
        here = page.sessions.end(question.session, asked.cancel)
    if asked.answer is None and here:
        _withdraw(page, asked)
    yield _finished(page, asked) if asked.answer else _unanswered(page, asked, failure)


def _answer(page: Page, asked: _Asked) -> Iterator[Change]:
    _check_length(asked.question)
    if page.context.status().state != "starting" or asked.question.backend != page.context.settings.backend:
        _check_backend(page, asked.question.backend)  # while starting, what the usual backend lacks is on its way
    _store(page, asked)
    yield _begun(page, asked)
    yield from _wait_until_ready(page, asked)
    if not asked.cancel.is_set():
        engine = page.context.engine()
        _check_backend(page, asked.question.backend)
        yield from _stream(page, engine, asked)


def _check_length(question: Question) -> None:
    length = len(question.text)
    if length > QUESTION_CHARACTERS:
        detail = f"The question has {length} characters, {QUESTION_CHARACTERS} are the most; shorten it."
        raise InputError(detail=detail, text_key="chat.too_long", length=length, limit=QUESTION_CHARACTERS)


def _check_backend(page: Page, name: str) -> None:
    """What the backend lacks is told before anything is asked, unless another one stands behind it."""
    if page.context.settings.fallbacks:
        return
    require(page.context.backends(), name, page.lang)


def _store(page: Page, asked: _Asked) -> None:
    question, words = asked.question, asked.question.text.strip()
    if not asked.conversation or not page.conversations.exists(question.owner, asked.conversation):
        asked.conversation = page.conversations.create(question.owner, words)
    turns = page.conversations.turns(question.owner, asked.conversation)
    asked.earlier = [turn for turn in turns if not question.replaces or turn.id < question.replaces]
    asked.turn = page.conversations.ask(question.owner, asked.conversation, words)


def _withdraw(page: Page, asked: _Asked) -> None:
    """As if it had not been asked: the turn goes, and the conversation with it if it was begun for it."""
    if not asked.turn:
        return
    owner, turn, asked.turn = asked.question.owner, asked.turn, 0
    if page.conversations.exists(owner, asked.conversation):
        page.conversations.drop(owner, asked.conversation, turn)
        if not page.conversations.turns(owner, asked.conversation):
            page.conversations.delete(owner, asked.conversation)
            asked.conversation = ""


def _begun(page: Page, asked: _Asked) -> Change:
    return Change(
        thread=answers.thread(asked.earlier, page.lang),
        live=answers.waiting(asked.question.text, page.text("chat.searching"), page.lang),
        conversations=_listing(page, asked.question.owner, asked.conversation),
        conversation=asked.conversation,
        follow_ups=(),
        box="",
        busy=True,
    )


def _wait_until_ready(page: Page, asked: _Asked) -> Iterator[Change]:
    """Says what is being waited for, until the application is ready, has failed, or the reader gives up."""
    shown = ""
    while not asked.cancel.is_set() and not page.context.wait_ready(WAIT_S):
        step = page.text(f"status.{page.context.status().step or 'starting'}")
        if step != shown:
            shown = step
            words = page.text("chat.waiting_for", step=step)
            yield Change(live=answers.waiting(asked.question.text, words, page.lang))


def _stream(page: Page, engine: Engine, asked: _Asked) -> Iterator[Change]:
    options = options_for(page, asked.question, asked.conversation, asked.cancel)
    for event in engine.stream(asked.question.text.strip(), history_of(asked.earlier), options):
        if isinstance(event, Sources):
            asked.passages, asked.retrieve_ms = event.passages, event.retrieve_ms
            yield _evidence_found(page, asked)
        elif isinstance(event, Token):
            asked.draft += event.text
            if time.monotonic() - asked.shown_at >= REFRESH_S:
                asked.shown_at = time.monotonic()
                yield Change(live=answers.streaming(asked.question.text, asked.draft, page.lang))
        elif isinstance(event, Done):
            _keep(page, asked, event.answer)


def history_of(turns: Sequence[StoredTurn]) -> list[Turn]:
    """The answered turns as the engine reads them."""
    return [turn.as_history() for turn in turns if turn.record]


def options_for(page: Page, question: Question, conversation: str, cancel: threading.Event) -> object:
    """chains.rag.AskOptions of a question."""
    return page.context.ask_options(
        backend=question.backend,
        speed=question.speed,
        documents=tuple(question.documents),
        thread=conversation,
        cancel=cancel,
    )


def _evidence_found(page: Page, asked: _Asked) -> Change:
    words = page.text("chat.reading", count=len(asked.passages)) if asked.passages else page.text("chat.searching")
    return Change(
        live=answers.waiting(asked.question.text, words, page.lang),
        evidence=evidence.panel(evidence.Shown(asked.passages, asked.retrieve_ms, turn=asked.turn), page.lang),
    )


def _keep(page: Page, asked: _Asked, answer: Answer) -> None:
    """Store the answer; one that was stopped before its first word is none."""
    if answer.stopped and not answer.sentences:
        return
    question, asked.answer = asked.question, answer
    page.conversations.answer(asked.turn, Record(answer, asked.passages, asked.retrieve_ms))
    if question.replaces:
        page.conversations.drop(question.owner, asked.conversation, question.replaces, asked.turn)


def _finished(page: Page, asked: _Asked) -> Change:
    turns = page.conversations.turns(asked.question.owner, asked.conversation)
    nearby = () if asked.answer and asked.answer.refused else asked.passages
    return Change(
        thread=answers.thread(turns, page.lang),
        live="",
        evidence=evidence_of(page, turns[-1]) if turns else None,
        conversations=_listing(page, asked.question.owner, asked.conversation),
        conversation=asked.conversation,
        follow_ups=follow_ups(nearby, (turn.question for turn in turns), page.lang),
        busy=False,
    )


def _unanswered(page: Page, asked: _Asked, failure: Failure) -> Change:
    """The question is back in the box; what was wrong stands below what was there before."""
    question, lang, message = asked.question, page.lang, failure.words
    turns = page.conversations.turns(question.owner, asked.conversation)
    return Change(
        thread=answers.thread(turns, lang),
        live=answers.failure(question.text, message, lang, _where_to_go(failure.error)) if message else "",
        conversations=_listing(page, question.owner, asked.conversation),
        conversation=asked.conversation,
        box=question.text,
        busy=False,
    )


def _where_to_go(error: Exception | None) -> str:
    return "settings" if isinstance(error, MissingError | BackendRefusedKey) else ""


def evidence_of(page: Page, turn: StoredTurn, focus: int = 0) -> str:
    """The panel for a stored answer."""
    if turn.record is None:
        return evidence.panel(evidence.Shown(turn=turn.id), page.lang)
    record = turn.record
    shown = evidence.Shown(record.passages, record.retrieve_ms, record.answer.citations, turn.id, focus)
    return evidence.panel(shown, page.lang)


def _listing(page: Page, owner: str, conversation: str) -> str:
    return history.listing(page.conversations.search(owner), conversation, page.lang)
