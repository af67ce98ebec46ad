"""One question to several contenders, from the click to the stored answers, as a stream of changes of the page. Knows no Gradio.

Every contender answers from the same passages and none waits for another. What a contender lacks is said in its own column;
in a blind round it is said above the columns instead, because whoever lacks a key is not hard to guess.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.conversations import QUESTION_CHARACTERS
from app.rounds import Entry, Evidence
from app.ui.compare import columns
from app.ui.compare.arena import Arena
from app.ui.context import Engine, Speed
from app.ui.edge import caught
from app.ui.i18n import localize
from app.ui.page import Page
from app.votes import draw
from models.errors import BackendRefusedKey, CourseMateError, InputError, MissingError
from models.types import Answer, Done, Sources, Token

if TYPE_CHECKING:
    from chains.compare import Contender, Heard
    from chains.rag import AskOptions

log = logging.getLogger(__name__)

REFRESH_S = 0.1
WAIT_S = 0.25
BLIND = 2
HERE = frozenset({"local", "hf"})  # one engine of this machine for all contenders of the backend


@dataclass(frozen=True, slots=True)
class Rival:
    """A contender as it was chosen. name: the same in every language, for the ranking; title: for people; missing: what it
    lacks and how to get it, "" where it can answer."""

    contender: Contender
    name: str
    title: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was asked, of whom, and under which circumstances."""

    question: str
    session: str
    owner: str
    rivals: Sequence[Rival]
    blind: bool = False
    speed: Speed = "normal"


@dataclass(frozen=True, slots=True)
class Change:
    """What of the page changes; None leaves a part as it is. columns: place -> HTML, those not named stay."""

    columns: Mapping[int, str] = field(default_factory=dict)
    head: str | None = None
    evidence: Evidence | None = None
    round: str | None = None
    finished: bool = False


@dataclass(slots=True)
class _Contest:
    """A challenge on its way. entries: in the order of the columns; drafts, shown_at: by column."""

    challenge: Challenge
    cancel: threading.Event
    rivals: list[Rival]
    entries: list[Entry]
    lacking: dict[int, str] = field(default_factory=dict)
    round: str = ""
    passages: int = 0
    drafts: dict[int, str] = field(default_factory=dict)
    shown_at: dict[int, float] = field(default_factory=dict)


def compete(page: Page, arena: Arena, challenge: Challenge) -> Iterator[Change]:
    """Everything from the click to the last answer; the last change is `finished`. Raises CourseMateError at once where the
    challenge cannot begin."""
    contest = _prepare(page, arena, challenge)
    try:
        with caught(page, "compare.broken") as failure:
            yield from _run(page, arena, contest)
    finally:
        contest.cancel.set()
        arena.sessions.end(challenge.session, contest.cancel)
    yield from _end(page, arena, contest, failure.words)


def _prepare(page: Page, arena: Arena, challenge: Challenge) -> _Contest:
    """Checks the challenge, and draws who meets whom where it is a blind one."""
    _check(challenge)
    lacking = {rival: words for rival in challenge.rivals if (words := _missing(page, rival))}
    rivals = list(challenge.rivals)
    if challenge.blind:
        able = [rival for rival in rivals if rival not in lacking]
        if len(able) < BLIND:
            named = "; ".join(f"{rival.title}: {words}" for rival, words in lacking.items())
            detail = f"A blind round needs two contenders that can answer. {named}"
            raise InputError(detail=detail, text_key="compare.blind_needs_two", named=named)
        rivals = list(
            draw(able, [rival.name for rival in able], arena.votes.all(challenge.owner), random.SystemRandom())
        )
    places = {place: lacking[rival] for place, rival in enumerate(rivals) if rival in lacking}
    entries = [
        Entry(rival.name, rival.title, error=places.get(place, ""), settings=place in places)
        for place, rival in enumerate(rivals)
    ]
    return _Contest(challenge, arena.sessions.begin(challenge.session), rivals, entries, places)


def _missing(page: Page, rival: Rival) -> str:
    """What keeps it from answering. While the application starts, what the usual backend lacks is on its way."""
    usual = rival.contender.backend == page.context.settings.backend
    return "" if usual and page.context.status().state == "starting" else rival.missing


def _check(challenge: Challenge) -> None:
    question, names = challenge.question.strip(), [rival.name for rival in challenge.rivals]
    if not question:
        raise InputError(detail="The question is empty; write one.", text_key="compare.no_question")
    if len(question) > QUESTION_CHARACTERS:
        detail = f"The question has {len(question)} characters, {QUESTION_CHARACTERS} are the most; shorten it."
        raise InputError(detail=detail, text_key="chat.too_long", length=len(question), limit=QUESTION_CHARACTERS)
    twice = next((rival.title for rival in challenge.rivals if names.count(rival.name) > 1), None)
    if twice:
        detail = f"{twice} was chosen twice; change its model or its prompt."
        raise InputError(detail=detail, text_key="contenders.twice", label=twice)


def _run(page: Page, arena: Arena, contest: _Contest) -> Iterator[Change]:
    challenge = contest.challenge
    question = challenge.question.strip()
    contest.round = arena.rounds.begin(challenge.owner, question, tuple(contest.entries), challenge.blind)
    waiting = page.text("compare.searching")
    yield Change(
        columns=_every(page, contest, waiting),
        head=columns.head(question, page.lang),
        evidence=Evidence(),
        round=contest.round,
    )
    if len(contest.lacking) < len(contest.rivals):
        yield from _wait_until_ready(page, contest)
    if len(contest.lacking) < len(contest.rivals) and not contest.cancel.is_set():
        yield from _listen(page, arena, contest)


def _wait_until_ready(page: Page, contest: _Contest) -> Iterator[Change]:
    shown = ""
    while not contest.cancel.is_set() and not page.context.wait_ready(WAIT_S):
        step = page.text(f"status.{page.context.status().step or 'starting'}")
        if step != shown:
            shown = step
            yield Change(columns=_every(page, contest, page.text("chat.waiting_for", step=step)))


def _every(page: Page, contest: _Contest, step: str) -> dict[int, str]:
    """All columns, those that can answer waiting."""
    hidden = contest.challenge.blind
    return {
        place: columns.failed(entry, place, hidden, page.lang)
        if place in contest.lacking
        else columns.waiting(entry, place, hidden, step, page.lang)
        for place, entry in enumerate(contest.entries)
    }


def _listen(page: Page, arena: Arena, contest: _Contest) -> Iterator[Change]:
    from chains.compare import FEWEST, Comparison

    challenge = contest.challenge
    able = [place for place in range(len(contest.rivals)) if place not in contest.lacking]
    options = page.context.ask_options(speed=challenge.speed, cancel=contest.cancel)
    contenders = tuple(contest.rivals[place].contender for place in able)
    engine, question = page.context.engine(), challenge.question.strip()
    if len(contenders) < FEWEST:
        heard_all = _alone(engine, contenders[0], question, options)
    else:
        heard_all = Comparison(engine, contenders, options).stream(question)  # type: ignore[arg-type]
    for heard in heard_all:
        if heard.contender < 0:
            yield from _found(page, arena, contest, heard)
        else:
            yield from _heard(page, arena, contest, able[heard.contender], heard)


def _alone(engine: Engine, one: Contender, question: str, options: AskOptions) -> Iterator[Heard]:
    """The only contender that can answer, where the others lack something."""
    from chains.compare import SHARED, Heard

    asked = replace(options, backend=one.backend, prompt=one.wanted, adapter=one.adapter, fallbacks=())
    try:
        for event in engine.stream(question, (), asked):
            yield Heard(SHARED if isinstance(event, Sources) else 0, event)
    except CourseMateError as error:
        yield Heard(0, error=error)


def _found(page: Page, arena: Arena, contest: _Contest, heard: Heard) -> Iterator[Change]:
    if isinstance(heard.event, Sources):
        evidence = Evidence(heard.event.passages, heard.event.retrieve_ms)
        arena.rounds.found(contest.round, evidence)
        contest.passages = len(evidence.passages)
        yield Change(columns=_waiting(page, contest), evidence=evidence)


def _waiting(page: Page, contest: _Contest) -> dict[int, str]:
    """The columns without a word yet. Contenders on one engine of this machine take turns, and those behind say so."""
    reading = page.text("chat.reading", count=contest.passages)
    busy: set[str] = set()
    html: dict[int, str] = {}
    for place in sorted(
        range(len(contest.rivals)), key=lambda place: contest.rivals[place].contender.asked_with.samples
    ):
        entry, backend = contest.entries[place], contest.rivals[place].contender.backend
        through = entry.answer is not None or bool(entry.error)
        if not through and place not in contest.drafts:
            hidden = contest.challenge.blind  # a turn would tell that both are on this machine
            step = page.text("compare.turn") if backend in busy and not hidden else reading
            html[place] = columns.waiting(entry, place, hidden, step, page.lang)
        if not through and backend in HERE:
            busy.add(backend)
    return html


def _heard(page: Page, arena: Arena, contest: _Contest, place: int, heard: Heard) -> Iterator[Change]:
    entry, hidden = contest.entries[place], contest.challenge.blind
    if heard.error is not None:
        words, settings = localize(heard.error, page.lang), isinstance(heard.error, MissingError | BackendRefusedKey)
        yield _close(page, arena, contest, place, replace(entry, error=words, settings=settings))
    elif isinstance(heard.event, Token):
        contest.drafts[place] = contest.drafts.get(place, "") + heard.event.text
        if time.monotonic() - contest.shown_at.get(place, 0.0) >= REFRESH_S:
            contest.shown_at[place] = time.monotonic()
            html = columns.streaming(entry, place, hidden, contest.drafts[place], page.lang)
            yield Change(columns={place: html})
    elif isinstance(heard.event, Done):
        yield _close(page, arena, contest, place, _with_answer(page, entry, heard.event.answer))


def _with_answer(page: Page, entry: Entry, answer: Answer) -> Entry:
    if answer.stopped and not answer.sentences:
        return replace(entry, error=page.text("compare.stopped"))
    return replace(entry, answer=answer)


def _close(page: Page, arena: Arena, contest: _Contest, place: int, entry: Entry) -> Change:
    """A contender is through."""
    contest.entries[place] = entry
    arena.rounds.keep(contest.round, place, entry)
    html = columns.column(entry, place, contest.challenge.blind, page.lang)
    return Change(columns=_waiting(page, contest) | {place: html})


def _end(page: Page, arena: Arena, contest: _Contest, message: str) -> Iterator[Change]:
    """Whoever has said nothing by now will not: it is told why."""
    words = message or page.text("compare.stopped")
    for place, entry in enumerate(contest.entries):
        if entry.answer is None and not entry.error:
            yield _close(page, arena, contest, place, replace(entry, error=words))
    yield Change(finished=True, round=contest.round)
