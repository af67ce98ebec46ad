"""How loader tests read a file that they have written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.base import Limits, Page
from ingest.loading import load_pages
from models.errors import DocumentError

Read = Callable[..., list[Page]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """read(name, content, limits): the pages of a file of that name with those bytes or that text."""

    def read_file(name: str, content: bytes | str, limits: Limits | None = None) -> list[Page]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(load_pages(path, limits or Limits())[1])

    return read_file


@pytest.fixture
def reason(read: Read) -> Callable[..., str]:
    """reason(name, content, limits): why that file is refused."""

    def refused(name: str, content: bytes | str, limits: Limits | None = None) -> str:
        with pytest.raises(DocumentError) as error:
            read(name, content, limits)
        assert name in str(error.value)
        return error.value.reason

    return refused
