"""The agent's tasks with a local model: how many succeed, in how many steps and how long, checked without any judge.

    python -m benchmarks.agent --home HOME --model qwen2.5-coder-1.5b --out results.jsonl

HOME holds weights and the ingested course; it is copied, because some tasks plant a hostile document. A task succeeds where the
tools it needs were called without error, the answer cites one of its documents and holds what it must and nothing it must not, and
is a refusal exactly where the documents hold no answer. Prints a Markdown row a model; `--out` keeps a JSON line a task.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.keys import Keys
from app.settings import load, silence_libraries
from app.wiring import Wiring
from chains.agent import AgentOptions, Finished
from chains.matching import holds
from chains.streaming import StreamLimits

PATIENT = StreamLimits(first_s=3_000.0, between_s=3_000.0)  # a busy machine is no failure of the model
TASKS = Path(__file__).parent.parent / "data" / "questions" / "agent-tasks.jsonl"


def failures(task: Mapping[str, Any], finished: Finished) -> list[str]:
    """What is wrong with a run, a word each; empty where it succeeded."""
    answer, called = finished.answer, {step.tool for step in finished.steps if step.status == "done"}
    if answer is None:
        return ["no answer"]
    wrong = [f"without {name}" for name in task["tools"] if name not in called]
    if task.get("any_tools") and not called & set(task["any_tools"]):
        wrong.append("without a tool")
    if answer.refused != task["refused"]:
        wrong.append("refused" if answer.refused else "not refused")
    cited = {citation.source for citation in answer.citations}
    if task.get("documents") and not answer.refused and not cited & set(task["documents"]):
        wrong.append("not cited")
    wrong += [f"lacks {group[0]}" for group in task.get("must_include", []) if not holds(answer.text, group)]
    return wrong + [f"says {words}" for words in task.get("forbidden", []) if holds(answer.text, [words])]


def planted(wiring: Wiring, task: Mapping[str, Any], folder: Path) -> list[str]:
    """Adds the task's document, if it brings one; the ids to take out again."""
    plant = task.get("plant")
    if not plant:
        return []
    path = folder / plant["name"]
    path.write_text(plant["text"], encoding="utf-8")
    reports = list(wiring.ingest([path]))
    assert reports[0].error is None, reports[0].error
    return [record.id for record in wiring.documents() if record.source == plant["name"]]


def measured(wiring: Wiring, task: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """One task done and judged."""
    ids, started = planted(wiring, task, folder), time.perf_counter()
    try:
        ask = replace(wiring.ask_options(), limits=PATIENT)
        finished = wiring.agent().run(task["task"], AgentOptions(ask=ask, wall_s=PATIENT.first_s))
    finally:
        if ids:
            wiring.remove_documents(ids)
    answer = finished.answer
    return {
        "id": task["id"],
        "kind": task["kind"],
        "wrong": failures(task, finished),
        "steps": [[step.tool, dict(step.arguments), step.status] for step in finished.steps],
        "answer": answer.text if answer else "",
        "refused": bool(answer and answer.refused),
        "error": str(finished.error or ""),
        "limit": finished.limit,
        "seconds": round(time.perf_counter() - started, 1),
    }


def row(model: str, results: Sequence[Mapping[str, Any]]) -> str:
    """The model's line of the table in docs/agent.md."""
    kinds = Counter(result["kind"] for result in results)
    good = Counter(result["kind"] for result in results if not result["wrong"])
    calls = [status for result in results for _, _, status in result["steps"]]
    shares = " | ".join(f"{good[kind]}/{kinds[kind]}" for kind in kinds)
    steps = statistics.mean(len(result["steps"]) for result in results)
    seconds = statistics.median(result["seconds"] for result in results)
    failed = sum(status != "done" for status in calls)
    return f"| {model} | {sum(good.values())}/{len(results)} | {shares} | {steps:.1f} | {failed}/{len(calls)} | {seconds:.0f} |"


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tasks", type=Path, default=TASKS, help="another file of tasks")
    parser.add_argument("--only", default="", help="ids or kinds, with commas")
    arguments = parser.parse_args()
    silence_libraries()
    tasks = [json.loads(line) for line in arguments.tasks.read_text(encoding="utf-8").splitlines()]
    wanted = set(filter(None, arguments.only.split(",")))
    tasks = [task for task in tasks if not wanted or wanted & {task["id"], task["kind"]}]
    results = []
    with tempfile.TemporaryDirectory() as copy:
        home = Path(copy)
        shutil.copytree(arguments.home / "collections", home / "collections")
        settings = load(home, weights=arguments.home / "weights", model=arguments.model, offline=True)
        wiring = Wiring(settings, Keys(home / "keys.toml", {}))
        try:
            for task in tasks:
                results.append(measured(wiring, task, home))
                print(json.dumps(results[-1], ensure_ascii=False), file=sys.stderr)
                if arguments.out:
                    lines = (json.dumps(result, ensure_ascii=False) + "\n" for result in results)
                    arguments.out.write_text("".join(lines), encoding="utf-8")
        finally:
            wiring.close()
    print(row(arguments.model, results))


if __name__ == "__main__":
    main()
