"""Reverse-mode automatic differentiation of arrays, small enough to read in one go.

    w, x = Value(2.0, "w"), Value(3.0, "x")
    loss = (w * x - 1.0) ** 2
    loss.backward()
    w.grad                      # 30.0
    for step in loss.steps(): print(step)

A Value holds an array and how it was computed. Every operation notes, for each of its operands, the rule that carries the gradient
back: the local derivative times the gradient that arrives (chain rule). `backward` visits the graph from the result to the
leaves, each Value after all that were computed from it, and adds up what arrives (Linnainmaa 1970; Rumelhart et al. 1986).
PyTorch's autograd does the same; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a result's gradient goes. rule: the local derivative, as it is written; back: gradient of the result -> of the operand."""

    to: Value
    rule: str
    back: Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a graph, in the order of computation. local: rule and local derivative of each operand."""

    name: str
    formula: str
    value: Array
    grad: Array
    local: tuple[tuple[str, str, Array], ...]


class Value:
    """data: any shape, kept as float64. grad has the same shape: the derivative of the scalar on which `backward` was called."""

    __array_ufunc__ = None  # so that array * Value is ours, and not an array of Values

    def __init__(self, data: ArrayLike, name: str = "", formula: str = "", edges: tuple[Edge, ...] = ()) -> None:
        self.data: Array = np.asarray(data, dtype=np.float64)
        self.grad: Array = np.zeros_like(self.data)
        self.name, self.formula, self.edges = name, formula, edges

    def __add__(self, other: Value | ArrayLike) -> Value:
        right = as_value(other)
        return self._of(self.data + right.data, "{} + {}", (right,), (("1", _same), ("1", _same)))

    def __mul__(self, other: Value | ArrayLike) -> Value:
        right = as_value(other)
        a, b = self.data, right.data
        return self._of(a * b, "{} · {}", (right,), (("{1}", lambda g: g * b), ("{0}", lambda g: g * a)))

    def __pow__(self, power: float) -> Value:
        a = self.data
        rules = ((f"{power:g}·{{0}}^{power - 1:g}", lambda g: g * power * a ** (power - 1)),)
        return self._of(a**power, f"{{}}^{power:g}", (), rules)

    def __matmul__(self, other: Value | ArrayLike) -> Value:
        """(..., M, K) @ (K,) or (K, N); both operands have at most two axes."""
        right = as_value(other)
        a, b = self.data, right.data
        rules = (("{1}ᵀ", lambda g: _left(g, a, b)), ("{0}ᵀ", lambda g: _right(g, a, b)))
        return self._of(a @ b, "{} @ {}", (right,), rules)

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Value | ArrayLike) -> Value:
        right = as_value(other)
        return self._of(self.data - right.data, "{} − {}", (right,), (("1", _same), ("−1", lambda g: -g)))

    def __truediv__(self, other: Value | ArrayLike) -> Value:
        return self * as_value(other) ** -1.0

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: ArrayLike) -> Value:
        return as_value(other) - self

    def exp(self) -> Value:
        e = np.exp(self.data)
        return self._of(e, "exp({})", (), (("exp({0})", lambda g: g * e),))

    def log(self) -> Value:
        a = self.data
        return self._of(np.log(a), "log({})", (), (("1 / {0}", lambda g: g / a),))

    def tanh(self) -> Value:
        t = np.tanh(self.data)
        return self._of(t, "tanh({})", (), (("1 − tanh²({0})", lambda g: g * (1 - t * t)),))

    def relu(self) -> Value:
        on = self.data > 0
        return self._of(self.data * on, "relu({})", (), (("1 if {0} > 0 else 0", lambda g: g * on),))

    def sigmoid(self) -> Value:
        s = sigmoid(self.data)
        return self._of(s, "σ({})", (), (("σ({0})·(1 − σ({0}))", lambda g: g * s * (1 - s)),))

    def softplus(self) -> Value:
        """log(1 + exp(x)), without overflow."""
        a = self.data
        return self._of(np.logaddexp(0, a), "log(1 + exp({}))", (), (("σ({0})", lambda g: g * sigmoid(a)),))

    def sum(self) -> Value:
        shape = self.data.shape
        return self._of(self.data.sum(), "sum({})", (), (("1", lambda g: np.broadcast_to(g, shape)),))

    def mean(self) -> Value:
        shape, count = self.data.shape, self.data.size
        return self._of(
            self.data.mean(), "mean({})", (), ((f"1 / {count}", lambda g: np.broadcast_to(g / count, shape)),)
        )

    def called(self, name: str) -> Value:
        """The same Value with a name, for reading its graph."""
        self.name = name
        return self

    def backward(self) -> None:
        """Sets `grad` of every Value that this scalar was computed from. Raises ValueError where it is no scalar."""
        if self.data.size != 1:
            raise ValueError(f"only a scalar has a gradient; this has the shape {self.data.shape}")
        order = self._ordered()
        for node in order:
            node.grad = np.zeros_like(node.data)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            for edge in node.edges:
                edge.to.grad = edge.to.grad + _unbroadcast(edge.back(node.grad), edge.to.data.shape)

    def steps(self) -> list[Step]:
        """The graph in the order of computation, leaves first; unnamed nodes are called v1, v2, …"""
        order = self._ordered()
        unnamed = [node for node in order if not node.name]
        names = {id(node): node.name or f"v{unnamed.index(node) + 1}" for node in order}
        return [_step(node, names) for node in order]

    def _of(
        self,
        data: Array,
        formula: str,
        others: tuple[Value, ...],
        rules: tuple[tuple[str, Callable[[Array], Array]], ...],
    ) -> Value:
        operands = (self, *others)
        edges = tuple(Edge(operand, rule, back) for operand, (rule, back) in zip(operands, rules, strict=True))
        return Value(data, formula=formula, edges=edges)

    def _ordered(self) -> list[Value]:
        """Every Value after its operands. Without recursion, so that a long computation does not exhaust the stack."""
        order: list[Value] = []
        seen: set[int] = set()
        stack = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((edge.to, False) for edge in reversed(node.edges))
        return order

    def __repr__(self) -> str:
        return f"Value({self.data!r}, name={self.name!r})"


def as_value(given: Value | ArrayLike) -> Value:
    """A number or an array becomes a Value that bears its number as a name."""
    if isinstance(given, Value):
        return given
    array = np.asarray(given, dtype=np.float64)
    return Value(array, name=f"{float(array):g}" if array.size == 1 else "")


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow at either end."""
    small: Array = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _same(grad: Array) -> Array:
    return grad


def _left(grad: Array, a: Array, b: Array) -> Array:
    """d(a @ b)/da, arrived: (M,) and (K,) -> (M, K), or (M, N) and (K, N) -> (M, K)."""
    if b.ndim == 1:
        return np.multiply.outer(grad, b) if a.ndim == 2 else grad * b
    return grad @ b.T


def _right(grad: Array, a: Array, b: Array) -> Array:
    """d(a @ b)/db, arrived."""
    if a.ndim == 1:
        return np.multiply.outer(a, grad) if b.ndim == 2 else grad * a
    return a.T @ grad


def _unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Sums over the axes along which an operand was repeated, so that the gradient has the operand's shape."""
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1 and grad.shape[axis] != 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


def _step(node: Value, names: dict[int, str]) -> Step:
    operands: list[Any] = [names[id(edge.to)] for edge in node.edges]
    ones = np.ones_like(node.data)
    local = tuple(
        (names[id(edge.to)], edge.rule.format(*operands), _unbroadcast(edge.back(ones), edge.to.data.shape))
        for edge in node.edges
    )
    return Step(names[id(node)], node.formula.format(*operands), node.data, node.grad, local)
