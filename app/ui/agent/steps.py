"""A task as HTML: the question, each step with its tool, arguments, result and time, and the checked answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.agents import AgentRecord, AgentRun, KeptStep
from app.conversations import Conversation
from app.ui.answers import DOTS, button, chip, facts, question_html, said
from app.ui.i18n import Language, catalog, text
from app.ui.markup import attribute, blocks, inline
from models.types import Answer

ARGUMENT_CHARACTERS = 80  # of the line that stands for a closed step


def tool_name(tool: str, lang: Language) -> str:
    """The tool's name for people; its own where nobody has translated it."""
    return catalog(lang).get(f"agent.tool_{tool}", tool)


def tool_list(tools: Sequence[tuple[str, str]], lang: Language) -> str:
    """What the agent can do: (name, what the model is told) of each tool."""
    rows = "".join(
        f"<li><b>{inline(tool_name(name, lang))}</b><span>{inline(catalog(lang).get(f'agent.does_{name}', told))}</span></li>"
        for name, told in tools
    )
    return f'<div class="cm-tools"><h6>{text("agent.tools", lang)}</h6><ul>{rows}</ul></div>'


def example_list(tasks: Sequence[str], lang: Language) -> str:
    """Tasks to try, as buttons that run themselves."""
    pills = "".join(
        f'<button type="button" class="cm-pill" data-act="suggest" data-text="{attribute(task)}">{inline(task)}</button>'
        for task in tasks
    )
    return f'<div class="cm-tasks"><h6>{text("agent.examples", lang)}</h6>{pills}</div>'


def conversation_list(conversations: Sequence[Conversation], current: str, lang: Language) -> str:
    """The conversations, newest first, each to be opened or deleted."""
    rows = "".join(_conversation(one, one.id == current, lang) for one in conversations)
    empty = f'<p class="cm-empty">{text("agent.no_conversations", lang)}</p>'
    body = f"<ul>{rows}</ul>" if rows else empty
    return f'<nav class="cm-history" aria-label="{text("agent.conversations", lang)}"><h6>{text("agent.conversations", lang)}</h6>{body}</nav>'


def _conversation(one: Conversation, on: bool, lang: Language) -> str:
    current = ' aria-current="true"' if on else ""
    return (
        f'<li class="cm-conversation{" on" if on else ""}" data-id="{attribute(one.id)}">'
        f'<button type="button" class="cm-open" data-act="open" title="{attribute(one.title)}"{current}>{inline(one.title)}</button>'
        f"{button('delete', 'trash', text('history.delete', lang))}</li>"
    )


def welcome(lang: Language) -> str:
    """What stands in the middle before anything has been asked."""
    lead = f'<p class="cm-lead">{text("agent.lead", lang)}</p>'
    return f'<section class="cm-welcome"><h2>{text("agent.title", lang)}</h2>{lead}</section>'


def thread(runs: Sequence[AgentRun], lang: Language) -> str:
    """The tasks of a conversation, oldest first."""
    return "".join(run_html(run.task, run.record, lang, run.id) for run in runs)


def run_html(task: str, record: AgentRecord, lang: Language, turn: int = 0) -> str:
    """A task that is over, well or badly."""
    parts = [question_html(task, lang), steps_html(record.steps, lang)]
    if record.answer is not None:
        parts.append(_answer(record.answer, record, lang))
    else:
        why = record.note or text("agent.stopped" if record.stopped else "agent.no_answer", lang)
        parts.append(f'<article class="cm-none cm-error" role="alert"><p>{inline(why)}</p></article>')
    return f'<section class="cm-turn" data-turn="{turn}">{"".join(parts)}</section>'


def working(task: str, steps: Sequence[KeptStep], draft: str, lang: Language) -> str:
    """A task on its way: its steps, and what is being done now."""
    doing = steps[-1] if steps and steps[-1].ms is None else None
    if draft:
        now = f'<article class="cm-a" aria-busy="true"><div class="cm-body cm-draft">{blocks(draft)}</div></article>'
    else:
        words = text("agent.doing", lang, tool=tool_name(doing.tool, lang)) if doing else text("agent.choosing", lang)
        now = (
            f'<article class="cm-a cm-waiting" aria-busy="true">{DOTS}<span role="status">{inline(words)}</span>'
            '<span class="cm-elapsed" aria-hidden="true"></span></article>'
        )
    return f'<section class="cm-turn">{question_html(task, lang)}{steps_html(steps, lang)}{now}</section>'


def steps_html(steps: Sequence[KeptStep], lang: Language) -> str:
    """The steps in order, each closed to one line."""
    rows = "".join(_step(step, lang) for step in steps)
    return f'<ol class="cm-steps" aria-label="{text("agent.steps", lang)}">{rows}</ol>' if rows else ""


def _step(step: KeptStep, lang: Language) -> str:
    ms = text("agent.seconds", lang, seconds=f"{step.ms / 1e3:.1f}") if step.ms is not None else ""
    state = text(f"agent.status_{step.status}", lang) if step.status != "done" else ""
    given = "".join(f"<dt>{inline(str(k))}</dt><dd>{inline(str(v))}</dd>" for k, v in step.arguments.items())
    arguments = f"<dl>{given}</dl>" if given else f'<p class="cm-empty">{text("agent.no_arguments", lang)}</p>'
    chips = "".join(chip(n, lang) for n in step.numbers)
    result = f'<div class="cm-body">{blocks(step.result)}</div>' if step.result else ""
    return (
        f'<li class="cm-step cm-step-{step.status}"><details data-step="{step.n}"><summary>'
        f"<i>{step.n}</i><b>{inline(tool_name(step.tool, lang))}</b>"
        f'<span class="cm-step-line">{inline(brief(step.arguments))}</span>'
        f'<span class="cm-step-state">{state}</span><time>{ms}</time></summary>'
        f"<div class='cm-step-more'><h6>{text('agent.arguments', lang)}</h6>{arguments}"
        f"<h6>{text('agent.result', lang)} {chips}</h6>{result}</div></details></li>"
    )


def brief(arguments: Mapping[str, Any]) -> str:
    """The arguments on one short line."""
    line = " · ".join(" ".join(str(value).split()) for value in arguments.values() if str(value))
    return line if len(line) <= ARGUMENT_CHARACTERS else line[: ARGUMENT_CHARACTERS - 1] + "…"


def _answer(answer: Answer, record: AgentRecord, lang: Language) -> str:
    kind = "cm-none" if answer.refused else "cm-a"
    figures = "".join(f"<span>{fact}</span>" for fact in facts(answer, lang))
    steps = f"<span>{text('agent.count', lang, count=len(record.steps))}</span>"
    limit = f"<span>{text(f'agent.limit_{record.limit}', lang)}</span>" if record.limit else ""
    model = attribute(f"{answer.backend} · {answer.model}")
    meta = f'<div class="cm-meta" title="{model}">{steps}{figures}{limit}</div>'
    return f'<article class="{kind}">{said(answer, lang)}{meta}</article>'
