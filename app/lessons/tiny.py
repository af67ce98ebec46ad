"""A language model small enough for a lesson: 0.2 million parameters of Qwen2's own architecture, over 1,500 pieces of words.

It was pretrained on the course notes for a few minutes (`benchmarks/lesson_models.py language`) and lies in
data/lessons/language. It writes no good Korean; but every method of finetune/methods works on it as on the 0.5B, in seconds.

    model = load()
    for loss in learn(model, examples(100, seed=1), Plan(learning_rate=1e-3)):
        ...
    accuracy(model, tests()), forgetting(model)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.lessons.base import folder, need_torch
from app.lessons.sentences import MARK, TOPICS, Sentence, general

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
PAD, START, END, UNKNOWN = range(len(SPECIAL))
PIECES, MOST_TOKENS = 1500, 32
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Plan:
    """How it learns. steps: of `batch` examples each."""

    learning_rate: float = 1e-3
    steps: int = 60
    batch: int = 16
    seed: int = 1
    warmup: int = 5


@cache
def tokenizer() -> Any:
    """Byte pair encoding (Sennrich et al. 2016) learnt on the same texts; a tokenizers.Tokenizer. Raises MissingError."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder("language") / "tokenizer.json"))


def encode(text: str) -> list[int]:
    """Ids of at most MOST_TOKENS pieces of the text, lower-cased, without marks around them."""
    ids: list[int] = tokenizer().encode(text.lower(), add_special_tokens=False).ids
    return ids[:MOST_TOKENS]


def configured() -> Any:
    """The network with random weights; transformers' Qwen2ForCausalLM."""
    need_torch()
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=PIECES,
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        tie_word_embeddings=True,
        bos_token_id=START,
        eos_token_id=END,
        pad_token_id=PAD,
    )
    return Qwen2ForCausalLM(config)


def load() -> Any:
    """A fresh copy of the pretrained model, in float32, on the CPU. Raises MissingError."""
    import torch
    from safetensors.torch import load_file

    model = configured()
    weights = load_file(folder("language") / "model.safetensors")
    missing, unexpected = model.load_state_dict({k: v.to(torch.float32) for k, v in weights.items()}, strict=False)
    if unexpected or set(missing) - {"lm_head.weight"}:  # tied to the embedding
        raise RuntimeError(f"the checkpoint does not fit: {missing} {unexpected}")
    model.tie_weights()
    model.config.name_or_path = str(folder("language"))  # where prompt tuning finds the tokenizer for its first words
    model.eval()
    return model


def asked(sentence: Sentence) -> tuple[list[int], list[int]]:
    """Ids of the question and of its answer: the topic's name and the end."""
    prompt = [START, *encode(sentence.text), *encode(MARK)]
    return prompt, [*encode(sentence.topic), END]


def padded(rows: Sequence[tuple[list[int], list[int]]]) -> tuple[Any, Any, Any]:
    """Ids, attention mask and labels, each (B, T), padded on the left so that all rows end together.

    Loss is on the answers alone: everything before them is IGNORED.
    """
    import torch

    longest = max(len(prompt) + len(answer) for prompt, answer in rows)
    ids, mask, labels = (torch.full((len(rows), longest), fill) for fill in (PAD, 0, IGNORED))  # (B, T)
    for number, (prompt, answer) in enumerate(rows):
        start = longest - len(prompt) - len(answer)
        ids[number, start:] = torch.tensor(prompt + answer)
        mask[number, start:] = 1
        labels[number, start + len(prompt) :] = torch.tensor(answer, dtype=torch.long)
    return ids, mask, labels


def learn(model: Any, chosen: Sequence[Sentence], plan: Plan) -> Iterator[float]:
    """The loss of each step as it is taken; AdamW on what requires gradients, linear warm-up, cosine decay, clipping at 1."""
    import torch
    from transformers import get_cosine_schedule_with_warmup

    torch.manual_seed(plan.seed)
    order = random.Random(plan.seed)  # noqa: S311
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=plan.learning_rate, weight_decay=0.0)
    schedule = get_cosine_schedule_with_warmup(optimizer, plan.warmup, plan.steps)
    rows = [asked(sentence) for sentence in chosen]
    model.train()
    for _ in range(plan.steps):
        ids, mask, labels = padded([rows[order.randrange(len(rows))] for _ in range(plan.batch)])
        loss = model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()
    model.eval()


def accuracy(model: Any, chosen: Sequence[Sentence], batch: int = 64) -> float:
    """The share of sentences whose kind begins with the likeliest of the three first pieces."""
    import torch

    firsts = torch.tensor([encode(topic)[0] for topic in TOPICS])  # (3,)
    names, right = list(TOPICS), 0
    rows = sorted(chosen, key=lambda s: len(s.text))
    with torch.no_grad():
        for start in range(0, len(rows), batch):
            some = rows[start : start + batch]
            ids, mask, _ = padded([(asked(s)[0], []) for s in some])
            last = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, -1]  # (B, V)
            best = last[:, firsts].argmax(-1)  # (B, 3) -> (B,)
            right += sum(names[int(b)] == s.topic for b, s in zip(best, some, strict=True))
    return right / len(rows)


def forgetting(model: Any, texts: Sequence[str] | None = None, batch: int = 64) -> float:
    """Mean loss a token on course text that no training saw."""
    import torch

    chosen = sorted(general() if texts is None else texts, key=len)
    total, count = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(chosen), batch):
            rows = [([START], [*encode(t), END]) for t in chosen[start : start + batch]]
            ids, mask, labels = padded(rows)
            found = int((labels != IGNORED).sum())
            total += model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss.item() * found
            count += found
    return total / count
