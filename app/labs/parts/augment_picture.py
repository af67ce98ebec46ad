"""Reads a picture that a learner brings, of any size and mode, for a preview: (H, W, 3) from 0 to 1, its longer side 96 pixels or less."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from app.labs.parts.augment_images import Picture
from models.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
LONGEST_SIDE = 96
MOST_PIXELS = 80_000_000
BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError),
    *(TypeError, LookupError, struct.error, zlib.error),
)  # what Pillow's readers let through for damaged files
DEEP = ("I", "F")  # Pillow's modes of more than 8 bits, besides those that begin with I;


def read_picture(path: Path) -> Picture:
    """The first frame, turned as its EXIF says, on white where it is transparent. Raises InputError for a file that is damaged, too
    large, or no picture."""
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow, about odd metadata and large pictures: MOST_PIXELS is stricter
        try:
            with Image.open(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise refused(path, f"it has more than {MOST_PIXELS // 1_000_000} million pixels")
                image.load()
                upright = _eight_bits(ImageOps.exif_transpose(image))
        except Image.DecompressionBombError as error:
            raise refused(path, f"it has more than {MOST_PIXELS // 1_000_000} million pixels") from error
        except BROKEN as error:
            raise refused(path, str(error) or type(error).__name__) from error
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return np.asarray(upright, np.float64) / 255


def _eight_bits(image: Any) -> Any:
    """As RGB."""
    from PIL import Image

    if image.mode in DEEP or image.mode.startswith("I;"):
        return Image.fromarray(_scaled(np.asarray(image, np.float64))).convert("RGB")
    if image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, "white")
        ground.alpha_composite(clear)
        return ground.convert("RGB")
    return image.convert("RGB")


def _scaled(values: Picture) -> Any:
    """Values of 16 or 32 bits, or any floats, to bytes: from the least to the greatest, as a viewer does; one value alone becomes grey."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    shares = (finite - low) / (high - low) if high > low else np.full_like(finite, 0.5)
    return (255 * shares).astype(np.uint8)


def refused(path: Path, why: str) -> InputError:
    """The file's own error, in the lab's words."""
    detail = f"{path.name} cannot be read as a picture ({why}); give a PNG or JPEG file"
    return InputError(detail=detail, text_key="no_picture", file=path.name, why=why)
