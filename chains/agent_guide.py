"""What keeps a small model on its way through a task: it decides little, and what it decides stands under a grammar.

Left to itself a model of 1.5B leaves steps out, takes numbers from nowhere and answers from memory. So
- what the task's words say is done without asking it: the search comes first, the arithmetic is read from the words (agent_plan.py);
- what was looked up is answered like any question and checked, before anything is worked out from it;
- a calculation takes its numbers from that answer alone; where there are several, the model chooses among the phrases they stand in;
- each tool that the task names has to work once, in the order in which it names them, before the model may answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, HumanMessage

from chains.agent_loop import Handler, Run
from chains.agent_plan import Wording, named_tools, worded
from chains.numbers import numbers
from chains.templates import find
from chains.tools.base import is_computed
from chains.tools.quantities import Quantity, quantities, written
from models.types import Answer

PASSAGES = 3
QUERY_CHARACTERS = 400
ANSWER_TOKENS = 160  # a small model that writes on repeats itself
CHOICE_TOKENS = 120
MOST_CHOICES = 12
CHOOSE = "자료에서 찾은 말:\n{found}\n\n질문: {question}\n질문이 묻는 수가 든 구절을 그대로 고르세요."
WORK_OUT = "자료에서 알아낸 것: {said}\n할 일: {task}\n알아낸 수와 할 일의 수로 식을 하나 쓰세요."

Check = Callable[[str, str], Answer]  # a question, a draft -> the checked answer over the documents found


@dataclass(slots=True)
class Guide:
    """Of one run. check: makes a checked answer of a draft. readings: answers that were tried over what a search found."""

    run: Run
    check: Check
    wording: Wording = field(init=False)
    named: list[str] = field(init=False)
    readings: int = 0

    def __post_init__(self) -> None:
        self.wording, self.named = worded(self.run.task, self.run.tools), named_tools(self.run.task, self.run.tools)
        if "calculate" not in self.named:
            self.wording = Wording(looked=self.wording.looked)

    @property
    def question(self) -> str:
        """What is to be answered from the documents."""
        return self.wording.question if self.wording.lookup else self.run.task

    async def act(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        """The model's next message: a call or the answer."""
        run = self.run
        if run.answered and not self.pending():
            return ModelResponse([AIMessage("")])  # its own words would add nothing to the tool's, and take seconds
        if run.limit:
            return await handler(self._answering(request))
        if query := self._query(request):
            return _calling("search", query=query)
        if self._found_nothing() and "calculate" in self.named:
            self.named.remove("calculate")
        if self._to_read():
            answered = await self._reading(request, handler)
            if answered is not None:
                return answered
        tools, choice = self._helped(request.tools)
        return await handler(self._answering(request).override(tools=tools, tool_choice=choice))

    def pending(self) -> list[str]:
        """Tools that the task names and that have not worked yet, in its order; two failures are enough."""
        done = {step.tool for step in self.run.steps if step.status == "done"}
        tried = Counter(step.tool for step in self.run.steps)
        return [name for name in self.named if name not in done and tried[name] < 2]

    def _query(self, request: ModelRequest[Any]) -> str:
        """What to search without asking the model: the thing to look up, then the whole task; "" where it is to decide."""
        run, searched = self.run, [step for step in self.run.steps if step.tool == "search"]
        if "search" not in run.tools:
            return ""
        lookup = self.wording.lookup
        worked = any(step.status == "done" for step in searched)
        if not searched:
            talked = sum(isinstance(message, HumanMessage) for message in request.messages) > 1
            plain = not self.named and not talked and not run.steps
            return lookup or (run.task[:QUERY_CHARACTERS] if plain or (self.wording.looked and not run.steps) else "")
        missed = lookup and len(searched) == 1 and "calculate" in self.pending() and (self.readings == 1 or not worked)
        return run.task[:QUERY_CHARACTERS] if missed else ""

    def _found_nothing(self) -> bool:
        """Whether the searches for what is to be looked up have failed."""
        searches = [step.status for step in self.run.steps if step.tool == "search"]
        return bool(self.wording.lookup) and len(searches) > 1 and "done" not in searches

    def _to_read(self) -> bool:
        """Whether the last step has found what is to be answered now."""
        last = self.run.steps[-1] if self.run.steps else None
        if last is None or last.tool != "search" or last.status != "done":
            return False
        waiting = self.pending()
        return (not waiting and self.readings == 0) or (waiting == ["calculate"] and bool(self.wording.lookup))

    async def _reading(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any] | None:
        """The answer to what was looked up where that was all, the calculation over it; None where it says nothing."""
        self.readings += 1
        response = await handler(self._answering(request).override(tool_choice="none"))
        draft = response.result[-1].text
        answer = self.check(self.question, draft)
        if "calculate" not in self.pending():
            return None if answer.refused else response
        if answer.refused:
            return self._missed(request)
        self.run.findings.read = answer
        expression = await self._expression(request, answer, draft)
        return _calling("calculate", expression=expression) if expression else self._missed(request)

    def _missed(self, request: ModelRequest[Any]) -> ModelResponse[Any] | None:
        """What to do where the documents do not hold the number: search once more, then go without."""
        if query := self._query(request):
            return _calling("search", query=query)
        self.named.remove("calculate")
        return None

    async def _expression(self, request: ModelRequest[Any], answer: Answer, draft: str) -> str:
        """The calculation; "" where the answer holds no number for it."""
        wording, found = self.wording, _operands(answer, draft, self.wording.lookup)
        if not found:
            return ""
        most = 1 if wording.operations else 2 if wording.together else 0
        if not most:
            return await self._written(request, answer, found)
        if len(found) > most:
            found = await self._chosen(request, found, most)
        return wording.expression([one.value for one in found])

    async def _chosen(self, request: ModelRequest[Any], found: Sequence[Quantity], most: int) -> list[Quantity]:
        """The quantities that are asked for: the model copies their phrases."""
        by_phrase = {one.phrase: one for one in found[:MOST_CHOICES]}
        listed = "\n".join(f"- {phrase}" for phrase in by_phrase)
        phrases = {"type": "array", "items": {"enum": [*by_phrase]}, "minItems": most, "maxItems": most}
        said = CHOOSE.format(found=listed, question=self.question)
        values = await _asked(request, "choose", {"phrases": phrases}, said)
        return [by_phrase[phrase] for phrase in values.get("phrases", ()) if phrase in by_phrase][:most]

    async def _written(self, request: ModelRequest[Any], answer: Answer, found: Sequence[Quantity]) -> str:
        """An expression that the model writes, of the numbers found and those of the task."""
        own = [one.value for one in quantities(self.run.task)]
        known = "|".join(
            dict.fromkeys(re.escape(_plain(value)) for value in [*(one.value for one in found), *own][:MOST_CHOICES])
        )
        pattern = f"^({known})( [-+*/] ({known})){{1,3}}$"
        said = WORK_OUT.format(said=answer.text, task=self.run.task)
        values = await _asked(request, "calculate", {"expression": {"type": "string", "pattern": pattern}}, said)
        return str(values.get("expression", ""))

    def _helped(self, offered: Sequence[Any]) -> tuple[list[Any], str | None]:
        """The tools, and the choice among them: what the task speaks of, one that it names first, not the one that just failed.

        The model chooses badly from a long list, and left to itself it answers from memory, so it calls one tool at least.
        """
        steps, pending = self.run.steps, self.pending()
        failed = steps[-1].tool if steps and steps[-1].status != "done" else ""
        found = any(step.status == "done" for step in steps)
        fits = {name for name, tool in self.run.tools.items() if re.search(tool.asked, self.run.task, re.I)}
        wanted = ({pending[0]} if pending and (found or self.wording.lookup) else fits) - {failed}
        tools = [self._narrowed(tool) for tool in offered if getattr(tool, "name", "") in wanted]
        return tools or list(offered), "any" if pending or not found else None

    def _narrowed(self, tool: Any) -> Any:
        """The tool with all that its arguments are held to (LangChain's own form loses patterns); its document one of those
        that were found where something was."""
        known = list(dict.fromkeys(one.chunk.source for one in self.run.findings.passages if not is_computed(one)))
        schema = self.run.tools[tool.name].arguments.model_json_schema()
        if known and "document" in schema.get("properties", ()):
            schema["properties"]["document"] |= {"enum": known}
            schema["required"] = [*dict.fromkeys([*schema.get("required", ()), "document"])]
        return _shaped(tool.name, tool.description, schema)

    def _answering(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        """The request with the prompt of an ordinary question over what was found, on which the checks are calibrated.

        A small model that answers at the end of a conversation with tools refuses half of what it has before its eyes.
        """
        found = [one for one in self.run.findings.passages if not is_computed(one)]
        best = sorted(found, key=lambda one: (-one.score, one.n))[:PASSAGES]
        prompt = find("").messages({"passages": best, "history": (), "question": self.question}) if best else None
        settings = {"max_tokens": ANSWER_TOKENS, "answer_with": prompt}
        return request.override(model_settings={**request.model_settings, **settings})


def _operands(answer: Answer, draft: str, lookup: str) -> list[Quantity]:
    """Quantities that the answer tells beyond what was asked, those in the model's own words first if its source holds them."""
    shown = "\n".join([*(sentence.text for sentence in answer.sentences), *(one.quote for one in answer.citations)])
    asked, held = numbers(lookup), quantities(shown)
    values = {one.value for one in held} - asked
    own = [one for one in quantities(draft) if one.value in values]
    kept = own or [one for one in held if one.value in values]
    return list({one.value: one for one in reversed(kept)}.values())[::-1]


def _plain(value: float) -> str:
    return written(value).replace(",", "")


def _calling(name: str, **values: Any) -> ModelResponse[Any]:
    call = {"name": name, "args": values, "id": f"call_{uuid4().hex[:12]}", "type": "tool_call"}
    return ModelResponse([AIMessage("", tool_calls=[call])])


async def _asked(request: ModelRequest[Any], name: str, properties: Mapping[str, Any], said: str) -> Mapping[str, Any]:
    """What the model fills in, held to the schema; {} where it writes none of it."""
    schema = {"type": "object", "properties": dict(properties), "required": list(properties)}
    model = request.model.bind_tools([_shaped(name, "", schema)], tool_choice="any", max_tokens=CHOICE_TOKENS)
    answer = await model.ainvoke([HumanMessage(said)])
    return answer.tool_calls[0]["args"] if answer.tool_calls else {}


def _shaped(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A tool in OpenAI's form, as the model is told of it."""
    return {"type": "function", "function": {"name": name, "description": description, "parameters": dict(schema)}}
