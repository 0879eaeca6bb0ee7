r"""Reads the text of a Markdown file.

Comes in: Markdown. Goes out: the text that its page shows: a block per paragraph, a line per row of a table.

A literal example: `markdown_text("# 燈塔\n\n建於**1867年**[^1]。\n\n[^1]: 同治六年。")[0]` is
`"燈塔\n\n建於1867年。\n\n同治六年。"`.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import TYPE_CHECKING

from qgkd.documents.html_text import html_text

if TYPE_CHECKING:
    from markdown_it.token import Token

_HAN = re.compile("[\u3400-\u9fff]")
_CHECK_BOX = re.compile(r"\[[ xX]\]\s+")


def markdown_text(source: str) -> tuple[str, Counter[str]]:
    """Read Markdown.

    Returns:
        Text without addresses of links, pictures, code and front matter; how many of each kind were left out.
    """
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.use(footnote_plugin).use(front_matter_plugin).parse(source)
    blocks: list[str] = []
    cells: list[str] | None = None
    label = ""
    left_out: Counter[str] = Counter()
    for token in tokens:
        if token.type == "list_item_open":
            label = f"{token.info}{token.markup} " if token.info else ""
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            row, cells = "\t".join(cells), None
            blocks[-1:] = [f"{blocks[-1]}\n{row}".lstrip("\n")]
        elif token.type == "table_open":
            blocks.append("")
        elif token.type == "inline" and cells is not None:
            cells.append(_inline(token, left_out).replace("\n", " "))
        elif token.type == "inline":
            blocks.append(label + _CHECK_BOX.sub("", _inline(token, left_out), count=1 if label or token.level else 0))
            label = ""
        elif token.type == "html_block":
            blocks.append(html_text(token.content).strip("\n"))
        elif token.type in {"fence", "code_block"} and _is_prose(token.content):
            blocks.append(token.content.rstrip("\n"))
        elif token.type in {"fence", "code_block", "front_matter"}:
            left_out["front_matter" if token.type == "front_matter" else "code"] += 1
    return "\n\n".join(block.rstrip() for block in blocks if block.strip()), left_out


def _inline(token: Token, left_out: Counter[str]) -> str:
    pieces = []
    for child in token.children or ():
        if child.type in {"text", "code_inline", "text_special"}:
            pieces.append(html.escape(child.content))
        elif child.type == "html_inline":
            pieces.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            pieces.append("<br>")
        elif child.type == "image":
            left_out["pictures"] += 1
    return html_text("".join(pieces))


def _is_prose(code: str) -> bool:
    """Whether a block of code is Chinese text that was only indented or fenced."""
    return 2.5 * len(_HAN.findall(code)) > len("".join(code.split()))
