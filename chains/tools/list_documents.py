"""Says which documents there are."""

from __future__ import annotations

from chains.tools.base import Arguments, Tool, ToolContext, ToolResult, worked_out
from models.errors import InputError

MOST = 60

ASKED = r"(어떤|무슨|모든|무엇)\s*(강의\s*)?(자료|문서|파일)|(자료|문서|파일)(가|는|이|은)?\s*(뭐|무엇|몇)|목록|(which|what|list|all)\s.*(documents?|files?)"


class ListArguments(Arguments):
    """None."""


def run(arguments: ListArguments, context: ToolContext) -> ToolResult:
    """A line a document: its name and its title. Raises InputError where there is none."""
    records = context.documents()
    if not records:
        detail = "There are no documents; add some on the page or with `coursemate ingest`."
        raise InputError(detail=detail, text_key="agent.no_documents")
    lines = [f"- {record.source}" + (f" ({record.title})" if record.title else "") for record in records[:MOST]]
    more = [f"- 그 밖에 {len(records) - MOST}개"] if len(records) > MOST else []
    return worked_out("자료 목록", f"자료는 {len(records)}개입니다.", *lines, *more)


TOOL = Tool("list_documents", "어떤 자료(파일)가 있는지 목록을 본다.", ListArguments, run, order=30, asked=ASKED)
