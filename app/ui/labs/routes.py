"""Plotly as the page loads it: /plotly.min.js, out of the installed package, never from elsewhere."""

from __future__ import annotations

from typing import Any, get_args

from app.labs.drawing import plotly_js
from app.ui.i18n import Language
from models.errors import MissingError

KEPT_S = 86_400


def serve_plotly(parent: Any) -> None:
    """Adds the route to the FastAPI application, beneath every language."""
    from starlette.responses import FileResponse, Response

    def script(_request: Any) -> Any:
        try:
            path = plotly_js()
        except MissingError as error:
            return Response(str(error), 404, media_type="text/plain")
        return FileResponse(path, media_type="text/javascript", headers={"cache-control": f"private, max-age={KEPT_S}"})

    for prefix in ("", *(f"/{lang}" for lang in get_args(Language))):
        parent.add_route(f"{prefix}/plotly.min.js", script, methods=["GET"])
