"""Works out an expression exactly, so that no model has to do arithmetic in its head."""

from __future__ import annotations

from pydantic import Field

from chains.tools.arithmetic import evaluate, shown
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, worked_out


class CalculateArguments(Arguments):
    """See the tool."""

    expression: str = Field(description="숫자와 괄호로 된 식, 예: (3+4)*2", min_length=1)


def run(arguments: CalculateArguments, context: ToolContext) -> ToolResult:
    """expression = value, as a passage that can be cited."""
    value = shown(evaluate(arguments.expression))
    equals = value.replace("≈", "").strip()
    sign = "≈" if value.startswith("≈") else "="
    return worked_out("계산", f"{arguments.expression} {sign} {equals}")


TOOL = Tool("calculate", "숫자 식을 정확히 계산한다.", CalculateArguments, run, timeout_s=5.0, order=50)
