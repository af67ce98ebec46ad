"""A learner's own picture: any size and mode is read, upright and small; what is damaged or no picture is refused by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.labs.parts.augment_picture import LONGEST_SIDE, read_picture
from models.errors import InputError

MODES = ("1", "L", "P", "RGB", "RGBA", "LA", "I;16")


def drawing(mode: str, size: tuple[int, int] = (40, 20)) -> Any:
    ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size[1], size[0])
    if mode == "I;16":
        return Image.fromarray((ramp * 257).astype(np.uint16))
    if mode == "I":
        return Image.fromarray((ramp * 257).astype(np.int32))
    return Image.fromarray(ramp.astype(np.uint8)).convert("RGBA" if mode == "LA" else mode).convert(mode)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_png_is_read(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "그림.png"
    drawing(mode).save(path)
    found = read_picture(path)
    assert found.shape == (20, 40, 3)
    assert found[0].mean() < 0.3 and found[-1].mean() > 0.7, "dark above, bright below"


@pytest.mark.parametrize(
    ("suffix", "mode"), [("jpg", "CMYK"), ("tif", "F"), ("tiff", "I"), ("gif", "P"), ("bmp", "RGB"), ("webp", "RGBA")]
)
def test_other_formats_are_read(suffix: str, mode: str, tmp_path: Path) -> None:
    path = tmp_path / f"picture.{suffix}"
    drawing(mode).save(path)
    found = read_picture(path)
    assert found.shape == (20, 40, 3) and 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (3000, 2), (500, 400)], ids=str)
def test_any_size_becomes_small(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    drawing("RGB", size).save(path)
    high, wide, _ = read_picture(path).shape
    assert min(high, wide) >= 1 and max(high, wide) <= LONGEST_SIDE


def test_what_lies_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to the right to see it
    drawing("RGB").save(tmp_path / "phone.jpg", exif=exif)
    found = read_picture(tmp_path / "phone.jpg")
    assert found.shape == (40, 20, 3)
    assert found[:, 0].mean() > found[:, -1].mean(), "what was below is left now"


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png").min() == 1
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    palette.save(tmp_path / "palette.png", transparency=0)
    assert read_picture(tmp_path / "palette.png").min() == 1


def bad_bytes(tmp_path: Path) -> dict[str, bytes]:
    drawing("RGB", (60, 60)).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    return {"empty": b"", "text": "그림이 아닙니다".encode(), "half": whole[: len(whole) // 2], "head": whole[:20]}


@pytest.mark.parametrize("kind", ["empty", "text", "half", "head"])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_a_damaged_file_is_refused_by_its_name(kind: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"my picture{suffix}"
    path.write_bytes(bad_bytes(tmp_path)[kind])
    with pytest.raises(InputError, match="my picture") as caught:
        read_picture(path)
    assert caught.value.params["text_key"] == "no_picture"


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match="million pixels"):
        read_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_give_a_picture_or_an_error_of_ours(seed: int, tmp_path: Path) -> None:
    path, draw = tmp_path / f"picture{('.png', '.jpg', '.gif', '.tif')[seed % 4]}", np.random.default_rng(seed)
    drawing("P" if path.suffix == ".gif" else "RGB").save(path)
    data = bytearray(path.read_bytes())
    for at in draw.integers(0, len(data), 6):
        data[int(at)] = int(draw.integers(256))
    path.write_bytes(bytes(data))
    try:
        assert read_picture(path).ndim == 3
    except InputError as error:
        assert path.name in str(error)
