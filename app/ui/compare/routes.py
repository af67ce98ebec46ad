"""What the tab offers as files: the votes as CSV and JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from app.ui.compare.arena import Arena
from app.ui.i18n import Language
from app.votes import as_csv, as_json


def serve(parent: Any, arena: Arena, user_of: Callable[[Any], str]) -> None:
    """Adds the routes to the FastAPI application, beneath every language. user_of: the signed-in user of a request."""
    from starlette.responses import Response

    def votes(request: Any) -> Response:
        given = arena.votes.all(user_of(request))
        if request.path_params["form"] == "csv":
            return _attached(Response(as_csv(given), media_type="text/csv; charset=utf-8"), "votes.csv")
        return _attached(Response(as_json(given), media_type="application/json"), "votes.json")

    for prefix in ("", *(f"/{lang}" for lang in get_args(Language))):
        parent.add_route(f"{prefix}/votes.{{form}}", votes, methods=["GET"])


def _attached(response: Any, name: str) -> Any:
    response.headers["content-disposition"] = f'attachment; filename="{name}"'
    return response
