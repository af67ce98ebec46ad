"""Question sets as files to keep."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote

from app.questionsets import QuestionSets
from app.ui.i18n import Language
from models.errors import CourseMateError


def serve_sets(parent: Any, sets: QuestionSets) -> None:
    """Adds the route to the FastAPI application, beneath every language."""
    from starlette.responses import Response

    def export(request: Any) -> Any:
        name, shipped = request.path_params["name"], request.path_params["where"] == "shipped"
        try:
            content = sets.exported(name, shipped)
        except CourseMateError:
            return Response("There is no such set.", 404, media_type="text/plain")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.jsonl"}
        return Response(content, media_type="application/jsonl; charset=utf-8", headers=headers)

    for prefix in ("", *(f"/{lang}" for lang in get_args(Language))):
        parent.add_route(f"{prefix}/questions/{{where}}/{{name}}.jsonl", export, methods=["GET"])
