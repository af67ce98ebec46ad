

def test_times_signs_are_alike() -> None:
    assert content_morphemes("3x3 합성곱") == content_morphemes("3×3 합성곱") == content_morphemes("3 × 3 합성곱")
