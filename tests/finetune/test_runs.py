"""Runs in processes of their own: killed at any step they go on with the same curve, stopped they keep what they have."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finetune import checkpoints
from finetune import recipe as recipes
from finetune.base import Event, Made
from finetune.journal import Journal, valid
from finetune.recipe import Recipe
from finetune.registry import Registry
from finetune.runfiles import Busy
from finetune.runs import Runs
from finetune.training import Work, train
from models.errors import InputError

torch = pytest.importorskip("torch")


def small(base: Path, **values: Any) -> Recipe:
    """A dozen steps of a tiny LoRA, with all that draws random numbers."""
    return recipes.parse(
        {
            "base": str(base),
            "data": "small",
            "steps": 12,
            "batch_tokens": 256,
            "max_tokens": 256,
            "accumulation": 2,
            "learning_rate": 1e-2,
            "options": {"dropout": 0.1},
            "validate_every": 4,
            "save_every": 2,
            "questions": ["hello?"],
            "threads": 1,
            **values,
        }
    )


def losses(events: list[Event], kind: str = "step") -> dict[int, float]:
    return {event.step: event.values["loss"] for event in events if event.kind == kind}


@pytest.fixture(scope="module")
def undisturbed(tiny_base: Path, calm_home: Path) -> Work:
    """The run that nobody kills, in this process."""
    home = calm_home
    work = Work(home / "finetune" / "runs" / "calm", home, home / "weights", small(tiny_base))
    work.folder.mkdir(parents=True)
    train(work)
    return work


@pytest.fixture
def runs(bench_home: Path) -> Iterator[Runs]:
    found = Runs(bench_home, bench_home / "weights")
    yield found
    if busy := Busy.read(found.folder):
        os.kill(busy.pid, signal.SIGKILL)


def test_it_tells_all_there_is_to_see(undisturbed: Work) -> None:
    events = undisturbed.journal.events()
    kinds = [event.kind for event in events]
    assert kinds[0] == "started"
    assert kinds[-1] == "ended"
    assert {"step", "validation", "forgetting", "said", "saved"} <= set(kinds)
    steps = losses(events)
    assert list(steps) == list(range(1, 13))
    assert steps[12] < steps[1] - 0.3
    first = next(event for event in events if event.kind == "step")
    assert set(first.values) == {"loss", "learning_rate", "gradient_norm", "tokens_per_s", "left_s", "seconds"}
    assert first.values["learning_rate"] > 0
    assert [event.step for event in events if event.kind == "forgetting"] == [0, 12]
    assert events[0].values["trained_parameters"] < events[0].values["all_parameters"]


def test_the_result_is_the_best_validation(undisturbed: Work, tiny_base: Path) -> None:
    from transformers import AutoModelForCausalLM

    from finetune.methods.lora import METHOD

    result = undisturbed.folder / "result"
    made = Made.read(result)
    best = min(losses(undisturbed.journal.events(), "validation").values())
    assert made.scores["validation_loss"] == best
    assert (made.method, made.steps, made.data) == ("lora", 12, "small")
    assert len(made.base_sha256) == 64
    model = METHOD.load(AutoModelForCausalLM.from_pretrained(tiny_base), result)
    assert any(weight.abs().sum() > 0 for name, weight in model.named_parameters() if "lora_B" in name)


def test_checkpoints_are_thinned(undisturbed: Work) -> None:
    assert [step for step, _ in checkpoints.all_of(undisturbed.folder / "checkpoints")] == [10, 12]


def test_killed_at_any_step_it_goes_on_with_the_same_curve(undisturbed: Work, runs: Runs, tiny_base: Path) -> None:
    run = runs.start(small(tiny_base), "often-killed")
    for at in sorted(random.sample(range(3, 12), 2)):
        kill_behind(runs, run.name, at)
        assert runs.find(run.name).state == "interrupted"
        assert runs.training() is None
        run = runs.resume(run.name)
    for _ in runs.follow(run.name):
        pass
    run = runs.find(run.name)
    assert (run.state, run.error) == ("ended", None), (run.folder / "worker.log").read_text()[-2000:]
    calm = undisturbed.journal.events()
    assert losses(run.journal.events()) == pytest.approx(losses(calm), rel=1e-5)
    assert losses(run.journal.events(), "validation") == pytest.approx(losses(calm, "validation"), rel=1e-5)
    assert same_weights(run.folder / "result", undisturbed.folder / "result")
    assert Registry(runs.home).find("often-killed").made.base == str(tiny_base)


def kill_behind(runs: Runs, name: str, step: int) -> None:
    """SIGKILL as soon as the journal holds that step; returns when the run is seen to be gone."""
    for event in runs.follow(name):
        busy = Busy.read(runs.folder)
        if busy and event is not None and event.kind == "step" and event.step >= step:
            os.kill(busy.pid, signal.SIGKILL)


def same_weights(one: Path, other: Path) -> bool:
    from safetensors.torch import load_file

    a, b = (load_file(folder / "adapter_model.safetensors") for folder in (one, other))
    return a.keys() == b.keys() and all(torch.allclose(a[name], b[name], atol=1e-6) for name in a)


def test_a_stop_keeps_what_was_learnt_and_one_trains_at_a_time(runs: Runs, tiny_base: Path) -> None:
    recipe = small(tiny_base, steps=500, validate_every=0, save_every=100)
    run = runs.start(recipe, "long")
    with pytest.raises(InputError, match="the run long is training"):
        runs.start(recipe, "second")
    with pytest.raises(InputError, match="stop it first"):
        runs.remove("long")
    asked = False
    for event in runs.follow("long"):
        if event is not None and event.kind == "step" and event.step >= 2 and not asked:
            runs.stop("long")
            asked = True
    run = runs.find("long")
    assert run.state == "stopped"
    assert run.step < 400
    assert run.result is not None
    assert Made.read(run.result).steps == run.step
    assert checkpoints.newest(run.folder / "checkpoints") is not None
    assert Registry(runs.home).has("long")
    with pytest.raises(InputError, match="there is nothing to stop"):
        runs.stop("long")
    with pytest.raises(InputError, match="'long' already"):
        runs.start(recipe, "long")
    runs.remove("long")
    assert runs.all() == []
    assert Registry(runs.home).has("long")


def test_a_worker_says_why_it_failed(runs: Runs, tiny_base: Path) -> None:
    run = runs.start(small(tiny_base, max_tokens=16))
    for _ in runs.follow(run.name):
        pass
    failed = runs.find(run.name)
    assert failed.state == "failed"
    assert failed.name == "lora-small-1"
    assert "longer than max_tokens=16" in str(failed.error)
    assert isinstance(failed.error, InputError)
    assert failed.error.params["text_key"] == "finetune.all_too_long"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"data": "none"}, "no dataset 'none'"),
        ({"base": "nobody"}, "there is no base 'nobody'"),
        ({"report_to": "mlflow"}, "pip install mlflow"),
        ({"method": "qlora", "options": {}}, "use the method lora"),
    ],
)
def test_what_cannot_start_is_refused_at_once(runs: Runs, tiny_base: Path, values: dict[str, Any], says: str) -> None:
    from models.errors import CourseMateError

    with pytest.raises(CourseMateError, match=says):
        runs.start(small(tiny_base).model_copy(update=values))
    assert runs.all() == []


def a_checkpoint(folder: Path) -> None:
    from safetensors.torch import save_file

    folder.mkdir()
    save_file({"weight": torch.zeros(100)}, folder / checkpoints.WEIGHTS)
    (folder / checkpoints.STATE).write_text("{}")
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        torch.save({}, folder / name)


def test_half_a_checkpoint_is_none(tmp_path: Path) -> None:
    for step in (2, 4, 8):
        a_checkpoint(tmp_path / f"step-{step}")
    assert checkpoints.newest(tmp_path) == (8, tmp_path / "step-8")
    (tmp_path / "step-8" / "optimizer.pt").unlink()
    (tmp_path / checkpoints.DRAFT).mkdir()
    assert checkpoints.newest(tmp_path) == (4, tmp_path / "step-4")
    weights = tmp_path / "step-4" / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-50])
    assert checkpoints.newest(tmp_path) == (2, tmp_path / "step-2")
    checkpoints.thin(tmp_path, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-2", "step-4"]


def test_a_line_cut_short_and_steps_taken_twice_do_not_count(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write(Event.now("started", 0, steps=9))
    for step in (1, 2, 3):
        journal.write(Event.now("step", step, loss=float(step)))
    with journal.path.open("ab") as file:
        file.write(b'{"kind": "step", "st')
    journal.write(Event.now("resumed", 1, from_step=1))
    journal.write(Event.now("step", 2, loss=float("nan")))
    events = journal.events()
    assert [(event.kind, event.step) for event in events] == [("started", 0), ("step", 1), ("resumed", 1), ("step", 2)]
    assert events[-1].values["loss"] is None
    assert valid(events) == events
