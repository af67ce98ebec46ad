"""The lab on the small GPT: what it claims comes true, and drawing the next character does what it says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk, Event, Progress, Said, Score, Shown, Value, read_values  # noqa: E402
from app.labs.checkpoints import CONTROL, FILE, SHIPPED  # noqa: E402
from app.labs.checkpoints import write as write_weights  # noqa: E402
from app.labs.gpt import LAB, prepare  # noqa: E402
from app.labs.parts.gpt_training import Plan, Sampling, held_loss, learn, rate_at, shares, write  # noqa: E402
from models.nn.gpt import Gpt, Shape, cross_entropy  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def events(home: Path, **values: Value) -> list[Event]:
    return list(LAB.compute(Desk(home), **read_values(LAB, {**LAB.small, **values})))


def block(found: list[Event], name: str) -> object:
    return next(e.block for e in reversed(found) if isinstance(e, Shown) and e.block.name == name)


def test_without_temperature_every_sample_is_the_same(home: Path) -> None:
    values = {name: value for name, value in LAB.tries[0].values.items() if name != "steps"}
    rows = block(events(home, **values), "written").rows
    assert len({text for _, text in rows}) == 1
    assert len({text for _, text in block(events(home), "written").rows[:3]}) > 1


def test_a_short_text_is_memorised(home: Path) -> None:
    """Smaller than the try, which the same holds for."""
    found = events(home, **{**LAB.tries[1].values, "steps": 100, "rate": 0.01})
    figure = block(found, "loss")
    train, held = figure.data[0]["y"], figure.data[1]["y"]
    assert train[-1] < 0.5 * train[0]
    assert held[-1] > min(held) + 0.05
    assert block(found, "verdict").key == "overfitted"


def test_nothing_is_looked_at_before_it_comes(home: Path) -> None:
    rows = block(events(home), "attention_1").data[0]["z"]
    assert [value for at, row in enumerate(rows) for value in row[at + 1 :] if value] == []
    assert all(math.isclose(sum(row), 1, abs_tol=1e-3) for row in rows)


def test_a_model_that_came_along_writes_without_training(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, made = LAB.make(Desk(home), steps=20, layers=2, heads="2", width="32")
    monkeypatch.setattr("app.course.CHECKOUT", tmp_path)
    write_weights(tmp_path / "labs" / LAB.name / FILE, made)
    asked = {"corpus": "course", "weights": SHIPPED, "prompt": "언어 모델은 🙂", "head": 2}
    found = events(home, **asked, temperature=0.0)
    assert block(found, CONTROL).key == "shipped" and made.facts["kept"] == 20
    assert not any(isinstance(event, Progress) for event in found)
    assert block(found, "loss").data[0]["x"] == list(range(1, 21)) and block(found, "samples").rows[-1][0] == 20
    assert len({text for _, text in block(found, "written").rows}) == 1
    assert len({text for _, text in block(events(home, **asked, temperature=1.5), "written").rows}) == 4
    assert [e.block.name for e in found if isinstance(e, Shown)].count("attention_2") == 1
    assert block(events(home, weights=SHIPPED), CONTROL).key == "not_shipped", "of the learner's own text"


def test_the_same_seed_learns_the_same(home: Path) -> None:
    scores = [[e for e in events(home) if isinstance(e, Score)] for _ in range(2)]
    assert scores[0] == scores[1]


def test_a_rate_that_is_too_large_is_told(home: Path) -> None:
    found = events(home, rate=0.03, steps=30)
    assert isinstance(block(found, "verdict"), Said)


class TestDrawing:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])

    def test_temperature_sharpens_and_flattens(self) -> None:
        cold, plain, hot = (shares(self.logits, Sampling(temperature=t)) for t in (0.5, 1.0, 2.0))
        torch.testing.assert_close(plain, torch.softmax(self.logits, 0))
        assert cold[0] > plain[0] > hot[0]
        assert shares(self.logits, Sampling(temperature=0.0)).tolist() == [1, 0, 0, 0]

    def test_top_k_keeps_so_many(self) -> None:
        kept = shares(self.logits, Sampling(top_k=2))
        assert (kept > 0).tolist() == [True, True, False, False]
        assert kept.sum().item() == pytest.approx(1)

    def test_top_p_keeps_the_fewest_that_reach_it(self) -> None:
        plain = torch.softmax(self.logits, 0).tolist()
        for p, many in ((0.05, 1), (plain[0] + 0.01, 2), (0.99, 4)):
            assert int((shares(self.logits, Sampling(top_p=p)) > 0).sum()) == many


def test_the_rate_rises_and_falls() -> None:
    plan = Plan(steps=100, rate=1.0)
    rates = [rate_at(step, plan) for step in range(100)]
    assert max(rates) == pytest.approx(1.0) and rates[0] == pytest.approx(0.2)
    assert 0.1 <= rates[-1] < 0.11


def test_the_held_out_loss_counts_every_character() -> None:
    model = Gpt(Shape(vocabulary=7, context=4, width=8, heads=2, layers=1))
    tokens = torch.randint(7, (11,), generator=torch.Generator().manual_seed(0))
    parts = [(0, 4), (4, 4), (8, 2)]
    wanted = sum(
        cross_entropy(model(tokens[None, a : a + n]), tokens[None, a + 1 : a + n + 1]).item() * n for a, n in parts
    )
    assert held_loss(model, tokens) == pytest.approx(wanted / 10, rel=1e-5)
    assert math.isnan(held_loss(model, tokens[:1]))


def test_it_writes_further_than_its_context() -> None:
    model = Gpt(Shape(vocabulary=7, context=4, width=8, heads=2, layers=1))
    assert len(write(model, torch.tensor([1, 2]), 9, Sampling(), seed=1)) == 9
    assert len(list(learn(model, torch.arange(6) % 7, Plan(steps=2, batch=2)))) == 2


def test_the_trigram_is_that_of_the_lab_on_ngrams() -> None:
    material = prepare("가나다라마바사. " * 40)
    assert 0 < material.trigram < math.log(len(material.alphabet.characters))
    assert material.alphabet.text(material.alphabet.numbers("가나힣").tolist()) == "가나□"
