"""The encoding of a text is found from its bytes."""

import pytest

from ingest.decoding import decode, detect_encoding, is_text

KOREAN = "과적합(overfitting)은 모델이 학습 데이터에 지나치게 맞추어지는 현상이다.\n똠방각하, 펲시콜라.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949"])
@pytest.mark.parametrize("text", [KOREAN, "짧은 글", "가\n", "English only.\n"])
def test_korean_and_english_in_any_encoding(text: str, encoding: str):
    data = text.encode(encoding)
    assert is_text(data)
    assert decode(data) == text


def test_strict_euc_kr():
    text = "합성곱 신경망은 영상에서 특징을 찾는다."
    assert decode(text.encode("euc-kr")) == text


def test_a_few_broken_bytes_do_not_change_the_encoding():
    data = bytearray((KOREAN * 20).encode())
    data[100:101] = b"\xff"
    assert decode(bytes(data)).count("\ufffd") <= 3
    assert "과적합" in decode(bytes(data))


def test_text_cut_in_a_character():
    assert decode(KOREAN.encode()[:-2])[:10] == KOREAN[:10]
    assert decode("가나다".encode("cp949")[:-1]).startswith("가나")


def test_stray_nul_bytes_are_no_utf_16():
    assert decode(b"plain \x00 text with one stray byte in it") == "plain \x00 text with one stray byte in it"


@pytest.mark.parametrize("encoding", ["shift_jis", "gb18030"])
def test_other_asian_text_is_not_taken_for_korean(encoding: str):
    text = {
        "shift_jis": "これは日本語の文章です。機械学習について説明します。" * 5,
        "gb18030": "这是中文文本，我们在学习机器学习和深度学习的基础知识。" * 5,
    }[encoding]
    assert detect_encoding(text.encode(encoding)) not in ("cp949", "utf-8")


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 8, b"\x00\x01\x02\x03" * 50, b"\x80\x04\x95" + bytes(range(40)) * 3]
)
def test_binary_is_no_text(data: bytes):
    assert not is_text(data)


def test_newlines_are_one_kind():
    assert decode(b"a\r\nb\rc\n") == "a\nb\nc\n"
