"""Tool calls for models that were never taught them: the next action is one JSON object that a grammar holds to the tools' schemas.

llama.cpp's own `tools` leave small models free to write what they like: with Qwen2.5-Coder's template `tool_choice: required`
binds nothing in the build we use, and the 0.5B and 1.5B answer with prose, fences or an endless newline. Here each action is
written under a JSON schema, one alternative a tool, so that an unknown tool, a wrong type or broken JSON cannot come out. Calls
and results go back to the model as ordinary turns, which every chat template knows, and the list of tools is a line each: a
schema in full costs a small model seconds of reading.

    shown = with_tools(messages, tools)                   what the model reads
    action_schema(tools, "auto")                          what it may write
    action_of('{"name": "search", "arguments": {"query": "드롭아웃"}}')
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

ANSWER = "answer"  # the action that ends the calls; no tool may be called so
NAME, ARGUMENTS = "name", "arguments"
TEXT_CHARACTERS = 160  # of an argument whose schema sets no bound: an endless one would be cut in mid-JSON
ACTION_TOKENS = 400  # more than the longest action that the schemas allow

LIST_HEAD = "쓸 수 있는 도구:"
LIST_END = '도구는 JSON 하나로 부릅니다. 예: {{"name": "{first}", "arguments": {{…}}}}\n결과만으로 답할 수 있으면 {{"name": "answer", "arguments": {{}}}}'
RESULT = "[{name} 결과]\n{text}"
FAILED = "[{name} 실패]\n{text}"
NEXT_ACTION = "다음 행동을 JSON 하나로 쓰세요. 아직 하지 않은 일이 있으면 그 도구를, 다 했으면 answer를 고르세요."
ANSWER_NOW = "위 결과에 있는 내용만으로 질문에 한국어 한두 문장으로 답하세요. JSON은 쓰지 마세요. 결과에 답이 없으면 '자료에서 답을 찾을 수 없습니다.'라고만 쓰세요."

_KEPT = ("type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


def names_of(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of tools in OpenAI's form."""
    return [str(tool["function"]["name"]) for tool in tools]


def with_tools(
    messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]], last: str = ""
) -> list[BaseMessage]:
    """The conversation in turns that any chat template knows, the tools listed in its system message.

    last: an order to the model that stands behind everything else.
    """
    turns = [_plain(message) for message in messages]
    if tools:
        rules = turns.pop(0).text if turns and isinstance(turns[0], SystemMessage) else ""
        turns.insert(0, SystemMessage(f"{rules}\n\n{listing(tools)}".strip()))
    return [*turns, HumanMessage(last)] if last else turns


def listing(tools: Sequence[Mapping[str, Any]]) -> str:
    """A line a tool: its name, its arguments with what they are, and what it does."""
    lines = [_line(tool["function"]) for tool in tools]
    return "\n".join([LIST_HEAD, *lines, LIST_END.format(first=names_of(tools)[0])])


def _line(function: Mapping[str, Any]) -> str:
    properties: Mapping[str, Mapping[str, Any]] = function.get("parameters", {}).get("properties", {})
    arguments = ", ".join(
        f"{name}: {what}" if (what := value.get("description")) else name for name, value in properties.items()
    )
    return f"- {function['name']}({arguments}) {function.get('description', '')}".rstrip()


def _plain(message: BaseMessage) -> BaseMessage:
    if isinstance(message, ToolMessage):
        form = FAILED if message.status == "error" else RESULT
        return HumanMessage(form.format(name=message.name or "tool", text=message.text))
    if isinstance(message, AIMessage) and message.tool_calls:
        calls = [{NAME: call["name"], ARGUMENTS: call["args"]} for call in message.tool_calls]
        return AIMessage("\n".join(json.dumps(call, ensure_ascii=False) for call in calls))
    return message


def action_schema(tools: Sequence[Mapping[str, Any]], choice: Any = None) -> dict[str, Any]:
    """JSON schema of the next action. choice: LangChain's `tool_choice`; a tool's own leaves only that one, "required" no answer."""
    wanted = choice["function"]["name"] if isinstance(choice, Mapping) else None
    offered = [tool["function"] for tool in tools if wanted in (None, tool["function"]["name"])]
    actions = [_action(str(f["name"]), _bounded(f.get("parameters", {}))) for f in offered]
    if choice in (None, "auto"):
        actions.append(_action(ANSWER, {"type": "object", "properties": {}, "additionalProperties": False}))
    return {"oneOf": actions}


def _action(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {NAME: {"const": name}, ARGUMENTS: arguments},
        "required": [NAME, ARGUMENTS],
        "additionalProperties": False,
    }


def _bounded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a grammar can hold to, without the words for people; texts get a bound where they have none."""
    kept: dict[str, Any] = {key: schema[key] for key in _KEPT if key in schema}
    kind = schema.get("type")
    if "pattern" in schema:
        return {"type": "string", "pattern": schema["pattern"]}
    if kind == "string" and not {"enum", "const"} & kept.keys():
        kept["maxLength"] = min(TEXT_CHARACTERS, schema.get("maxLength", TEXT_CHARACTERS))
    if kind == "array":
        kept |= {"items": _bounded(schema.get("items", {"type": "string"})), "maxItems": schema.get("maxItems", 8)}
    if kind == "object" or not schema:
        properties = schema.get("properties", {})
        kept |= {"type": "object", "properties": {name: _bounded(value) for name, value in properties.items()}}
        kept |= {"required": schema.get("required", []), "additionalProperties": False}
    return kept


def action_of(text: str) -> tuple[str, dict[str, Any]] | None:
    """The action's name and arguments; None for text that is none, such as one that was cut off."""
    try:
        action = json.loads(text)
    except ValueError:
        return None
    if not isinstance(action, dict) or not isinstance(action.get(ARGUMENTS), dict):
        return None
    return str(action.get(NAME)), action[ARGUMENTS]
