r"""HTML inside Markdown as text.

Comes in: HTML. Goes out: what it shows: base text without readings, a line per block, tabs between a row's cells.

A literal example: `html_text("<ruby>媽<rt>ㄇㄚ</rt></ruby>祖<br>林默")` is `"媽祖\n林默"`.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_NOT_SHOWN = {"script", "style", "rt", "rp", "head", "template"}
_BLOCKS = {
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "table",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "details",
}


def html_text(source: str) -> str:
    """The text that a browser shows of HTML; nothing is run or fetched."""
    parser = _Parser()
    parser.feed(source)
    parser.close()
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(parser.pieces))
    return re.sub(r"\n{2,}", "\n", text)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._not_shown: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _NOT_SHOWN and tag not in self._not_shown:
            self._not_shown.append(tag)
        elif tag in {"td", "th"}:
            self.pieces.append("\t" if self.pieces and not self.pieces[-1].endswith("\n") else "")
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        ended = {tag, "rt", "rp"} if tag == "ruby" else {tag}  # </rt> may be left out
        self._not_shown = [name for name in self._not_shown if name not in ended]
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._not_shown and (data.strip() or "\n" not in data):
            self.pieces.append(data)
