"""Works out an expression exactly, so that no model has to do arithmetic in its head."""

from __future__ import annotations

import math
import re

from pydantic import Field

from chains.numbers import claimed_numbers, numbers
from chains.tools.arithmetic import evaluate, python_form, shown
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, worked_out
from chains.tools.quantities import quantities
from models.errors import InputError

USUAL = frozenset({0.0, 1.0, 2.0, 4.0, 8.0, 10.0, 24.0, 60.0, 100.0, 1e3, 1024.0, 3600.0, 1e6, 1e9})  # units

# What a grammar lets the local model write; others are told of it, and what else can be calculated is.
DIGITS_AND_SIGNS = r"^[0-9(.-][0-9+*/().% -]{0,80}$"
# Numbers that something is done with, or an order to calculate; not every question in which something is divided.
ASKED = (
    r"\d\s*[+*/×÷^]\s*\(?\d|\d\)?\s+-\s+\(?\d|\d[^\d.?!]{0,14}(곱|더하|더해|더한|빼|뺀|나누|나눈|나눠)|\d\S{0,2}\s*\d*\s*제곱"
    r"|의\s*\d[\d.,]*\s*(%|퍼센트|프로)(?!\s*인)|계산(해|하면|하세요|하라|한 값|한 결과)"
    r"|(곱해|더해|나눠|빼|합쳐|합을 구해|평균을 구해|차이를 구해|비율을 구해)\s*(줘|주세요|봐|보세요|주십시오)"
    r"|\b(multiply|divide|subtract|calculate|compute)\b|\b(times|plus|minus|add)\s+\d|\d\s*(%|percent)\s+of\b"
)


class CalculateArguments(Arguments):
    """See the tool."""

    expression: str = Field(
        description="숫자와 연산자로 된 식", min_length=1, json_schema_extra={"pattern": DIGITS_AND_SIGNS}
    )


def run(arguments: CalculateArguments, context: ToolContext) -> ToolResult:
    """expression = value, as a passage that can be cited. Raises InputError, also for a number that nobody has given."""
    _check(arguments.expression, context)
    value = shown(evaluate(arguments.expression))
    equals = re.sub(r"^-?\d{5,}$", lambda whole: f"{int(whole[0]):,}", value.replace("≈", "").strip())
    sign = "≈" if value.startswith("≈") else "="
    return worked_out("계산", f"{arguments.expression} {sign} {equals}")


def _check(expression: str, context: ToolContext) -> None:
    """Every number must stand in the task or in what was found: a model that does not know one makes it up."""
    if context.given is None:
        return
    known = numbers(context.given())
    known |= {found.value for found in quantities(context.given())}
    known |= {value / 100 for value in known} | USUAL
    for written, value in claimed_numbers(python_form(expression)).items():
        if not any(math.isclose(value, other, rel_tol=1e-9) for other in known):
            detail = f"The number {written} stands neither in the task nor in a result; look it up with search first."
            raise InputError(detail=detail, text_key="agent.number_unknown", number=written)


TOOL = Tool(
    "calculate",
    "숫자로 된 식을 계산한다. 필요한 수를 모르면 먼저 search로 찾는다.",
    CalculateArguments,
    run,
    timeout_s=5.0,
    order=50,
    asked=ASKED,
)
