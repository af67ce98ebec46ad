"""Every method, on a tiny Qwen2 with random weights: the loss falls, only what should changes, and what is saved comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from finetune import recipe as recipes
from finetune.base import Method
from finetune.recipe import methods
from models.errors import InputError

torch = pytest.importorskip("torch")

RATES = {"full": 3e-3, "partial": 3e-3, "prompt": 5e-2, "prefix": 5e-2}
VARIANTS = [
    ("full", {}),
    ("full", {"embeddings": True}),
    ("partial", {"layers": 1}),
    ("adapter", {"size": 8}),
    ("prompt", {"tokens": 4, "init": "answer"}),
    ("prefix", {"tokens": 4}),
    ("lora", {}),
    ("lora", {"rslora": True, "targets": "attention"}),
    ("lora", {"dora": True, "targets": "mlp"}),
]


def fresh(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def name_of(variant: Any) -> str:
    return "-".join(str(part) for part in variant) if isinstance(variant, tuple) else str(variant)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("method", "options"), VARIANTS, ids=name_of)
def test_it_learns_and_comes_back(method: str, options: dict[str, Any], tiny_base: Path, tmp_path: Path) -> None:
    from finetune.loop.trainer import loss_of, trainable

    recipe = recipes.parse({"method": method, "options": options})
    torch.manual_seed(0)
    model = methods()[method].prepare(fresh(tiny_base), recipe)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    learning = dict(trainable(model))
    ids = torch.randint(0, 200, (2, 24))  # (B, T)
    labels = ids.clone()
    labels[:, :12] = -100
    optimizer = torch.optim.Adam(learning.values(), lr=RATES.get(method, 1e-2))
    losses = []
    for _ in range(8):
        loss, count = loss_of(model, ids, labels)
        losses.append(loss.item() / count)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[-1] < losses[0] - 0.02, losses
    changed = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert changed <= set(learning)
    assert changed, "something must have learnt"
    model.eval()
    saved, loaded = save_and_load(methods()[method], model, tiny_base, tmp_path)
    with torch.no_grad():
        assert torch.allclose(loaded.eval()(input_ids=ids).logits, model(input_ids=ids).logits, atol=1e-5)
    assert all(path.suffix in {".safetensors", ".json", ".jinja"} for path in saved.iterdir())


def save_and_load(method: Method, model: Any, base: Path, tmp_path: Path) -> tuple[Path, Any]:
    folder = tmp_path / "saved"
    folder.mkdir()
    method.save(model, folder)
    return folder, method.load(fresh(base), folder)


@pytest.mark.parametrize("method", ["lora", "adapter", "prefix"])
def test_the_first_step_sees_the_base_itself(method: str, tiny_base: Path) -> None:
    """What is added starts at nothing; a prefix of zeros takes attention, but adds nothing either."""
    ids = torch.randint(0, 200, (1, 20))
    base = fresh(tiny_base)
    with torch.no_grad():
        plain = base(input_ids=ids).logits
        model = methods()[method].prepare(base, recipes.parse({"method": method})).eval()
        begun = model(input_ids=ids).logits[:, -20:]
    if method == "prefix":
        assert not torch.equal(begun, plain)
    else:
        assert torch.allclose(begun, plain, atol=1e-6)


def test_lora_leaves_the_tied_embeddings_alone(tiny_base: Path) -> None:
    model = methods()["lora"].prepare(fresh(tiny_base), recipes.parse({}))
    learning = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert learning
    assert not [name for name in learning if "embed" in name or "lm_head" in name]
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight


def test_partial_counts_from_the_top(tiny_base: Path) -> None:
    model = methods()["partial"].prepare(
        fresh(tiny_base), recipes.parse({"method": "partial", "options": {"layers": 1}})
    )
    learning = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert all("layers.1." in name or name.endswith("model.norm.weight") for name in learning)
    too_many = recipes.parse({"method": "partial", "options": {"layers": 9}})
    with pytest.raises(InputError, match="the base has 2 layers"):
        methods()["partial"].prepare(fresh(tiny_base), too_many)


def test_a_prefix_cannot_be_checkpointed(tiny_base: Path) -> None:
    recipe = recipes.parse({"method": "prefix", "checkpointing": True})
    with pytest.raises(InputError, match="checkpointing to false"):
        methods()["prefix"].prepare(fresh(tiny_base), recipe)


def test_a_prompt_starts_as_real_words(tiny_base: Path) -> None:
    base = fresh(tiny_base)
    recipe = recipes.parse({"method": "prompt", "options": {"tokens": 3, "init": "abc"}})
    embeddings = base.get_input_embeddings().weight.detach().clone()
    model = methods()["prompt"].prepare(base, recipe)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    assert [tuple(weight.shape) for weight in learning] == [(3, 64)]
    assert all((embeddings == row).all(dim=1).any() for row in learning[0].detach())


def test_every_method_is_served_somewhere() -> None:
    assert {"full", "partial", "adapter", "prompt", "prefix", "lora", "qlora"} == set(methods())
    assert [name for name, method in methods().items() if "local" in method.serves] == ["lora", "qlora"]
    assert all("hf" in method.serves for method in methods().values())
