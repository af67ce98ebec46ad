"""What a run forgets: the loss on general Korean text and fixed questions, and what the model says to the recipe's questions.

Fine-tuning makes one thing better and others worse, whatever the method: so both are measured with the same ruler before the
first step, on the way and at the end. The texts and questions are in finetune/watch.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("watch.toml")
PROBE_TOKENS, ANSWER_TOKENS, BATCH_TOKENS = 24, 96, 256


@dataclass(frozen=True, slots=True)
class Probe:
    """A question with strings of which a right answer holds one."""

    question: str
    answers: tuple[str, ...]

    def right(self, answer: str) -> bool:
        said = "".join(answer.lower().split())
        return any("".join(wanted.lower().split()) in said for wanted in self.answers)


@dataclass(frozen=True, slots=True)
class Memory:
    """What was still known. loss: mean over the tokens of all texts, in nats; probes_right: answered right, of `probes`."""

    loss: float
    probes_right: int
    probes: int


@dataclass(frozen=True, slots=True)
class Watch:
    """texts and probes as watch.toml has them."""

    texts: tuple[str, ...]
    probes: tuple[Probe, ...]

    @classmethod
    def read(cls, path: Path = FILE) -> Watch:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        probes = (Probe(row["question"], tuple(row["answers"])) for row in values["probes"])
        return cls(tuple(values["texts"]), tuple(probes))

    def measure(self, model: Any, tokenizer: Any, going: Callable[[], bool] = lambda: True) -> Memory | None:
        """None where `going` said no in between. The model's mode stays as it was."""
        loss = text_loss(model, tokenizer, self.texts)
        right = 0
        for probe in self.probes:
            if not going():
                return None
            right += probe.right(say(model, tokenizer, probe.question, PROBE_TOKENS))
        return Memory(loss, right, len(self.probes))


def text_loss(model: Any, tokenizer: Any, texts: Sequence[str]) -> float:
    """Mean cross entropy over all tokens but each text's first; exp of it is the perplexity."""
    import torch

    from finetune.loop.batches import Row, cut, padded
    from finetune.loop.trainer import mean_loss

    ids = (torch.tensor(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts)
    rows = sorted((Row(row, row) for row in ids), key=lambda row: len(row.ids))
    return mean_loss(model, [padded(batch, 0) for batch in cut(rows, BATCH_TOKENS)])


def say(model: Any, tokenizer: Any, question: str, most_tokens: int = ANSWER_TOKENS) -> str:
    """The model's greedy answer to one question without anything around it. DoRA computes its columns' lengths once, not for every token."""
    import torch
    from peft.helpers import DoraCaching

    training = model.training
    model.eval()
    chat = [{"role": "user", "content": question}]
    inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    inputs = inputs.to(next(model.parameters()).device)
    with torch.no_grad(), DoraCaching():
        written = model.generate(
            **inputs,
            max_new_tokens=most_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            use_cache=True,
            pad_token_id=tokenizer.pad_token_id or 0,
        )  # (1, T + new)
    model.train(training)
    answer: str = tokenizer.decode(written[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return answer.strip()


def answers(model: Any, tokenizer: Any, questions: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(question, answer), one after the other."""
    for question in questions:
        yield question, say(model, tokenizer, question)
