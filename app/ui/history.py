"""The list of conversations on the left: grouped by age, each to be opened, renamed, exported or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from app.conversations import Conversation
from app.ui.i18n import Language, text
from app.ui.icons import icon
from app.ui.markup import attribute, inline

RECENT_DAYS = 7


def group_of(updated_at: str, now: datetime) -> str:
    """ "today", "week" or "older", by calendar days of this machine's clock."""
    day = datetime.fromisoformat(updated_at).astimezone().date()
    age = (now.astimezone().date() - day).days
    return "today" if age <= 0 else "week" if age <= RECENT_DAYS else "older"


def listing(conversations: Sequence[Conversation], current: str, lang: Language, now: datetime | None = None) -> str:
    """The list's HTML. conversations: newest first. current: id of the open one, "" for none."""
    moment = now or datetime.now(UTC)
    groups = groupby(conversations, key=lambda c: group_of(c.updated_at, moment))
    body = "".join(_group(name, members, current, lang) for name, members in groups)
    empty = f'<p class="cm-empty">{text("history.empty", lang)}</p>'
    return f'<nav class="cm-history" data-current="{attribute(current)}" aria-label="{text("history.title", lang)}">{body or empty}</nav>'


def _group(name: str, members: Iterable[Conversation], current: str, lang: Language) -> str:
    rows = "".join(_row(member, member.id == current, lang) for member in members)
    return f"<h6>{text(f'history.{name}', lang)}</h6><ul>{rows}</ul>"


def _row(conversation: Conversation, on: bool, lang: Language) -> str:
    title = attribute(conversation.title)
    actions = (
        f'<button type="button" data-act="rename">{text("history.rename", lang)}</button>'
        f'<a href="export/{conversation.id}.md" download>{text("history.export", lang)}</a>'
        f'<button type="button" class="cm-danger" data-act="delete">{text("history.delete", lang)}</button>'
    )
    confirm = (
        f"<span>{text('history.confirm', lang)}</span>"
        f'<button type="button" class="cm-danger" data-act="delete-yes">{text("history.delete", lang)}</button>'
        f'<button type="button" data-act="close">{text("history.cancel", lang)}</button>'
    )
    current = ' aria-current="true"' if on else ""
    return (
        f'<li class="cm-conversation{" on" if on else ""}" data-id="{conversation.id}">'
        f'<button type="button" class="cm-open" data-act="open" title="{title}"{current}>{inline(conversation.title)}</button>'
        f'<button type="button" class="cm-act" data-act="menu" aria-label="{text("history.menu", lang)}">{icon("more")}</button>'
        f'<form class="cm-rename" hidden><input type="text" value="{title}" maxlength="120" aria-label="{text("history.rename", lang)}"></form>'
        f'<div class="cm-menu" hidden>{actions}</div><div class="cm-confirm" hidden>{confirm}</div></li>'
    )
