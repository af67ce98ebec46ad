"""`coursemate agent "TASK"`: a model takes steps with tools until it can answer; each step is told as it ends, the answer is checked.

With `--json` each step is a line `{"step": …}` and the end one `{"task", "answer", …}`; without it steps go to stderr.
`--thread NAME` goes on with an earlier conversation.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.commands.ask import lines, row
from app.commands.base import Command, Context
from app.commands.interrupts import interruptible
from app.commands.questions import Asked
from app.ui.i18n import localize, text
from models.errors import InputError

if TYPE_CHECKING:
    from chains.agent import AgentOptions, Finished
    from chains.agent_loop import Step

STEPS, WALL_S = 6, 240.0
RESULT_CHARACTERS = 300  # of a step on a terminal
FAILED, INTERRUPTED = 1, 130


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", help=text("cli.agent_task"))
    parser.add_argument("--backend", metavar="B", help=text("cli.ask_backend"))
    parser.add_argument("--model", metavar="M", help=text("cli.ask_model"))
    parser.add_argument("--max-steps", type=int, default=STEPS, metavar="N", help=text("cli.agent_steps"))
    parser.add_argument("--max-seconds", type=float, default=WALL_S, metavar="S", help=text("cli.agent_seconds"))
    parser.add_argument("--thread", default="", metavar="NAME", help=text("cli.agent_thread"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    from chains.agent import AgentOptions, Finished, checked
    from chains.agent_loop import Step

    task = sys.stdin.read() if arguments.task == "-" else arguments.task
    thread = f"cli/{arguments.thread}" if arguments.thread else ""
    plain = AgentOptions(thread=thread, steps=arguments.max_steps, wall_s=arguments.max_seconds)
    checked(task, plain)
    wiring = context.wiring
    backend = wiring.pool.backend(arguments.backend or wiring.settings.backend).name
    wiring.choose(backend=backend, **{"model" if backend == "local" else f"{backend}_model": arguments.model})
    with interruptible() as cancel:
        options: AgentOptions = replace(plain, ask=wiring.ask_options(cancel=cancel))
        for event in wiring.agent().stream(task, options):
            if isinstance(event, Step):
                _tell(event, arguments.json, context)
            elif isinstance(event, Finished):
                return _end(event, arguments.json, context)
    raise InputError(detail="The run ended without an answer; try again.")


def _tell(step: Step, as_json: bool, context: Context) -> None:
    if as_json:
        context.console.emit({"step": step_row(step)})
        return
    arguments = ", ".join(f"{name}={value!r}" for name, value in step.arguments.items())
    head = text("cli.agent_step", context.lang, n=step.n, tool=step.tool, arguments=arguments, seconds=step.ms / 1e3)
    said = localize(step.error, context.lang) if step.error else step.result
    context.console.say(head)
    context.console.say("    " + said[:RESULT_CHARACTERS].replace("\n", "\n    "))


def step_row(step: Step) -> dict[str, Any]:
    """A step as JSON. passages: numbers of what it found."""
    return {
        "n": step.n,
        "tool": step.tool,
        "arguments": dict(step.arguments),
        "status": step.status,
        "result": step.result,
        "ms": round(step.ms, 1),
        "passages": [found.n for found in step.passages],
    }


def _end(finished: Finished, as_json: bool, context: Context) -> int:
    console, lang, answer = context.console, context.lang, finished.answer
    if as_json:
        answered = row(Asked("", finished.question), answer, lang) if answer else {"answer": None}
        answered = {key: value for key, value in answered.items() if key not in {"id", "question"}}
        why = str(finished.error) if finished.error else None
        ends = {"limit": finished.limit, "stopped": finished.stopped, "error": why}
        console.emit({"task": finished.question, **answered, "steps": [step_row(s) for s in finished.steps], **ends})
    elif answer:
        for line in lines(answer, lang):
            console.result(line)
    if finished.limit:
        console.say(text(f"agent.limit_{finished.limit}", lang))
    if finished.error:
        console.say(text("agent.broke_off", lang, why=localize(finished.error, lang), steps=len(finished.steps)))
    return FAILED if finished.error else INTERRUPTED if finished.stopped else 0


COMMAND = Command("agent", configure, run)
