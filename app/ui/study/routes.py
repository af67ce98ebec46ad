"""Study sets as files to keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from app.studies import Studies
from app.ui.i18n import Language
from models.errors import CourseMateError

MEDIA = {"apkg": "application/octet-stream", "csv": "text/csv; charset=utf-8", "md": "text/markdown; charset=utf-8"}


def serve_study(parent: Any, studies: Studies, user: Callable[[Any], str], usual: Language) -> None:
    """Adds the route to the FastAPI application, beneath every language."""
    from starlette.responses import Response

    from app.commands.study import exported

    def handler(lang: Language) -> Callable[[Any], Any]:
        def export(request: Any) -> Any:
            name, suffix = request.path_params["name"], request.path_params["suffix"]
            try:
                kept = studies.get(user(request), name)
            except CourseMateError:
                return Response("There is no such set.", 404, media_type="text/plain")
            if suffix not in MEDIA:
                return Response("There is no such format.", 404, media_type="text/plain")
            disposition = f'attachment; filename="coursemate-{kept.study.kind}-{name[:6]}.{suffix}"'
            return Response(
                exported(kept.study, suffix, lang),
                media_type=MEDIA[suffix],
                headers={"content-disposition": disposition},
            )

        return export

    languages: list[Language] = list(get_args(Language))
    for prefix, lang in (("", usual), *((f"/{lang}", lang) for lang in languages)):
        parent.add_route(f"{prefix}/study/{{name}}.{{suffix}}", handler(lang), methods=["GET"])
