"""How many tokens of evidence a question gets: what this host reads in the time that the chosen speed allows."""

from __future__ import annotations

from typing import Literal

from chains.pack import Budget, estimate_tokens

Speed = Literal["fast", "normal", "thorough"]
READING_S: dict[str, float] = {"fast": 1.4, "normal": 2.8, "thorough": 8.0}
REMOTE_TOKENS: dict[str, int] = {"fast": 1_000, "normal": 2_000, "thorough": 5_000}
QUESTION_TOKENS = 30
LEAST_TOKENS: dict[str, int] = {
    "fast": 120,
    "normal": 160,
    "thorough": 240,
}  # a slow host waits rather than reads too little
STEP_TOKENS, MOST_TOKENS = 40, 2_000  # steps, so that a jittering clock does not change an answer


def budget_for(question: str, speed: Speed, rate: float | None, tokens: int | None = None) -> Budget:
    """rate: prompt tokens a second of this host; None where someone else's machine reads. tokens: exactly so many."""
    passages = 6 if speed == "thorough" else 3
    if tokens is not None:
        return Budget(tokens, passages)
    if rate is None:
        return Budget(REMOTE_TOKENS[speed], passages=8)
    readable = rate * READING_S[speed] - QUESTION_TOKENS - estimate_tokens(question)
    least = LEAST_TOKENS[speed]
    steps = round((min(max(readable, least), MOST_TOKENS) - least) / STEP_TOKENS)
    return Budget(least + STEP_TOKENS * steps, passages)
