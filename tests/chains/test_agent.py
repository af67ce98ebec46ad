"""The agent's loop with scripted models: steps, limits, stops, failures, memory, and answers that rest on results alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from chains.agent import Agent, AgentOptions, Finished
from chains.agent_loop import Step, StepStarted, readable, repeats
from chains.rag import AskOptions
from chains.retrieve import CourseRetriever
from chains.tools import base, calculate, search
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult
from models.errors import BackendUnreachable, CourseMateError, InputError

Turn = str | tuple[str, dict[str, Any]] | CourseMateError


class Scripted(BaseChatModel):
    """Plays its turns one after another, the last again and again: words, a tool call, or an error.

    choices: how it was asked; offered: the tools it was told of.
    """

    turns: list[Any]
    choices: list[Any] = Field(default_factory=list)
    seen: list[Any] = Field(default_factory=list)
    offered: list[Any] = Field(default_factory=list)
    waits: bool = False

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, *, tool_choice: Any = None, **kwargs: Any) -> Any:
        self.offered.append([tool if isinstance(tool, dict) else tool.name for tool in tools])
        return self.bind(tool_choice=tool_choice)

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.choices.append(kwargs.get("tool_choice"))
        self.seen.append(messages)
        if self.waits:
            await asyncio.Event().wait()
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, CourseMateError):
            raise turn
        if isinstance(turn, tuple) and kwargs.get("tool_choice") != "none":
            call = tool_call_chunk(name=turn[0], args=_json(turn[1]), id=f"c{len(self.choices)}", index=0)
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[call]))
            return
        for piece in (turn if isinstance(turn, str) else "끝.").split(" "):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece + " "))


def _json(values: dict[str, Any]) -> str:
    import json

    return json.dumps(values, ensure_ascii=False)


@pytest.fixture
def agent_of(
    retriever: CourseRetriever, engine_of: Callable[..., tuple], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Agent, Scripted]]:
    """An agent over a model of someone else's that plays these turns."""

    def build(*turns: Turn, small: bool = False, **changes: Any) -> tuple[Agent, Scripted]:
        engine, models = engine_of()
        model = Scripted(turns=list(turns), choices=[], seen=[], **changes)
        monkeypatch.setattr(models, "model", lambda backend: model)
        monkeypatch.setattr(models, "reading_rate", lambda backend: 75.0 if small else None)
        return Agent(engine, retriever, tmp_path / "agent.sqlite"), model

    return build


OPTIONS = AgentOptions(ask=AskOptions(backend="fake"), steps=3)
SEARCH = ("search", {"query": "드롭아웃은 왜 쓰나요?"})


def test_steps_are_told_and_the_answer_is_cited(agent_of: Callable[..., Any]) -> None:
    agent, _ = agent_of(
        SEARCH, "드롭아웃은 훈련할 때 뉴런의 출력을 정해진 확률로 무작위로 0으로 만드는 규제 기법입니다. [1]"
    )
    events = list(agent.stream("드롭아웃은 왜 쓰나요?", OPTIONS))
    started, step, finished = events[0], events[1], events[-1]
    assert isinstance(started, StepStarted) and started.tool == "search"
    assert isinstance(step, Step) and step.status == "done" and "[1] 06-mlp-overfitting.md" in step.result
    assert isinstance(finished, Finished) and finished.answer is not None
    assert not finished.answer.refused
    assert finished.answer.citations[0].source == "06-mlp-overfitting.md"
    assert finished.answer.sentences[0].supported


def test_what_no_result_holds_is_not_answered(agent_of: Callable[..., Any]) -> None:
    agent, _ = agent_of(SEARCH, "이 강의의 수강료는 2,000,000원입니다. [1]")
    answer = agent.run("수강료는 얼마인가요?", OPTIONS).answer
    assert answer.refused or not any(sentence.supported for sentence in answer.sentences)
    agent, _ = agent_of("수강료는 300만 원입니다.")
    assert agent.run("수강료는 얼마인가요?", OPTIONS).answer.refused


def test_an_endless_loop_ends(agent_of: Callable[..., Any]) -> None:
    turns = [("search", {"query": f"드롭아웃 {n}"}) for n in range(9)]
    agent, model = agent_of(*turns)
    finished = agent.run("드롭아웃은?", OPTIONS)
    assert (len(finished.steps), finished.limit, model.choices[-1]) == (3, "steps", "none")
    agent, model = agent_of(SEARCH)
    finished = agent.run("드롭아웃은?", OPTIONS)
    assert (len(finished.steps), finished.limit) == (2, "repeated")


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (("format_disk", {"path": "/"}), "There is no tool 'format_disk'"),
        (("search", {"query": 7}), "cannot use 7"),
        (("calculate", {"expression": "9**9**9"}), "too large|stands neither"),
    ],
)
def test_a_bad_call_is_named_and_the_agent_goes_on(agent_of: Callable[..., Any], call: Any, why: str) -> None:
    agent, _ = agent_of(call, SEARCH, "드롭아웃은 규제 기법입니다. [1]")
    finished = agent.run("드롭아웃은 왜 쓰나요? 9", OPTIONS)
    assert [step.status for step in finished.steps] == ["failed", "done"]
    with pytest.raises(InputError, match=why):
        raise finished.steps[0].error
    assert finished.answer is not None


def _broken(arguments: Arguments, context: ToolContext) -> ToolResult:
    raise RuntimeError("secret path /srv/x")


def _hanging(arguments: Arguments, context: ToolContext) -> ToolResult:
    context.cancel.wait(30)
    return ToolResult("late")


@pytest.mark.parametrize(("run", "status"), [(_broken, "failed"), (_hanging, "timeout")])
def test_a_tool_that_fails_or_hangs_is_skipped(
    agent_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, run: Any, status: str
) -> None:
    tools = [Tool("calculate", "x", calculate.CalculateArguments, run, timeout_s=0.2), base.all_tools()["search"]]
    monkeypatch.setattr("chains.agent.offered", lambda context: tools)
    agent, _ = agent_of(("calculate", {"expression": "1"}), SEARCH, "드롭아웃은 규제 기법입니다. [1]")
    finished = agent.run("드롭아웃은?", OPTIONS)
    assert [step.status for step in finished.steps] == [status, "done"]
    assert "calculate" in str(finished.steps[0].error)
    assert "/srv" not in finished.steps[0].result
    assert finished.answer is not None


def test_a_backend_that_dies_keeps_what_was_done(agent_of: Callable[..., Any]) -> None:
    agent, _ = agent_of(SEARCH, BackendUnreachable(backend="openai", url="https://api.invalid", detail="gone"))
    finished = agent.run("드롭아웃은?", OPTIONS)
    assert isinstance(finished.error, BackendUnreachable)
    assert finished.answer is None
    assert finished.steps[0].status == "done" and finished.passages


def test_a_stop_takes_effect_while_the_model_thinks(agent_of: Callable[..., Any]) -> None:
    agent, model = agent_of("nie", waits=True)
    cancel = threading.Event()
    options = AgentOptions(ask=AskOptions(backend="fake", cancel=cancel))
    threading.Thread(target=lambda: (_until(lambda: bool(model.seen)), cancel.set())).start()
    finished = agent.run("드롭아웃은?", options)
    assert finished.stopped and finished.answer is None and finished.error is None


def _until(true: Callable[[], bool]) -> None:
    while not true():
        threading.Event().wait(0.01)


def test_a_thread_remembers_what_was_said_and_found(agent_of: Callable[..., Any]) -> None:
    options = AgentOptions(ask=AskOptions(backend="fake"), thread="mine")
    words = "드롭아웃은 훈련할 때 뉴런의 출력을 정해진 확률로 무작위로 0으로 만드는 규제 기법입니다. [1]"
    agent, _ = agent_of(SEARCH, words)
    agent.run("드롭아웃은 왜 쓰나요?", options)
    agent, model = agent_of(words)
    again = agent.run("다시 말해 줘", options)
    assert any("왜 쓰나요" in message.text for message in model.seen[0])
    assert again.answer.citations[0].source == "06-mlp-overfitting.md"
    agent.forget("mine")
    agent, model = agent_of(words)
    assert agent.run("다시 말해 줘", options).answer.refused


@pytest.mark.parametrize(
    ("task", "changes", "why"),
    [
        ("  ", {}, "empty"),
        ("가" * 100_000, {}, "100000 characters"),
        ("x", {"steps": 0}, "choose 1 to 20"),
        ("x", {"steps": 10**9}, "choose 1 to 20"),
        ("x", {"wall_s": float("nan")}, "choose 1 to"),
        ("x", {"thread": "a\nb"}, "one line"),
    ],
)
def test_tasks_that_cannot_be_done_are_refused_at_once(
    agent_of: Callable[..., Any], task: str, changes: dict[str, Any], why: str
) -> None:
    agent, model = agent_of("x")
    with pytest.raises(InputError, match=why):
        agent.run(task, AgentOptions(**changes))
    assert model.seen == []


IMAGES = "CIFAR-10의 훈련 이미지 수를 찾고 배치 크기 100으로 나누어 줘."


def called(finished: Finished) -> list[tuple[str, str]]:
    return [(step.tool, str(next(iter(step.arguments.values()), ""))) for step in finished.steps]


def test_a_small_model_only_reads_what_is_looked_up(agent_of: Callable[..., Any]) -> None:
    agent, model = agent_of("CIFAR-10의 훈련용 이미지는 50,000장입니다. [1]", small=True)
    finished = agent.run(IMAGES, OPTIONS)
    assert called(finished) == [("search", "CIFAR-10의 훈련 이미지 수"), ("calculate", "50,000 ÷ 100")]
    assert model.choices == ["none"]
    assert finished.answer.sentences[-1].text == "50,000 ÷ 100 = 500"
    assert [citation.source for citation in finished.answer.citations] == ["07-cnn.md", "계산"]
    assert "50,000장" in finished.answer.sentences[0].text


def test_among_several_numbers_a_small_model_chooses_by_their_phrases(agent_of: Callable[..., Any]) -> None:
    words = "CIFAR-10은 훈련용 50,000장과 평가용 10,000장으로 이루어집니다. [1]"
    agent, model = agent_of(words, ("choose", {"phrases": ["평가용 10,000장으로 이루어집니다"]}), small=True)
    finished = agent.run(IMAGES.replace("훈련", "평가"), OPTIONS)
    phrases = model.offered[-1][0]["function"]["parameters"]["properties"]["phrases"]["items"]["enum"]
    assert phrases == ["CIFAR-10은 훈련용 50,000장과", "평가용 10,000장으로 이루어집니다"]
    assert called(finished)[-1] == ("calculate", "10,000 ÷ 100")


def test_a_number_that_is_nowhere_is_searched_twice_and_not_made_up(agent_of: Callable[..., Any]) -> None:
    agent, _ = agent_of("자료에서 답을 찾을 수 없습니다.", small=True)
    finished = agent.run("수강료를 찾아서 2를 곱해 줘.", OPTIONS)
    assert [tool for tool, _ in called(finished)] == ["search", "search"]
    assert finished.answer.refused


def test_a_small_model_that_is_asked_a_question_answers_at_once(agent_of: Callable[..., Any]) -> None:
    agent, model = agent_of("드롭아웃은 훈련할 때 뉴런의 출력을 무작위로 0으로 만드는 규제 기법입니다. [1]", small=True)
    finished = agent.run("드롭아웃은 왜 쓰나요?", OPTIONS)
    assert called(finished) == [("search", "드롭아웃은 왜 쓰나요?")]
    assert model.choices == ["none"] and not finished.answer.refused


def test_a_search_that_fails_is_tried_once_more_and_nothing_is_calculated(
    agent_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = [Tool("search", "x", search.SearchArguments, _broken), base.all_tools()["calculate"]]
    monkeypatch.setattr("chains.agent.offered", lambda context: tools)
    agent, _ = agent_of("자료에서 답을 찾을 수 없습니다.", small=True)
    finished = agent.run(IMAGES, OPTIONS)
    assert {(step.tool, step.status) for step in finished.steps} == {("search", "failed")}
    assert finished.answer.refused


def test_a_small_model_is_held_to_the_form_of_the_arguments(agent_of: Callable[..., Any]) -> None:
    agent, model = agent_of(("calculate", {"expression": "3 + 4"}), "", small=True)
    assert agent.run("3 + 4를 계산해 줘.", OPTIONS).answer.text == "3 + 4 = 7"
    offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in model.offered[0]}
    assert offered["calculate"]["properties"]["expression"]["pattern"] == calculate.DIGITS_AND_SIGNS


def test_after_a_search_a_small_model_can_name_only_what_was_found(agent_of: Callable[..., Any]) -> None:
    agent, model = agent_of(("open_section", {"document": "15-finetuning.md"}), small=True)
    agent.run("LoRA를 설명하는 자료를 찾아서 목차를 보여 줘.", OPTIONS)
    document = model.offered[0][0]["function"]["parameters"]["properties"]["document"]
    assert "15-finetuning.md" in document["enum"]


def calls(*names: str) -> Iterator[Any]:
    from langchain_core.messages import AIMessage, ToolMessage

    yield HumanMessage("일")
    for n, name in enumerate(names):
        yield AIMessage("", tool_calls=[{"name": name, "args": {}, "id": f"{n}"}])
        yield ToolMessage("결과 " * 300, tool_call_id=f"{n}", name=name)


def test_repeats_are_seen_within_a_turn_only() -> None:
    assert repeats([*calls("a", "b", "a")])
    assert not repeats([*calls("a"), *calls("a")])


def test_a_small_context_keeps_the_newest_turns_whole() -> None:
    messages = [*calls("a"), *calls("b"), *calls("c", "d")]
    kept = readable(messages, 900)
    assert isinstance(kept[0], HumanMessage)
    assert {getattr(m, "name", None) for m in kept} >= {"c", "d"}
    assert "a" not in {getattr(m, "name", None) for m in kept}


def test_a_call_that_a_stop_left_without_a_result_is_forgotten() -> None:
    from langchain_core.messages import AIMessage

    left = AIMessage("", tool_calls=[{"name": "search", "args": {}, "id": "never"}])
    done = [*calls("a")]
    assert readable([*done, left], None) == done
