"""에이전트: tasks, tools and conversations on the left, every step and the answer in the middle, its sources on the right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.agents import AgentThreads
from app.ui import evidence
from app.ui.agent import steps
from app.ui.agent.running import Change, Desk, Task, perform, sources
from app.ui.boxes import box_update, typing_box
from app.ui.events import Visit, connect, on_leave
from app.ui.page import Page, Tab
from app.ui.sessions import Sessions
from app.ui.theme import panel, script

EXAMPLES = 4
Updates = dict[Any, Any]


@dataclass(slots=True)
class Parts:
    """The tab's components. current: state, the id of the conversation that is shown."""

    current: Any
    new: Any
    tasks: Any
    conversations: Any
    thread: Any
    live: Any
    box: Any
    evidence: Any

    def shown(self) -> list[Any]:
        """What a task changes."""
        return [self.current, self.conversations, self.thread, self.live, self.box, self.evidence]


def build(page: Page) -> None:
    """Lay the tab out and connect it."""
    import gradio as gr

    desk = Desk(Sessions(), AgentThreads(page.context.home))
    with gr.Row(elem_id="cm-agent"):
        parts = _layout(page)
    _connect_tasks(page, desk, parts)
    _connect_conversations(page, desk, parts)
    on_leave(page, desk.sessions.leave)


TAB = Tab("agent", 45, build)


def _layout(page: Page) -> Parts:
    import gradio as gr

    from chains.tools.base import all_tools

    t = page.text
    tools = [(tool.name, tool.description) for tool in all_tools().values() if tool.name != "run_lab"]
    with gr.Column(elem_id="cm-agent-left", min_width=0):
        new = gr.Button(t("agent.new"), elem_id="cm-agent-new")
        examples = [t(f"agent.example_{number}") for number in range(1, EXAMPLES + 1)]
        tasks = panel("cm-agent-tasks", script("agent"), steps.example_list(examples, page.lang))
        panel("cm-agent-tools", "", steps.tool_list(tools, page.lang))
        conversations = panel("cm-agent-conversations", script("agent"))
    with gr.Column(elem_id="cm-agent-middle", min_width=0):
        with gr.Column(elem_id="cm-agent-scroll", min_width=0):
            thread = panel("cm-agent-thread", script("agent"), steps.welcome(page.lang))
            live = panel("cm-agent-live", script("agent"))
        with gr.Column(elem_id="cm-agent-input", min_width=0):
            box = typing_box(page, "agent", "cm-agent-box")
    with gr.Column(elem_id="cm-agent-right", min_width=0):
        found = panel("cm-agent-evidence", "", evidence.panel(evidence.Shown(), page.lang))
    return Parts(gr.State(""), new, tasks, conversations, thread, live, box, found)


def _connect_tasks(page: Page, desk: Desk, parts: Parts) -> None:
    given = [parts.current, page.backend, page.speed]

    def send(visit: Visit, words: str, *rest: Any) -> Iterator[Updates]:
        yield from _run(page, desk, parts, Task(words, visit.session, visit.owner, *rest))

    def suggest(visit: Visit, *rest: Any) -> Iterator[Updates]:
        yield from _run(page, desk, parts, Task(visit.words("text"), visit.session, visit.owner, *rest))

    connect(page, parts.box.submit, send, [parts.box, *given], parts.shown(), trigger_mode="multiple")
    connect(page, parts.tasks.suggest, suggest, given, parts.shown(), trigger_mode="multiple")
    connect(page, parts.box.stop, lambda visit: desk.sessions.stop(visit.session) and None, queue=False)


def _run(page: Page, desk: Desk, parts: Parts, task: Task) -> Iterator[Updates]:
    """The changes, for as long as the reader looks at this conversation; what comes is kept either way."""
    for change in desk.sessions.watched(task.session, perform(page, desk, task)):
        yield _updates(page, parts, change)


def _updates(page: Page, parts: Parts, change: Change) -> Updates:
    plain = {
        parts.thread: change.thread,
        parts.live: change.live,
        parts.evidence: change.evidence,
        parts.conversations: change.conversations,
        parts.current: change.current,
    }
    updates: Updates = {part: value for part, value in plain.items() if value is not None}
    if change.box is not None or change.busy is not None:
        updates[parts.box] = box_update(page, "agent", change.busy, change.box)
    return updates


def _connect_conversations(page: Page, desk: Desk, parts: Parts) -> None:
    def opened(visit: Visit) -> Updates:
        return _opened(page, desk, parts, visit, visit.words("id"))

    def started(visit: Visit) -> Updates:
        return _opened(page, desk, parts, visit, "")

    def delete(visit: Visit, current: str) -> Updates:
        thread = visit.words("id")
        if desk.threads.delete(visit.owner, thread) and page.context.status().state == "ready":
            page.context.agent().forget(thread)
        if thread == current:
            return _opened(page, desk, parts, visit, "")
        return {parts.conversations: steps.conversation_list(desk.threads.all(visit.owner), current, page.lang)}

    def cite(visit: Visit, current: str) -> str:
        runs = desk.threads.runs(visit.owner, current)
        run = next((run for run in runs if run.id == visit.number("turn")), None)
        return (
            sources(page, run.record, run.id, visit.number("n")) if run else evidence.panel(evidence.Shown(), page.lang)
        )

    connect(page, parts.conversations.choose, opened, None, parts.shown())
    connect(page, parts.conversations.delete, delete, [parts.current], parts.shown())
    connect(page, parts.new.click, started, None, parts.shown())
    connect(page, page.blocks.load, started, None, parts.shown())
    connect(page, parts.thread.cite, cite, [parts.current], parts.evidence, queue=False)


def _opened(page: Page, desk: Desk, parts: Parts, visit: Visit, thread: str) -> Updates:
    """A kept conversation, or a new one for "" and for one that is not there."""
    desk.sessions.turn_page(visit.session)
    runs = desk.threads.runs(visit.owner, thread) if thread else []
    current, last = thread if runs else "", runs[-1] if runs else None
    return {
        parts.current: current,
        parts.thread: steps.thread(runs, page.lang) if runs else steps.welcome(page.lang),
        parts.live: "",
        parts.box: box_update(page, "agent", busy=False),
        parts.evidence: sources(page, last.record, last.id) if last else evidence.panel(evidence.Shown(), page.lang),
        parts.conversations: steps.conversation_list(desk.threads.all(visit.owner), current, page.lang),
    }
