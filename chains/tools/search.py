"""Searches the course: the sentences that hold the answer most likely, packed into what the backend can read."""

from __future__ import annotations

from pydantic import Field

from chains.prompts import safe
from chains.rag import POOL
from chains.tools.base import Arguments, Tool, ToolContext, ToolResult
from models.errors import InputError


class SearchArguments(Arguments):
    """See the tool."""

    query: str = Field(description="찾을 내용", min_length=1, max_length=400)


def run(arguments: SearchArguments, context: ToolContext) -> ToolResult:
    """Raises InputError where the collection is empty."""
    options = context.options
    found = context.preparer.prepare(
        safe(arguments.query),
        (),
        context.engine.budget(arguments.query, options),
        scope=options.scope,
        pool=options.pool or POOL[options.speed],
    )
    if not found.passages:
        detail = "There are no documents to search; add some on the page or with `coursemate ingest`."
        raise InputError(detail=detail, text_key="agent.no_documents")
    return ToolResult(passages=found.passages)


TOOL = Tool(
    "search",
    "강의 자료에서 문장을 찾는다. 내용이나 수치를 물으면 먼저 이것을 쓴다.",
    SearchArguments,
    run,
    timeout_s=60.0,
    order=10,
)
