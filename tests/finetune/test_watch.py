"""The forgetting meter's ruler: our own text, and questions with answers that can be checked."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from finetune.watch import Watch


def test_there_is_enough_to_measure_and_it_is_no_course() -> None:
    watch = Watch.read()
    assert len(watch.texts) >= 12
    assert len(watch.probes) >= 8
    assert all(100 > text.count(" ") > 10 for text in watch.texts)
    assert not [text for text in watch.texts if re.search("학습|신경망|모델|데이터|인공지능", text)]


def test_a_probe_knows_a_right_answer() -> None:
    seoul = Watch.read().probes[0]
    assert seoul.right("대한민국의 수도는 **서 울**입니다.")
    assert not seoul.right("부산입니다.")


def test_an_untrained_model_knows_nothing(tiny_base: Path) -> None:
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(tiny_base).train()
    tokenizer = AutoTokenizer.from_pretrained(tiny_base)
    found = Watch.read().measure(model, tokenizer)
    assert found is not None
    assert found.loss == pytest.approx(math.log(len(tokenizer)), abs=0.3)  # as good as guessing
    assert found.probes_right <= 1
    assert model.training
    assert Watch.read().measure(model, tokenizer, going=lambda: False) is None
