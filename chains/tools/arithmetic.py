"""A calculator over Python's syntax tree: numbers, + - * / // % **, brackets, percent, and a few functions. Nothing is executed.

    evaluate("2^10 * 3 + 15%")      # 3072.15
    evaluate("(28 - 5 + 2*2) / 1 + 1")

Every size is bounded before anything is worked out: characters, depth, digits, exponents. Units that a number carries ("MB",
"개", "%") are read where they are plain multiples and refused where they are not.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable
from fractions import Fraction

from models.errors import InputError

MOST_CHARACTERS, MOST_NODES, MOST_BITS = 300, 120, 4096
Number = Fraction | float

_SIGNS = str.maketrans("×÷−–·＋－＊／（）０１２３４５６７８９．，％＾", "*/--*+-*/()0123456789.,%^")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PERCENT = re.compile(r"(\d(?:[\d.]*))\s*(?:%(?!\s*[\d(.])|퍼센트|프로)")
_SCALES = {"천": 10**3, "만": 10**4, "억": 10**8, "조": 10**12}
_BYTES = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SCALED = re.compile(r"(\d[\d.]*)\s*(천|만|억|조|[KMGTkmgt][iI]?[bB])(?![A-Za-z])")
_OF = re.compile(r"(?<=[\d)])\s*(?:의|of)\s*(?=[\d(])")
_COUNTED = re.compile(r"(?<=\d)\s*(개|명|번|회|원|장|층|바이트|[bB]ytes?|픽셀|에포크|epochs?|차원|비트|bits?)")
_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda a, b: Fraction(math.floor(a / b)),
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Callable[..., float | int]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "ln": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "abs": abs,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "min": min,
    "max": max,
    "tanh": math.tanh,
    "sin": math.sin,
    "cos": math.cos,
}
_CONSTANTS = {"pi": math.pi, "e": math.e}


def evaluate(expression: str) -> Number:
    """The exact value where it is rational, else a float. Raises InputError with what is wrong and what can be written."""
    if len(expression) > MOST_CHARACTERS:
        raise _refusal(expression, f"it has {len(expression)} characters; write at most {MOST_CHARACTERS}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python remarks on things like "3if", which are refused below
            tree = ast.parse(python_form(expression), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _refusal(expression, "it is no arithmetic expression; write one like (28 - 5) / 2 + 1") from None
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        raise _refusal(expression, "it is too long; work it out in parts")
    try:
        return _checked(expression, _value(expression, tree.body))
    except ZeroDivisionError:
        raise _refusal(expression, "it divides by zero") from None
    except (OverflowError, ValueError, TypeError, RecursionError) as error:
        raise _refusal(expression, f"it has no value ({error})") from None


def python_form(expression: str) -> str:
    """The expression in Python's signs: "15%" as (15/100), 2^10 as 2**10, 3.2억 and 5 MB as products, thousands without commas."""
    plain = expression.translate(_SIGNS).partition("=")[0].replace("^", "**").strip()
    plain = _THOUSANDS.sub("", plain)
    plain = _PERCENT.sub(r"(\1/100)", plain)
    plain = _SCALED.sub(lambda m: f"({m[1]}*{_SCALES.get(m[2]) or _BYTES[m[2].upper()]})", plain)
    return _OF.sub("*", _COUNTED.sub("", plain))


def shown(value: Number) -> str:
    """A number for people: whole where it is whole, else up to ten significant digits."""
    if isinstance(value, Fraction) and value.denominator == 1 and abs(value) < 10**18:
        return str(value.numerator)
    if isinstance(value, Fraction) and value and not 1e-300 < abs(value) < 1e300:
        return (
            f"{value.numerator:.6e}"
            if value.denominator == 1 and value.numerator.bit_length() < 1000
            else "≈ " + _power(value)
        )
    return f"{float(value):.10g}"


def _power(value: Fraction) -> str:
    digits = (value.numerator.bit_length() - value.denominator.bit_length()) * math.log10(2)
    return f"10^{digits:.0f}"


def _value(expression: str, node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            if isinstance(value, float) and math.isinf(value):
                raise _refusal(expression, "a number in it is too large")
            return Fraction(ast.unparse(node))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(expression, operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(expression, operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _powered(expression, _value(expression, left), _value(expression, right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _checked(expression, _BINARY[type(op)](_value(expression, left), _value(expression, right)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _called(expression, name, [_value(expression, argument) for argument in arguments])
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case _:
            named = ast.unparse(node)[:40]
            raise _refusal(expression, f"{named!r} is no number; use numbers, + - * / ** % and {', '.join(_FUNCTIONS)}")


def _powered(expression: str, base: Number, exponent: Number) -> Number:
    if not isinstance(base, Fraction) or not isinstance(exponent, Fraction) or exponent.denominator != 1:
        return _checked(expression, float(base) ** float(exponent))
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) * size > MOST_BITS:
        raise _refusal(expression, "a power in it is too large to work out")
    return Fraction(base ** int(exponent))


def _called(expression: str, name: str, values: list[Number]) -> Number:
    if name == "round" and len(values) == 2:
        return Fraction(round(Fraction(values[0]), max(-18, min(18, int(values[1])))))
    result = _FUNCTIONS[name](*values)
    return result if isinstance(result, float) else _checked(expression, Fraction(result))


def _checked(expression: str, value: Number) -> Number:
    if isinstance(value, complex):
        raise _refusal(expression, "it has no real value")
    if isinstance(value, Fraction) and max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise _refusal(expression, "a number in it is too large to work out")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(expression, "its value is too large")
    return value


def _refusal(expression: str, why: str) -> InputError:
    detail, shown_as = f"{expression[:60]!r} cannot be calculated: {why}", expression[:60]
    return InputError(detail=detail, text_key="agent.bad_expression", expression=shown_as)
