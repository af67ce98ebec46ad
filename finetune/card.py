"""The model card of an adapter: README.md as model hubs read it, Korean, with an English summary. Made of its files alone.

    render(adapter, Facts(base_id="Qwen/Qwen2.5-Coder-0.5B-Instruct", licence="apache-2.0"))

What is not known is left out or said to be unknown; no figure is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from finetune.adapter import GGUF, Adapter, base_name

MOST_ORIGINS = 20


@dataclass(frozen=True, slots=True)
class Facts:
    """What the adapter's own files do not say. base_id: hub id of the base; licence: SPDX, of the adapter; licence_text: of
    its LICENSE file, "" for none."""

    base_id: str = ""
    licence: str = ""
    licence_text: str = ""


def render(adapter: Adapter, facts: Facts) -> str:
    """README.md, beginning with its YAML head."""
    parts = (
        _head(adapter, facts),
        _summary(adapter, facts),
        _data(adapter),
        _recipe(adapter),
        _scores(adapter),
        _use(adapter),
    )
    return "\n".join(line for part in parts for line in (*part, "")).rstrip() + "\n"


def _head(adapter: Adapter, facts: Facts) -> Iterator[str]:
    yield "---"
    if facts.base_id:
        yield f"base_model: {_quoted(facts.base_id)}"
        yield "base_model_relation: " + ("finetune" if adapter.whole else "adapter")
    if facts.licence:
        yield f"license: {_quoted(facts.licence.lower())}"
    yield "language: [ko]"
    yield f"library_name: {'transformers' if adapter.whole else 'peft'}"
    yield "pipeline_tag: text-generation"
    tags = ["coursemate", adapter.made.method, *(["gguf"] if adapter.gguf else [])]
    yield f"tags: [{', '.join(tags)}]"
    yield "---"


def _summary(adapter: Adapter, facts: Facts) -> Iterator[str]:
    made = adapter.made
    base = facts.base_id or base_name(made) or "알 수 없음"
    yield f"# {adapter.name}"
    yield ""
    yield f"`{base}`에 {made.method} 방법으로 학습한 어댑터입니다. 자료를 근거로 한국어로 답하고 근거 번호를 적게 하려고 코스메이트로 만들었습니다."
    yield ""
    known = facts.base_id or base_name(made) or "an unknown base"
    yield f"**English.** A {made.method} adapter of `{known}`, trained with CourseMate's fine-tuning bench. Data, recipe and figures are below."


def _data(adapter: Adapter) -> Iterator[str]:
    made, data = adapter.made, adapter.data
    yield "## 학습 데이터 (data)"
    yield ""
    yield f"- 이름: {made.data or '알 수 없음'}"
    yield f"- SHA-256: `{made.data_sha256 or '알 수 없음'}`"
    counts = data.get("counts")
    if isinstance(counts, Mapping):
        yield "- 예시 수: " + ", ".join(f"{part} {count}" for part, count in counts.items())
    for key, title in (("origins", "출처 (origins)"), ("licences", "라이선스 (licences)"), ("kinds", "종류 (kinds)")):
        counted = data.get(key)
        if isinstance(counted, Mapping) and counted:
            shown = [f"{_cell(name)} {count}" for name, count in list(counted.items())[:MOST_ORIGINS]]
            yield f"- {title}: " + ", ".join(shown)


def _recipe(adapter: Adapter) -> Iterator[str]:
    made = adapter.made
    recipe = dict(made.recipe)
    flat = {**{key: value for key, value in recipe.items() if key != "options"}, **(recipe.get("options") or {})}
    yield "## 학습 방법 (recipe)"
    yield ""
    yield f"- 기반 모델 SHA-256: `{made.base_sha256 or '알 수 없음'}`"
    yield f"- 걸음 수 (steps): {made.steps}"
    if flat:
        yield ""
        yield "| 항목 | 값 |"
        yield "| --- | --- |"
        for key, value in flat.items():
            if key not in {"base", "data", "questions"}:
                yield f"| {_cell(key)} | {_cell(value)} |"


def _scores(adapter: Adapter) -> Iterator[str]:
    scores = adapter.scores
    yield "## 결과 (scores)"
    yield ""
    rows = list(scores.get("metrics", ()))
    if not rows:
        yield "아직 평가하지 않았습니다. / Not evaluated yet: `coursemate finetune evaluate`."
        return
    yield "기반 모델과 같은 질문을 풀어 짝지어 견준 값입니다(대괄호는 95 % 구간)."
    yield ""
    yield "| 지표 | 세트 | n | 기반 | 어댑터 | 차이 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows:
        cells = [
            row.get("metric"),
            row.get("set"),
            row.get("n"),
            _number(row.get("base")),
            _number(row.get("tuned")),
            _gap(row),
        ]
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
    forgotten = scores.get("forgetting")
    if isinstance(forgotten, Mapping):
        yield ""
        yield "### 무엇을 잊었나 (forgetting)"
        yield ""
        for key, value in forgotten.items():
            yield f"- {_cell(key)}: {_cell(_number(value) if isinstance(value, float) else value)}"


def _use(adapter: Adapter) -> Iterator[str]:
    yield "## 쓰기 (use)"
    yield ""
    yield "```bash"
    yield f"coursemate finetune adapters import {adapter.name}"
    backend = "" if adapter.gguf or adapter.is_lora else " --backend hf"
    yield f'coursemate ask --adapter {adapter.name}{backend} "드롭아웃은 왜 쓰나요?"'
    yield "```"
    if adapter.gguf:
        yield ""
        yield f"llama.cpp: `llama-server -m BASE.gguf --lora {GGUF}`"
    if adapter.serving.prompt:
        yield ""
        yield f"프롬프트 `{adapter.serving.prompt}`로 학습했고, 이 어댑터가 답할 때 그 프롬프트를 씁니다."


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}"


def _gap(row: Mapping[str, Any]) -> str:
    if row.get("gain") is None:
        return "-"
    low, high = row.get("low"), row.get("high")
    between = "" if low is None or high is None else f" [{low:+.3f}, {high:+.3f}]"
    return f"{row['gain']:+.3f}{between}"


def _cell(value: Any) -> str:
    """Text that stays in its cell and is no markup: names in here come from files of others."""
    text = " ".join(str(value).split())[:300]
    for sign in ("\\", "|", "<", "`", "[", "]"):
        text = text.replace(sign, "\\" + sign if sign != "<" else "&lt;")
    return text


def _quoted(value: str) -> str:
    """A YAML scalar of one line."""
    return '"' + "".join(c for c in value if c.isprintable() and c not in '"\\') + '"'
