"""Line icons as inline SVG: no icon font, nothing to load."""

from __future__ import annotations

_PATHS = {
    "up": "M7 11v9H4v-9zM7 11l4-8c1.5 0 2.5 1 2.5 2.500V9H19a1.500 1.500 0 0 1 1.500 1.800l-1.300 7.700A1.800 1.800 0 0 1 17.400 20H7",
    "down": "M17 13V4h3v9zM17 13l-4 8c-1.500 0-2.500-1-2.500-2.500V15H5a1.500 1.500 0 0 1-1.500-1.800l1.300-7.700A1.800 1.800 0 0 1 6.600 4H17",
    "retry": "M20 11a8 8 0 1 0-2.300 6.300M20 4v7h-7",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "edit": "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
    "more": "M6 12h.01M12 12h.01M18 12h.01",
    "warn": "M12 4 2.500 20h19zM12 10v4M12 17h.01",
    "close": "M6 6l12 12M18 6L6 18",
    "file": "M7 3h7l5 5v13H7zM14 3v5h5",
    "trash": "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "down_arrow": "M12 4v12M6 11l6 6 6-6M5 20h14",
}


def icon(name: str) -> str:
    """The icon as an SVG element in the colour of the text around it, hidden from screen readers."""
    return (
        '<svg class="cm-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{_PATHS[name]}"></path></svg>'
    )
