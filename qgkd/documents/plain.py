r"""Text and Markdown files.

Comes in: bytes in any encoding that Chinese texts come in. Goes out: text.

A literal example: `decode("課文".encode("big5"), "a.txt")` is `"課文"`; `markdown_text("# 燈塔\n\n建於**1867年**。")`
is `"燈塔\n\n建於1867年。"`.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from qgkd.documents.document import DocumentError
from qgkd.text.characters import is_han

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST_ODD_SHARE = 0.02


def decode(data: bytes, name: str) -> str:
    """Turn bytes into text.

    Args:
        data: The file.
        name: What the error calls it.

    Returns:
        Text with line feeds.

    Raises:
        DocumentError: No encoding fits.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lines(data.decode(encoding, errors="replace"))
    try:
        return _lines(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    # Big5 and GB 18030 share most of their bytes: the reading with fewer rare characters is the right one.
    readings = [text for encoding in ("cp950", "gb18030") if (text := _decoded(data, encoding)) is not None]
    best = min(readings, key=_odd_share, default=None)
    if best is None or _odd_share(best) > _MOST_ODD_SHARE:
        raise DocumentError("encoding", name=name)
    return _lines(best)


def markdown_text(source: str) -> str:
    """The text of a Markdown file: headings, paragraphs, lists and tables without their marks.

    Args:
        source: Markdown.

    Returns:
        A block per paragraph; no addresses of links or pictures, no HTML.
    """
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(source)
    blocks = []
    for token in tokens:
        if token.type == "inline":
            blocks.append("".join(_inline(child) for child in token.children or ()))
        elif token.type in {"fence", "code_block"}:
            blocks.append(token.content.rstrip("\n"))
    return "\n\n".join(block for block in blocks if block.strip())


def _inline(token: Token) -> str:
    if token.type in {"text", "code_inline", "text_special"}:
        return token.content
    return "\n" if token.type in {"softbreak", "hardbreak"} else ""


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _odd_share(text: str) -> float:
    """How much of a text is no character of everyday text: private use, rare ideographs, control characters."""
    odd = sum(
        not (
            (is_han(character) and _everyday(character))
            or "\u3000" <= character <= "\u303f"
            or "\uff00" <= character <= "\uffef"
            or "\u2010" <= character <= "\u2030"
            or character in "\r\n\t"
            or " " <= character <= "~"
        )
        for character in text
    )
    return odd / max(len(text), 1)


def _everyday(character: str) -> bool:
    """Of the 5,401 frequent characters of Big5, or the 3,755 of GB 2312."""
    traditional = character.encode("big5", "ignore")
    simplified = character.encode("gb2312", "ignore")
    return b"\xa4\x40" <= traditional <= b"\xc6\x7e" or b"\xb0\xa1" <= simplified <= b"\xd7\xf9"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
