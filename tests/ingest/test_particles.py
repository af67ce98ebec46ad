"""Particles after words as Korean reads them."""

from __future__ import annotations

import pytest

from ingest.particles import choose_particles


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("BERT은(는)", "BERT는"),
        ("LSTM과(와) GAN이(가)", "LSTM과 GAN이"),
        ("layer은(는)", "layer는"),
        ("ResNet이(란)", "ResNet이란"),
        ("iloc은(는)", "iloc은"),
        ("‘드롭아웃’이(란)", "‘드롭아웃’이란"),
        ("토큰과(와) 벡터과(와)", "토큰과 벡터와"),
    ],
)
def test_particles_follow_how_a_word_is_read(written: str, read: str) -> None:
    assert choose_particles(written) == read
