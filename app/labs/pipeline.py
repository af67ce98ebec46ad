"""transformers' pipeline on the local 0.5B: three lines a task, and the three steps inside them with their real values."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.labs.base import Choice, Code, Desk, Event, Progress, Range, Said, Score, Shown, Table, Try, Value
from app.labs.base import Words as Text
from app.labs.data.loading import load as load_data
from app.labs.figures import Axes, bars
from app.labs.parts.pipeline_tasks import Local, features, fit_head, interval, load
from app.lessons.base import need_torch
from models.errors import InputError

TOP, PIECES, LISTED, LETTERS, AROUND, MISTAKES = 5, 12, 64, 400, 40, 6
CANDIDATES = 4  # reviews looked through for each that is learnt, so that both kinds are among them
LABELS, NOTHING = ("부정", "긍정"), "…"
INSIDE = ("stage", "what", "shape", "content")
LOAD_S, TOKEN_S, REVIEW_S = 100.0, 0.25, 0.6
PROMPT = "과적합이 무엇인지 초보자에게 한 문장으로 설명해 주세요."
REVIEW = "배우들의 연기는 좋았지만 이야기가 너무 뻔해서 끝까지 보기 힘들었다."
CONTEXT = (
    "인공지능 실습실은 본관 3층 305호에 있습니다. 평일에는 오전 9시에 열고 밤 10시에 닫으며, 토요일에는 오후 5시에 닫습니다. "
    "그래픽 카드는 네 장이고 한 사람이 하루에 세 시간까지 쓸 수 있습니다."
)
QUESTION = "토요일에는 몇 시에 닫습니까?"
GENERATION_CODE = """\
from transformers import pipeline
write = pipeline("text-generation", model={folder!r})
write([{{"role": "user", "content": {prompt!r}}}], max_new_tokens={new_tokens}, do_sample={sample}, temperature={temperature})
"""
PROMPT_CODE = """\
from transformers import pipeline
classify = pipeline("text-classification", model={folder!r}, pipeline_class=NextTokenLabels)  # models/nn/pipelines.py
classify({review!r})
"""
HEAD_CODE = """\
from transformers import pipeline
classify = pipeline("text-classification", model=head, tokenizer=tokenizer)  # the fitted head on the frozen 0.5B
classify({review!r}, top_k=None)
"""
ANSWER_CODE = """\
from transformers import pipeline
answer = pipeline("text-generation", model={folder!r}, pipeline_class=ExtractedAnswer)  # models/nn/pipelines.py
answer({{"question": {question!r}, "context": context}})
"""
Values = Mapping[str, Value]


class PipelineLab:
    """See the module."""

    name, order = "pipeline", 160
    notes = ("14-transfer-learning-huggingface.md", "12-bert-gpt-vit.md")
    network = ("models.nn.pipelines",)
    controls = (
        Choice("task", ("generation", "sentiment", "answering"), "generation"),
        Text("prompt", PROMPT, longest=1000, lines=2),
        Range("new_tokens", 1, 128, 40),
        Range("temperature", 0.0, 2.0, 0.0, step=0.1, whole=False),
        Text("review", REVIEW, longest=1000, lines=2),
        Choice("by", ("prompt", "head"), "prompt"),
        Range("taught", 8, 200, 40),
        Range("judged", 0, 200, 20),
        Text("context", CONTEXT, longest=2000, lines=4),
        Text("question", QUESTION, longest=300),
    )
    tries = (
        Try(1, {"task": "generation", "temperature": 0.0, "new_tokens": 24}),
        Try(3, {"task": "sentiment", "by": "prompt", "judged": 0}),
        Try(2, {"task": "answering", "context": CONTEXT, "question": QUESTION}),
    )

    def seconds(self, **values: Value) -> float:
        """The first use converts the weights, which takes a minute; after that loading takes some seconds."""
        reviews = float(values["judged"]) + (float(values["taught"]) if values["by"] == "head" else 0.0)
        written = float(values["new_tokens"]) if values["task"] == "generation" else 32.0
        return LOAD_S + (REVIEW_S * reviews if values["task"] == "sentiment" else TOKEN_S * written)

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """One task: its three lines, what came out, and what happened between."""
        need_torch()
        yield Progress(0, 1, "loading")
        local = load(desk)
        yield from TASKS[str(values["task"])](local, desk, values)


def generation(local: Local, desk: Desk, values: Values) -> Iterator[Event]:
    """Text generation with transformers' own pipeline; then each token with what else could have stood there."""
    import torch
    from transformers import pipeline

    prompt, heat, many = str(values["prompt"]), float(values["temperature"]), int(values["new_tokens"])
    yield Progress(0, 1, "writing")
    torch.manual_seed(desk.seed)
    write = pipeline("text-generation", model=local.model, tokenizer=local.tokenizer, device="cpu")
    chosen: dict[str, Any] = {"do_sample": heat > 0, "repetition_penalty": 1.0}
    if heat > 0:
        chosen |= {"temperature": heat, "top_k": 0, "top_p": 1.0}
    begun = time.monotonic()
    turn = [{"role": "user", "content": prompt}]
    made: Any
    (made,) = write(turn, max_new_tokens=many, return_tensors=True, **chosen)
    took = time.monotonic() - begun
    tokens = _chat(local, prompt)
    written = [int(token) for token in made["generated_token_ids"]][len(tokens) :]
    said = str(local.tokenizer.decode(written, skip_special_tokens=True))
    yield Shown(Said("written", "written", {"text": said.strip() or "–"}, "good"))
    folder = str(local.model.config.name_or_path)
    told = {"folder": folder, "prompt": prompt, "new_tokens": many, "sample": heat > 0, "temperature": heat or None}
    yield Shown(Code("lines", GENERATION_CODE.format(**told)))
    logits = _logits(local, tokens, written)
    yield Shown(_inside(local, tokens, logits[0], [("decode", (len(written),), said.strip())]))
    yield from _written(local, written, logits, heat)
    yield Score("seconds", took, unit="seconds")


def _chat(local: Local, prompt: str) -> list[int]:
    from models.nn.pipelines import chat

    return [int(token) for token in chat(local.tokenizer, prompt)["input_ids"][0]]


def _logits(local: Local, tokens: Sequence[int], written: Sequence[int]) -> NDArray[np.float64]:
    """One pass over everything gives the scores before each written token again: (N, V)."""
    import torch

    with torch.inference_mode():
        found = local.model(torch.tensor([[*tokens, *written]]), logits_to_keep=len(written) + 1)
    logits: NDArray[np.float64] = found.logits[0, :-1].double().numpy()  # (1, N + 1, V) -> (N, V)
    return logits


def _softmax(logits: NDArray[np.float64], heat: float = 1.0) -> NDArray[np.float64]:
    """Along the last axis."""
    spread = np.exp((logits - logits.max(axis=-1, keepdims=True)) / heat)
    shares: NDArray[np.float64] = spread / spread.sum(axis=-1, keepdims=True)
    return shares


def _written(local: Local, written: Sequence[int], logits: NDArray[np.float64], heat: float) -> Iterator[Event]:
    """Each token: its rank and probability, and the three most probable ones there. With a heat of 0 the first is taken."""
    shares = _softmax(logits, heat or 1.0)
    rows = []
    first = 0
    for at, (token, share) in enumerate(zip(written, shares, strict=True), start=1):
        rank = int((share > share[token]).sum()) + 1
        first += rank == 1
        best = ", ".join(f"{local.piece(int(one))} {share[one]:.2f}" for one in np.argsort(-share)[:3])
        rows.append((at, local.piece(token), rank, round(float(share[token]), 3), best))
    yield Shown(Table("tokens", ("place", "token", "rank", "probability", "best"), tuple(rows[:LISTED])))
    yield Score("first", first / len(written), unit="share")
    yield Shown(Said("chosen", "chosen", {"first": first, "all": len(written), "heat": f"{heat:g}"}))


Stage = tuple[str, tuple[int, ...], str]


def _inside(local: Local, tokens: Sequence[int], logits: NDArray[np.float64], after: Sequence[Stage]) -> Table:
    """Tokenizer, model, post-processing: names, shapes and values. logits: (V,), of the token that comes next."""
    pieces = " | ".join(local.pieces(tokens[-PIECES:]))
    best = np.argsort(-logits)[:TOP]
    rows = [
        ("tokenizer", "input_ids", _shape((1, len(tokens))), _few(tokens)),
        ("tokenizer", "pieces", _shape((len(tokens),)), f"… {pieces}"),
        (
            "model",
            "logits",
            _shape((1, len(logits))),
            ", ".join(f"{local.piece(int(t))} {logits[t]:.2f}" for t in best),
        ),
        *(("after", name, _shape(shape), value[:LETTERS]) for name, shape, value in after),
    ]
    return Table("inside", INSIDE, tuple(rows))


def _few(tokens: Sequence[int]) -> str:
    return ", ".join(map(str, tokens[:PIECES])) + (" …" if len(tokens) > PIECES else "")


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape)


Judge = Callable[[str], dict[str, float]]  # a review -> way -> the probability that it is positive


def sentiment(local: Local, desk: Desk, values: Values) -> Iterator[Event]:
    """Text classification: by the next token of a prompt, or by a head that is fitted on reviews here."""
    review, judged = str(values["review"]), int(values["judged"])
    if values["by"] == "head":
        judge = yield from _by_head(local, desk, review, int(values["taught"]))
    else:
        judge = yield from _by_prompt(local, review)
    if judged:
        yield from _judged(desk, judge, judged)


def _by_prompt(local: Local, review: str) -> Generator[Event, None, Judge]:
    """The pipeline's three steps one by one, then as one."""
    from transformers import pipeline

    from models.nn.pipelines import NextTokenLabels

    whole = {"model": local.model, "tokenizer": local.tokenizer, "pipeline_class": NextTokenLabels}
    classify: Any = pipeline("text-classification", **whole, device="cpu")
    tokens = classify.preprocess(review)
    outputs = classify.forward(tokens)
    found = classify.postprocess(outputs)
    yield from _labelled(found, "which_prompt")
    yield Shown(Code("lines", PROMPT_CODE.format(folder=local.model.config.name_or_path, review=review)))
    first = classify.first_tokens(LABELS)
    logits = outputs["logits"][0].double().numpy()  # (1, V) -> (V,)
    of_labels = ", ".join(f"{local.piece(token)} {logits[token]:.2f}" for token in first)
    after = [("logits", (len(LABELS),), of_labels), ("softmax", (len(LABELS),), _said(found))]
    yield Shown(_inside(local, tokens["input_ids"][0].tolist(), logits, after))
    empty = classify.forward(classify.preprocess(NOTHING))["logits"][0, first]

    def judge(text: str) -> dict[str, float]:
        made = classify.forward(classify.preprocess(text))
        plain, calibrated = classify.postprocess(made), classify.postprocess(made, prior=empty)
        return {"plain": _positive(plain), "calibrated": _positive(calibrated)}

    return judge


def _by_head(local: Local, desk: Desk, review: str, taught: int) -> Generator[Event, None, Judge]:
    """The frozen body's last layer at the last token, and two columns fitted on it."""
    import torch
    from transformers import pipeline

    found = load_data(desk, "nsmc", train=CANDIDATES * taught, test=1)
    yield found.used()
    texts, truth = balanced(found.train.inputs, found.train.targets == 1, taught)
    hidden: list[NDArray[np.float64]] = []
    for done in features(local, texts, hidden):
        yield Progress(done, len(texts), "teaching")
    head = fit_head(local, hidden[0], truth, LABELS)
    classify: Any = pipeline("text-classification", model=head, tokenizer=local.tokenizer, device="cpu")
    tokens = local.tokenizer(review, return_tensors="pt")
    with torch.inference_mode():
        logits = head(**tokens).logits[0].double().numpy()  # (1, 2) -> (2,)
    labels = classify(review, top_k=None)
    yield from _labelled(labels, "which_head")
    yield Shown(Code("lines", HEAD_CODE.format(review=review)))
    ids = tokens["input_ids"][0].tolist()
    rows = [
        ("tokenizer", "input_ids", _shape((1, len(ids))), _few(ids)),
        ("tokenizer", "pieces", _shape((len(ids),)), " | ".join(local.pieces(ids[-PIECES:]))),
        ("model", "hidden", _shape((1, len(ids), hidden[0].shape[1])), ""),
        ("model", "logits", _shape((1, len(LABELS))), ", ".join(f"{logit:.2f}" for logit in logits)),
        ("after", "softmax", _shape((len(LABELS),)), _said(labels)),
    ]
    yield Shown(Table("inside", INSIDE, tuple(rows)))
    yield Shown(Said("fitted", "fitted", {"taught": len(texts), "weights": f"{head.score.weight.numel():,}"}))
    return lambda text: {"head": _positive(classify(text, top_k=None))}


def balanced(texts: Sequence[str], truth: NDArray[np.bool_], many: int) -> tuple[list[str], NDArray[np.bool_]]:
    """The first of both kinds in equal numbers, `many` in all, in their order. Raises InputError where a kind is not there."""
    kinds = [np.flatnonzero(truth == kind)[: max(1, many // 2)] for kind in (False, True)]
    if not all(map(len, kinds)):
        raise InputError(detail="the reviews are all of one kind; give a set with both", text_key="one_kind")
    chosen = np.sort(np.concatenate(kinds))
    return [texts[int(at)] for at in chosen], truth[chosen]


def _labelled(found: Sequence[Mapping[str, Any]], which: str) -> Iterator[Event]:
    """What came out, and which model said it."""
    best = found[0]
    yield Shown(Said("labelled", "labelled", {"label": best["label"], "score": f"{best['score']:.3f}"}, "good"))
    yield Shown(Said("which", which))
    names, scores = [one["label"] for one in found], [one["score"] for one in found]
    yield Shown(bars("labels", names, {"probability": scores}, Axes("probability", ""), lying=True))


def _said(found: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{one['label']} {one['score']:.3f}" for one in found)


def _positive(found: Sequence[Mapping[str, Any]]) -> float:
    return float(next(one["score"] for one in found if one["label"] == LABELS[1]))


def _judged(desk: Desk, judge: Judge, many: int) -> Iterator[Event]:
    """Accuracy on reviews of NSMC's test with its interval, beside saying the same to all of them."""
    found = load_data(desk, "nsmc", train=1, test=many)
    yield found.used()
    truth = found.test.targets == 1
    said = []
    for done, text in enumerate(found.test.inputs, start=1):
        said.append(judge(text))
        yield Progress(done, len(truth), "judging")
    shares = {name: np.array([one[name] for one in said]) for name in said[0]}
    right = {name: int(((share >= 0.5) == truth).sum()) for name, share in shares.items()}
    right["always"] = int(max(truth.sum(), (~truth).sum()))
    positive = {name: int((share >= 0.5).sum()) for name, share in shares.items()}
    rows = []
    for name, one in right.items():
        low, high = interval(one, len(truth))
        rows.append((name, one, len(truth), round(one / len(truth), 3), round(low, 3), round(high, 3)))
    yield Shown(Table("accuracy", ("way", "right", "count", "share", "low", "high"), tuple(rows)))
    best = max(shares, key=lambda name: right[name])
    yield Score("accuracy", right[best] / len(truth), unit="share")
    values = {"positive": positive[best], "all": len(truth), "true": int(truth.sum())}
    yield Shown(Said("leaning", "leaning", values))
    wrong = [at for at in range(len(truth)) if (shares[best][at] >= 0.5) != truth[at]]
    worst = sorted(wrong, key=lambda at: -abs(shares[best][at] - 0.5))[:MISTAKES]
    cells = tuple((found.test.inputs[at], LABELS[int(truth[at])], round(float(shares[best][at]), 3)) for at in worst)
    yield Shown(Table("mistakes", ("review", "truth", "score_positive"), cells))


def answering(local: Local, desk: Desk, values: Values) -> Iterator[Event]:
    """Question answering: the model writes, and only what stands in the text is given out."""
    from transformers import pipeline

    from models.nn.pipelines import ExtractedAnswer

    yield Progress(0, 1, "writing")
    asked = {"question": str(values["question"]), "context": str(values["context"])}
    whole = {"model": local.model, "tokenizer": local.tokenizer, "pipeline_class": ExtractedAnswer}
    answer: Any = pipeline("text-generation", **whole, device="cpu")
    tokens = answer.preprocess(asked)
    outputs = answer.forward(tokens)
    found = answer.postprocess(outputs)
    yield Shown(_answered(found, asked["context"]))
    yield Shown(Said("which", "which_answer"))
    folder = local.model.config.name_or_path
    yield Shown(Code("lines", ANSWER_CODE.format(folder=folder, question=asked["question"])))
    ids, written = tokens["input_ids"][0].tolist(), outputs["written"].tolist()
    after = [
        ("generate", (len(written),), " | ".join(local.pieces(written))),
        ("decode", (), found["generated"]),
        ("span", (2,), f"[{found['start']}, {found['end']})"),
    ]
    yield Shown(_inside(local, ids, _logits(local, ids, written[:1])[0], after))
    yield Score("sure", found["score"], unit="share")
    yield Score("in_text", float(bool(found["answer"])), unit="")


def _answered(found: Mapping[str, Any], context: str) -> Said:
    if not found["answer"]:
        return Said("answer", "not_in_text", {"generated": found["generated"] or "–"}, "bad")
    before, behind = context[: found["start"]][-AROUND:], context[found["end"] :][:AROUND]
    said = {"answer": found["answer"], "before": before, "behind": behind, "generated": found["generated"]}
    return Said("answer", "answered", said, "good")


TASKS: dict[str, Callable[[Local, Desk, Values], Iterator[Event]]] = {
    "generation": generation,
    "sentiment": sentiment,
    "answering": answering,
}
LAB = PipelineLab()
