"""The tab 파인튜닝 over the real application: a dataset made, its tokens seen, a tiny model trained, its curves kept over a reload."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

COURSE = Path(__file__).parents[4] / "data" / "course"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_base(folder: Path) -> Path:
    """A Qwen2 of two layers with random weights and a tokenizer of bytes, as the home keeps its bases."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    fast.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    config = Qwen2Config(
        vocab_size=len(fast), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True, eos_token_id=fast.eos_token_id, pad_token_id=fast.pad_token_id,
        bos_token_id=None,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bench(tmp_path_factory, serve_module):
    """The page's address and a base to train."""
    pytest.importorskip("torch")
    from app.keys import Keys
    from app.settings import load
    from app.wiring import Wiring

    home = tmp_path_factory.mktemp("home")
    base = make_base(home / "finetune" / "bases" / "tiny")
    wiring = Wiring(load(home, embedder="fake", backend="fake", offline=True, threads=2), Keys(home / "keys.toml", {}))
    wiring.course_files = list
    list(wiring.ingest([COURSE / "06-mlp-overfitting.md", COURSE / "07-cnn.md", COURSE / "08-rnn-lstm-gru.md"]))
    with serve_module(wiring) as url:
        yield url, base
    wiring.close()


def step(page, name: str) -> None:
    page.click(f"#cm-section-bench-{name}-button")


def test_from_data_to_an_adapter(visit, bench) -> None:
    url, base = bench
    visitor = visit(url)
    visitor.page.set_default_timeout(120_000)
    page = visitor.open()
    page.wait_for_selector("#cm-status .cm-ready", state="attached")
    page.evaluate("coursemate.goTo('finetune')")

    step(page, "data")
    page.fill("#cm-data-form [name=name]", "시험용")
    page.fill("#cm-data-form [name=count]", "16")
    page.click("#cm-data-form .cm-primary")
    page.wait_for_selector("#cm-data-said .cm-said:has-text('시험용')")
    page.click(".cm-example >> nth=0")
    page.wait_for_selector("#cm-data-tokens .cm-token-trained >> visible=true")
    shown = page.locator("#cm-data-tokens .cm-tokens").inner_text()
    assert page.locator("#cm-data-tokens .cm-tokens .cm-token-end").inner_text() == "<|im_end|>"
    assert "\ufffd" not in shown

    step(page, "method")
    page.fill(".cm-recipe [name=base]", str(base))
    page.fill(".cm-recipe [name=steps]", "6")
    page.fill(".cm-recipe [name=run_name]", "first")
    page.click(".cm-recipe .cm-more summary")
    page.fill(".cm-recipe [name=batch_tokens]", "4096")
    page.fill(".cm-recipe [name=max_tokens]", "4096")
    page.fill(".cm-recipe [name=validate_every]", "3")
    page.fill(".cm-recipe [name=questions]", "과적합이 뭐예요?")
    page.click(".cm-recipe [value=start]")
    page.wait_for_selector("#cm-run-box .cm-badge-ended")
    assert page.locator("#cm-run-box .cm-plot").count() >= 2
    assert "6 / 6" in page.locator("#cm-run-box").inner_text()

    page.reload()  # the tab and the step that were open come back, with the run
    page.wait_for_selector("#cm-run-box .cm-badge-ended >> visible=true")
    step(page, "adapters")
    page.wait_for_selector("#cm-adapter-box h3:has-text('first')")
    page.fill("#cm-adapter-box [name=new]", "second")
    page.click("#cm-adapter-box form button")
    page.wait_for_selector("#cm-adapter-box h3:has-text('second')")
    with page.expect_download() as download:
        page.click("#cm-adapter-box a[href$='.zip']")
    assert Path(download.value.path()).stat().st_size > 1000
    page.click("#cm-adapter-box [data-act=remove]")
    page.wait_for_selector("#cm-adapter-box [data-act=remove] .cm-ask")  # asks first
    page.click("#cm-adapter-box [data-act=remove]")
    page.wait_for_selector("#cm-adapter-list .cm-rows:not(:has-text('second'))", state="attached")


def test_a_lesson_asks_first(visit, bench) -> None:
    visitor = visit(bench[0], width=390, height=844)
    visitor.page.set_default_timeout(120_000)
    page = visitor.open("/en/")
    page.evaluate("coursemate.goTo('finetune')")
    step(page, "lessons")
    page.click("#cm-lesson-list [data-lesson=rate]")
    page.wait_for_selector("#cm-lesson-head [data-lesson=rate]")
    assert page.locator("#cm-lesson-head .cm-bars").count() == 0
    page.click("#cm-lesson-head [data-guess='2']")
    page.wait_for_selector("#cm-lesson-head .cm-told:has-text('Right')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
