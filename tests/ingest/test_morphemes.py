"""The same thing written in different ways is one word to the search."""

from __future__ import annotations

import unicodedata

import pytest

from ingest.morphemes import content_morphemes, fingerprint
from ingest.terms import Terms, course_terms, read_terms


def common(left: str, right: str) -> set[str]:
    return set(content_morphemes(left)) & set(content_morphemes(right))


@pytest.mark.parametrize(
    "forms",
    [
        ("파인튜닝", "파인 튜닝", "미세조정", "미세 조정", "fine-tuning", "Fine Tuning", "finetuning", "fine-tuned"),
        ("어텐션", "attention", "Attention", "어텐션 메커니즘"),
        ("셀프 어텐션", "셀프어텐션", "self-attention", "Self Attention", "자기 주의"),
        ("트랜스포머", "Transformer", "transformers", "TRANSFORMER"),
        ("임베딩", "embedding", "Embeddings"),
        ("과적합", "과대적합", "오버피팅", "overfitting", "over-fitting"),
        ("드롭아웃", "드랍아웃", "dropout", "Dropout", "drop-out"),
        ("합성곱", "컨볼루션", "convolution", "Convolution"),
        ("순환 신경망", "순환신경망", "RNN", "RNNs", "recurrent neural network"),
        ("경사 하강법", "경사하강법", "gradient descent", "Gradient-Descent"),
        ("검색 증강 생성", "RAG", "retrieval-augmented generation"),
        ("LoRA", "lora", "로라", "low-rank adaptation"),
        ("학습률", "learning rate", "러닝 레이트", "learning_rate"),
        ("배치 정규화", "BatchNorm", "batch normalization", "batch norm"),
        ("워드투벡", "Word2Vec", "word2vec"),
        ("k-평균", "K 평균", "k-means", "KMeans"),
        ("GPT", "gpt", "지피티"),
        ("챗GPT", "ChatGPT", "챗지피티"),
    ],
    ids=lambda forms: forms[0],
)
@pytest.mark.parametrize("sentence", ["{}", "{}도 배운다.", "오늘은 {}의 뜻을 본다", "({})"])
def test_variants_of_a_term_are_the_same_words(forms: tuple[str, ...], sentence: str) -> None:
    first, *others = (sorted(content_morphemes(sentence.format(form))) for form in forms)
    assert first
    for form, words in zip(forms[1:], others, strict=True):
        assert words == first, form


def test_a_longer_term_meets_its_parts() -> None:
    assert "어텐션" in common("멀티헤드 어텐션", "어텐션이란?")
    assert "경사하강법" in common("SGD", "경사 하강법")
    assert common("What is stochastic gradient descent?", "경사하강법의 원리")


def test_particles_endings_and_stop_words_carry_nothing() -> None:
    assert content_morphemes("모델을 학습시켰습니다.") == content_morphemes("모델은 학습시키고")
    assert content_morphemes("is the of and") == []
    assert content_morphemes("!? ... $$ — 그것을") == []
    assert content_morphemes("") == []


def test_verbs_meet_by_their_stem() -> None:
    assert "낮추" in common("학습률을 낮추었습니다", "낮춰야 합니까?")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("torch.nn.Linear", {"파이토치", "nn", "linear", "torch.nn.linear"}),
        ("nn.Module", {"nn", "module", "nn.module"}),
        ("F.relu(x)", {"렐루", "f.relu"}),
        ("lr=1e-3", {"1e-3", "학습률"}),
        ("버전 2.5.1", {"2.5.1"}),
        ("GPT-3.5와 GPT-3", {"gpt-3.5", "gpt-3", "3.5", "3", "지피티"}),
        ("1,000개", {"1000"}),
        ("model.fit(train_data)", {"model.fit", "train_data", "fit"}),
        ("C++와 C#", {"c++", "c#"}),
        ("ResNet-50", {"레즈넷", "resnet-50", "50"}),
        ("ＧＰＴ", {"지피티"}),
        ("人工 지능", {"人工"}),
        ("Größe", {"größe"}),
        ("Qwen2.5-Coder-1.5B", {"2.5", "coder", "1.5"}),
    ],
)
def test_identifiers_numbers_and_other_scripts(text: str, words: set[str]) -> None:
    assert words <= set(content_morphemes(text))


def test_version_numbers_keep_their_difference() -> None:
    assert "gpt-3" not in content_morphemes("GPT-4")
    assert common("GPT-3", "GPT-4") == {"지피티"}


def test_decomposed_hangul_is_the_same() -> None:
    text = "드롭아웃은 과적합을 줄인다."
    assert content_morphemes(unicodedata.normalize("NFD", text)) == content_morphemes(text)


@pytest.mark.parametrize(
    "text", ["가" * 5_000, "a" * 200_000, "다." * 20_000, "a." * 100_000, "1," * 100_000, "-" * 200_000]
)
@pytest.mark.timeout(60)
def test_hostile_text_ends(text: str) -> None:
    assert all(len(word) <= 60 for word in content_morphemes(text))


def test_the_table_says_nothing_twice() -> None:
    seen: dict[str, str] = {}
    for canonical, *variants in read_terms():
        for form in (canonical, *variants):
            key = form.lower().replace(" ", "").replace("-", "")
            assert seen.setdefault(key, canonical) == canonical, form


def test_terms_that_share_a_beginning_take_the_longest() -> None:
    terms = Terms([["가", "neural"], ["나다", "neural network"]])
    words = content_morphemes("neural network")
    assert terms.words("나다") == ("나다",)
    assert words == list(course_terms().words("신경망"))


def test_the_fingerprint_names_rules_terms_and_model() -> None:
    assert len(fingerprint().split("-")) == 4
