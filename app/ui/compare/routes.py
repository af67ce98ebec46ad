"""What the tab offers as files: the votes as CSV and JSON, and the reports of batches.

A report holds what models and documents said. It is shown in a frame that may run nothing, load nothing and knows nothing of
the page around it; the policy goes with the file, so it holds in a window of its own, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from app.ui.compare.arena import Arena
from app.ui.i18n import Language
from app.votes import as_csv, as_json

REPORT_POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
FILES = {
    "report.html": "text/html; charset=utf-8",
    "report.md": "text/markdown; charset=utf-8",
    "summary.json": "application/json",
    "results.jsonl": "application/jsonl; charset=utf-8",
}


def serve(parent: Any, arena: Arena, user_of: Callable[[Any], str]) -> None:
    """Adds the routes to the FastAPI application, beneath every language. user_of: the signed-in user of a request."""
    from starlette.responses import FileResponse, Response

    def votes(request: Any) -> Any:
        given = arena.votes.all(user_of(request))
        if request.path_params["form"] == "csv":
            return _attached(Response(as_csv(given), media_type="text/csv; charset=utf-8"), "votes.csv")
        return _attached(Response(as_json(given), media_type="application/json"), "votes.json")

    def report(request: Any) -> Any:
        identity, name = request.path_params["batch"], request.path_params["name"]
        path = arena.batches.file(user_of(request), identity, name) if name in FILES else None
        if path is None:
            return Response("There is no such report.", 404, media_type="text/plain")
        response = FileResponse(path, media_type=FILES[name], headers={"content-security-policy": REPORT_POLICY})
        return response if name == "report.html" else _attached(response, name)

    for prefix in ("", *(f"/{lang}" for lang in get_args(Language))):
        parent.add_route(f"{prefix}/votes.{{form}}", votes, methods=["GET"])
        parent.add_route(f"{prefix}/batch/{{batch}}/{{name}}", report, methods=["GET"])


def _attached(response: Any, name: str) -> Any:
    response.headers["content-disposition"] = f'attachment; filename="{name}"'
    return response
