"""Adapters as files to keep: /adapter/<name>.zip with its card, /adapter/<name>.gguf for llama.cpp."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, get_args

from app.ui.i18n import Language
from models.errors import CourseMateError

FORMS = ("zip", "gguf")


def serve_adapters(parent: Any, context: Any) -> None:
    """Adds the route to the FastAPI application, beneath every language. context: app.wiring.Wiring."""
    from starlette.background import BackgroundTask
    from starlette.responses import FileResponse, Response

    def export(request: Any) -> Any:
        from app.finetuning import Bench

        name, form = request.path_params["name"], request.path_params["form"]
        if form not in FORMS:
            return Response("There is no such format.", 404, media_type="text/plain")
        folder = Path(tempfile.mkdtemp(prefix=".export-", dir=context.home))
        try:
            path = Bench(context).export(name, folder / f"adapter.{form}", form)
        except CourseMateError as error:
            shutil.rmtree(folder, ignore_errors=True)
            return Response(str(error), 404, media_type="text/plain")
        gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        return FileResponse(path, filename=f"{name}.{form}", background=gone)

    for prefix in ("", *(f"/{lang}" for lang in get_args(Language))):
        parent.add_route(f"{prefix}/adapter/{{name}}.{{form}}", export, methods=["GET"])
