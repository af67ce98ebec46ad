"""Runs an experiment of the course, where the application brings some along."""

from __future__ import annotations

import difflib

from pydantic import Field

from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, worked_out
from models.errors import InputError

ASKED = r"실험|시뮬|돌려|lab|experiment|simulat"


class LabArguments(Arguments):
    """See the tool."""

    lab: str = Field(description="실험 이름", min_length=1, max_length=80)
    values: dict[str, float] = Field(default_factory=dict, description="설정 값", max_length=20)


def run(arguments: LabArguments, context: ToolContext) -> ToolResult:
    """What the experiment says. Raises InputError for one that is not there."""
    if arguments.lab not in context.labs:
        near = difflib.get_close_matches(arguments.lab, context.labs, n=3, cutoff=0.3) or sorted(context.labs)
        known = "; ".join(f"{name}: {context.labs[name].about}" for name in near)
        detail = f"There is no lab {arguments.lab!r}; there are {known}"
        raise InputError(detail=detail, text_key="agent.no_lab", name=arguments.lab, near=known)
    return worked_out(arguments.lab, context.labs[arguments.lab].run(arguments.values))


TOOL = Tool(
    "run_lab",
    "강의의 실험을 실행한다.",
    LabArguments,
    run,
    offered=lambda c: bool(c.labs),
    timeout_s=120.0,
    order=70,
    asked=ASKED,
)
