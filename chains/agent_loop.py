"""The fences of the agent's loop as LangChain middleware: steps, time, repeated calls, tools that fail or hang, and its events.

before each model call   no tools any more once the steps or the time are used up, or a call was repeated: only an answer
around each tool call    its start and its end are told; what it raises and what takes too long become its result
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool

from chains.agent_findings import Findings, artifact, rendered
from chains.pack import estimate_tokens
from chains.tools.base import Tool, ToolContext, ToolResult
from models.errors import CourseMateError, InputError
from models.types import Passage

log = logging.getLogger(__name__)

StepStatus = Literal["done", "failed", "timeout"]
Limit = Literal["", "steps", "time", "repeated"]
Outcome = tuple[StepStatus, CourseMateError | None, ToolResult]
Handler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
Act = Callable[[ModelRequest[Any], Handler], Awaitable[ModelResponse[Any]]]
ARGUMENT_CHARACTERS = 2_000
SMALL_PROMPT_TOKENS = 2_400  # of a local model's context: the rest is for rules, tools and the answer


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A tool is called. n: counts from 1 in a run; arguments: as the model gave them."""

    n: int
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A tool call that is over. result: what the model was told; ms: how long it took; passages: what the result rests on.

    error: why it failed, for a person; None where it did not.
    """

    n: int
    tool: str
    arguments: Mapping[str, Any]
    result: str
    ms: float
    status: StepStatus = "done"
    passages: tuple[Passage, ...] = ()
    error: CourseMateError | None = None


@dataclass(slots=True)
class Run:
    """The state of one run. task: what is to be done. deadline: of time.monotonic(), after which only an answer is written.

    small: of a model of this host. answered: the last tool told all there is to tell.
    """

    task: str
    context: ToolContext
    tools: Mapping[str, Tool]
    findings: Findings
    most_steps: int
    deadline: float
    small: bool
    steps: list[Step] = field(default_factory=list)
    started: int = 0
    limit: Limit = ""
    answered: bool = False

    def given(self) -> str:
        """The task and everything found, where a calculation's numbers must come from."""
        return "\n".join([self.task, *(found.text for found in self.findings.passages)])


class Fences(AgentMiddleware):
    """See the module; made anew for each run. act: what a small model does next (chains/agent_guide.py)."""

    def __init__(self, run: Run, act: Act | None = None) -> None:
        super().__init__()
        self._run, self._act = run, act

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        run = self._run
        run.limit = self._limit(request.messages)
        changed = request.override(messages=readable(request.messages, SMALL_PROMPT_TOKENS if run.small else None))
        if run.limit:
            changed = changed.override(tool_choice="none")
        return await (self._act(changed, handler) if self._act else handler(changed))

    def _limit(self, messages: Sequence[AnyMessage]) -> Limit:
        run = self._run
        if run.started >= run.most_steps:
            return "steps"
        if time.monotonic() >= run.deadline:
            return "time"
        return "repeated" if repeats(messages) else ""

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> ToolMessage:
        run, call, began = self._run, request.tool_call, time.perf_counter()
        run.started += 1
        n, tell = run.started, request.runtime.stream_writer
        tell(StepStarted(n, call["name"], _shown(call["args"])))
        status, error, result = await self._called(call)
        passages, run.answered = run.findings.add(result), bool(result.said)
        text = rendered(result, passages)
        step = Step(
            n, call["name"], _shown(call["args"]), text, (time.perf_counter() - began) * 1e3, status, passages, error
        )
        run.steps.append(step)
        tell(step)
        return ToolMessage(
            text,
            name=call["name"],
            tool_call_id=call["id"],
            artifact=artifact(passages),
            status="success" if status == "done" else "error",
        )

    async def _called(self, call: Mapping[str, Any]) -> Outcome:
        run, tool = self._run, self._run.tools.get(call["name"])
        if tool is None:
            name, known = str(call["name"])[:60], ", ".join(run.tools)
            detail = f"There is no tool {name!r}; the tools are {known}."
            return _failed(InputError(detail=detail, text_key="agent.no_tool", name=name, known=known))
        if run.started > run.most_steps:
            detail = f"The {run.most_steps} steps of this run are used up; answer with what is there."
            return _failed(InputError(detail=detail, text_key="agent.used_up", steps=run.most_steps))
        try:
            return await outcome(tool, call["args"], replace(run.context, given=run.given))
        except TimeoutError:
            detail = f"The tool {tool.name} gave nothing within {tool.timeout_s:g} s; go on without it."
            late = InputError(detail=detail, text_key="agent.tool_late", name=tool.name, seconds=tool.timeout_s)
            return _failed(late, "timeout")


def _failed(error: CourseMateError, status: StepStatus = "failed") -> Outcome:
    return status, error, ToolResult(str(error))


async def outcome(tool: Tool, values: Mapping[str, Any], context: ToolContext) -> Outcome:
    """Runs a tool in a thread of its own, which nobody waits for once it is late. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Outcome] = loop.create_future()

    def give(came: Outcome) -> None:
        if not done.done():
            done.set_result(came)

    def work() -> None:
        came = attempted(tool, values, context)
        if not loop.is_closed():
            loop.call_soon_threadsafe(give, came)

    threading.Thread(target=work, name=f"coursemate-tool-{tool.name}", daemon=True).start()
    async with asyncio.timeout(tool.timeout_s):
        return await done


def attempted(tool: Tool, values: Mapping[str, Any], context: ToolContext) -> Outcome:
    """What became of a call; never raises."""
    try:
        return "done", None, tool.call(values, context)
    except CourseMateError as error:
        return _failed(error)
    except Exception as error:  # the edge of the loop: the model and the person are told, the log has the trace
        log.exception("the tool %s failed", tool.name)
        kind = type(error).__name__
        detail = f"The tool {tool.name} failed ({kind}); go on without it."
        return _failed(InputError(detail=detail, text_key="agent.tool_failed", name=tool.name, kind=kind))


def as_langchain(tool: Tool) -> BaseTool:
    """The tool as the model is told of it; the loop itself calls it through `Fences`."""

    def unused(**values: Any) -> str:
        raise RuntimeError(f"{tool.name} is called through the loop")

    return StructuredTool.from_function(
        unused, name=tool.name, description=tool.description, args_schema=tool.arguments, infer_schema=False
    )


def repeats(messages: Sequence[AnyMessage]) -> bool:
    """Whether the last call of this turn is one that was made in it before."""
    calls: list[str] = []
    for message in messages:
        if isinstance(message, HumanMessage):
            calls = []
        elif isinstance(message, AIMessage):
            calls += [json.dumps([call["name"], call["args"]], sort_keys=True) for call in message.tool_calls]
    return bool(calls) and calls[-1] in calls[:-1]


def readable(messages: Sequence[AnyMessage], tokens: int | None) -> list[AnyMessage]:
    """Whole turns, newest last, as many as fit into `tokens`; without calls whose results never came (a stopped run's).

    The turn that is being answered is always there; of its results the oldest are shortened where it alone is too long.
    """
    answered = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    whole = [
        message
        for message in messages
        if not (isinstance(message, AIMessage) and any(call["id"] not in answered for call in message.tool_calls))
    ]
    if tokens is None:
        return whole
    turns: list[list[AnyMessage]] = []
    for message in whole:
        if isinstance(message, HumanMessage) or not turns:
            turns.append([])
        turns[-1].append(message)
    kept = _shortened(turns.pop(), tokens) if turns else []
    left = tokens - sum(_cost(message) for message in kept)
    while turns and (left := left - sum(_cost(message) for message in turns[-1])) >= 0:
        kept = turns.pop() + kept
    return kept


def _cost(message: AnyMessage) -> int:
    return estimate_tokens(message.text) + 12


def _shortened(turn: list[AnyMessage], tokens: int) -> list[AnyMessage]:
    over = sum(_cost(message) for message in turn) - tokens
    shorter = []
    for message in turn:
        if over > 0 and isinstance(message, ToolMessage) and message is not turn[-1]:
            text = message.text[:160]
            over -= _cost(message)
            message = message.model_copy(update={"content": text + "…"})
            over += _cost(message)
        shorter.append(message)
    return shorter


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for people and the record; endless ones are cut."""
    return {
        str(name)[:80]: value[:ARGUMENT_CHARACTERS] if isinstance(value, str) else value
        for name, value in values.items()
    }
