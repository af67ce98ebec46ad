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
# Where one sentence is far more likely than the rest, the rest is left unread: over our question sets 0.4 saves a third of the
# median reading at 160 tokens and loses the evidence of one question in 170; 120 tokens for all would save less and lose eight.
LEAST_SHARE: dict[str, float] = {"fast": 0.4, "normal": 0.4, "thorough": 0.0}
STEP_TOKENS, MOST_TOKENS = 40, 2_000  # steps, so that a jittering clock does not change an answer


def local_budget(tokens: int, speed: Speed = "normal") -> Budget:
    """So many tokens for a model that this machine reads with."""
    return Budget(tokens, passages=6 if speed == "thorough" else 3, least_share=LEAST_SHARE[speed])


def budget_for(question: str, speed: Speed, rate: float | None, tokens: int | None = None) -> Budget:
    """rate: prompt tokens a second of this host; None where someone else's machine reads. tokens: exactly so many."""
    if rate is None:
        return Budget(REMOTE_TOKENS[speed] if tokens is None else tokens, passages=8)
    if tokens is not None:
        return local_budget(tokens, speed)
    readable = rate * READING_S[speed] - QUESTION_TOKENS - estimate_tokens(question)
    least = LEAST_TOKENS[speed]
    steps = round((min(max(readable, least), MOST_TOKENS) - least) / STEP_TOKENS)
    return local_budget(least + STEP_TOKENS * steps, speed)
