"""Two pipelines of our own on a causal language model: a label without a head, and an answer that stands in the text.

    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, pipeline_class=NextTokenLabels)
    classify("정말 재미있다")                                    [{"label": "긍정", "score": 0.9}, {"label": "부정", "score": 0.1}]

A pipeline is three steps, each a method: `preprocess` makes tensors of text, `_forward` runs the model, `postprocess` makes of its
numbers what a person asked for (Wolf et al. 2020, "Transformers: State-of-the-Art Natural Language Processing").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import Pipeline

REVIEW_PROMPT = "다음 영화평은 긍정입니까, 부정입니까? 긍정 또는 부정, 한 단어로만 답하세요.\n\n영화평: {text}"
LABELS = ("부정", "긍정")
NONE = "없음"
ANSWER_PROMPT = (
    "글을 읽고 질문에 답하세요. 답은 글에 나온 말 그대로 한 구절만 쓰세요. 글에 답이 없으면 '없음'이라고만 쓰세요.\n\n"
    "글: {context}\n\n질문: {question}"
)
FEWEST_LETTERS, LEAST_SHARE = 2, 0.5  # of what was said, so much must stand in the text in one piece


class NextTokenLabels(Pipeline):
    """Which of a few words would the model write next? Their probabilities, divided by their sum, are the scores: zero-shot, no
    weight is trained (Brown et al. 2020). Its input is a text; its output a label and a score for each word, the best first."""

    model: Any
    tokenizer: Any

    def _sanitize_parameters(self, labels: Sequence[str] = LABELS, prior: Tensor | None = None, **_: Any) -> Any:
        """prior: logits of the labels for a text that says nothing, which are taken off: contextual calibration (Zhao et al. 2021)."""
        return {}, {}, {"labels": labels, "prior": prior}

    def preprocess(self, input_: str, **_: Any) -> Any:
        """Token ids of the question, (1, T), as the model's chat template writes them."""
        return chat(self.tokenizer, REVIEW_PROMPT.format(text=input_))

    def _forward(self, input_tensors: Any, **_: Any) -> Any:
        """The scores of every token to come next, (1, V)."""
        found = self.model(**input_tensors, logits_to_keep=1)
        return {"logits": found.logits[:, -1]}  # (1, 1, V) -> (1, V)

    def postprocess(  # type: ignore[override]
        self, model_outputs: Any, labels: Sequence[str] = LABELS, prior: Tensor | None = None
    ) -> list[dict[str, Any]]:
        """A softmax over the labels alone."""
        logits = model_outputs["logits"][0, self.first_tokens(labels)].float()  # (1, V) -> (K,)
        shares = (logits - (0 if prior is None else prior)).softmax(dim=0)
        found: list[dict[str, Any]] = [
            {"label": label, "score": float(share)} for label, share in zip(labels, shares, strict=True)
        ]
        return sorted(found, key=lambda one: -one["score"])

    def first_tokens(self, labels: Sequence[str]) -> list[int]:
        """The token each label begins with. Raises ValueError where two begin alike: they could not be told apart."""
        first = [int(self.tokenizer(label, add_special_tokens=False)["input_ids"][0]) for label in labels]
        if len(set(first)) < len(labels):
            raise ValueError(f"the labels {', '.join(labels)} begin with the same token; choose other words")
        return first


class Span(NamedTuple):
    """Where an answer stands: context[start:end]."""

    start: int
    end: int


class ExtractedAnswer(Pipeline):
    """Question answering without a head for spans: the model writes an answer, and only what of it stands in the text is given out.

    Its input is {"question", "context"}; its output {"answer", "start", "end", "score", "generated"}: "" and the place -1 where
    nothing that was written stands there. score: the geometric mean of the probabilities of the written tokens.
    """

    model: Any
    tokenizer: Any

    def _sanitize_parameters(self, max_new_tokens: int = 32, **_: Any) -> Any:
        return {}, {"max_new_tokens": max_new_tokens}, {}

    def preprocess(self, input_: Mapping[str, str], **_: Any) -> Any:
        """Token ids of the text and the question, (1, T)."""
        tokens = chat(self.tokenizer, ANSWER_PROMPT.format(**input_))
        return {"context": input_["context"], **tokens}

    def _forward(self, input_tensors: Any, max_new_tokens: int = 32, **_: Any) -> Any:  # type: ignore[override]
        """Writes greedily: the tokens (N,) and the log-probability of each."""
        tokens = {name: value for name, value in input_tensors.items() if name != "context"}
        greedy = {"do_sample": False, "repetition_penalty": 1.0, "max_new_tokens": max_new_tokens}
        made = self.model.generate(**tokens, **greedy, return_dict_in_generate=True, output_logits=True)
        written = made.sequences[0, tokens["input_ids"].shape[1] :]  # (1, T + N) -> (N,)
        logs = torch.cat(made.logits).float().log_softmax(dim=-1)  # N x (1, V) -> (N, V)
        sure = logs.gather(1, written[:, None])[:, 0]  # (N, V) -> (N,)
        return {"context": input_tensors["context"], "written": written, "sure": sure}

    def postprocess(self, model_outputs: Any, **_: Any) -> dict[str, Any]:
        """The words, and where they stand."""
        said = str(self.tokenizer.decode(model_outputs["written"], skip_special_tokens=True)).strip()
        context = model_outputs["context"]
        span = None if said.strip(" '\".") == NONE else locate(said, context)
        found = {"score": float(model_outputs["sure"].mean().exp()), "generated": said}
        if span is None:
            return {"answer": "", "start": -1, "end": -1, **found}
        return {"answer": context[span.start : span.end], "start": span.start, "end": span.end, **found}


def locate(said: str, context: str) -> Span | None:
    """Where what was said stands in the context, white space aside ("3 층" is 3층); else its longest run that stands there, where
    that is at least half of it."""
    places = [at for at, letter in enumerate(context) if not letter.isspace()]
    text, wanted = "".join(context[at] for at in places), "".join(said.split())
    start, size = text.find(wanted), len(wanted)
    if start < 0:
        start, _, size = SequenceMatcher(None, text, wanted, autojunk=False).find_longest_match()
        if size < max(FEWEST_LETTERS, LEAST_SHARE * len(wanted)):
            return None
    return Span(places[start], places[start + size - 1] + 1) if size else None


def chat(tokenizer: Any, said: str) -> dict[str, Tensor]:
    """Tensors of one turn of the user's, ready for the model's: input_ids and attention_mask, (1, T)."""
    turn = [{"role": "user", "content": said}]
    made = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    return {name: made[name] for name in ("input_ids", "attention_mask")}
