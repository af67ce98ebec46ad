"""What every page's text goes through: one Unicode form, nothing invisible, nothing that would run in a page.

Hidden characters (bidirectional overrides, zero-width joints, Unicode tags) carry text that a reader cannot see but a model
reads, so they are dropped. Text that looks like HTML is put into code marks: a renderer then shows it instead of running it.
"""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_PRIVATE_BULLET = re.compile(r"(?m)^([ \t>]*)[\ue000-\uf8ff](?=[ \t])")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BREAKS = re.compile("\r\n?|[\u0085\u2028\u2029\x0b\x0c]")
_BLANKS = re.compile(r"\n{3,}")
_CODE = re.compile(
    r"(?ms)^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)|(?<!`)(`{1,3})(?!`)[^\n]{1,2000}?(?<!`)\2(?!`)"
)
HTML_NAMES = (
    "a|abbr|address|area|article|aside|audio|b|base|bdi|bdo|blockquote|body|br|button|canvas|caption|"
    "center|cite|code|col|colgroup|data|datalist|dd|del|details|dfn|dialog|div|dl|dt|em|embed|fieldset|"
    "figcaption|figure|font|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|head|header|hr|html|i|iframe|img|"
    "input|ins|kbd|label|legend|li|link|main|map|mark|marquee|math|menu|meta|meter|nav|noscript|object|ol|"
    "optgroup|option|output|p|param|picture|pre|progress|q|rp|rt|ruby|s|samp|script|section|select|slot|"
    "small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|"
    "thead|time|title|tr|track|tt|u|ul|var|video|wbr"
)
_TAG = re.compile(  # a tag of HTML, any tag with an attribute (closed or not), a comment's start
    rf"(?i)</?(?:{HTML_NAMES})(?=[\s/>])[^<>]{{0,2000}}>"
    r"|</?[a-z][\w:-]{0,40}[\s/][^<>=]{0,200}=[^<>]{0,2000}>?|<!--"
)
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,1000})\]\(\s{0,8}<?(?:[^()\s]|\([^()\s]{0,500}\)){0,2000}>?(?:\s{1,8}[\"'(][^\n\"]{0,500}[\"')])?\s{0,8}\)"
)


def clean(text: str) -> str:
    """NFC, `\\n` newlines, plain spaces, no control or invisible characters, at most one blank line in a row."""
    text = _BREAKS.sub("\n", text)
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text))
    text = _PRIVATE.sub("", _PRIVATE_BULLET.sub(r"\1•", _HIDDEN.sub("", text)))
    lines = (line.rstrip() for line in text.split("\n"))
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip("\n")


def split_code(text: str) -> list[tuple[bool, str]]:
    """`text` in pieces, in order: (whether it is code, piece). Code is a fence, closed or not, or an inline code span."""
    pieces, start = [], 0
    for match in _CODE.finditer(text):
        if match.start() > start:
            pieces.append((False, text[start : match.start()]))
        pieces.append((True, match.group()))
        start = match.end()
    if start < len(text):
        pieces.append((False, text[start:]))
    return pieces


def unlink(text: str) -> str:
    """Markdown links become their text and images their alternative text, so that nothing is fetched or followed."""
    return _LINK.sub(r"\1", text)


def neutralise(text: str) -> str:
    """Outside code: links and images reduced to their text, HTML tags put into code marks. Code stays as it is."""
    return "".join(piece if is_code else _TAG.sub(_quote, unlink(piece)) for is_code, piece in split_code(text))


def _quote(tag: re.Match[str]) -> str:
    return f"`{tag.group().replace('`', chr(0x2019))}`"
