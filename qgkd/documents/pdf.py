r"""Reads the text of a PDF file.

Comes in: the bytes of a PDF. Goes out: the text that a reader of its pages sees, a line per paragraph.

A literal example: a page of two columns gives the left one, then the right one: `"燈塔建於1867年。\n它很高。"`.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from qgkd.documents.characters import is_common
from qgkd.documents.document import DocumentError, DocumentLimits
from qgkd.documents.pdf_columns import Flow, flows_of
from qgkd.documents.pdf_glyphs import page_glyphs
from qgkd.documents.pdf_lines import Row, rows_of
from qgkd.documents.pdf_paragraphs import paragraphs_of
from qgkd.documents.pdf_running import without_running_rows
from qgkd.documents.pdf_tables import ruled_tables
from qgkd.text.plain_characters import plain_characters

_PASSWORD_ERROR = 4
_MAX_UNREADABLE_SHARE = 0.03
_MAX_UNREADABLE = 2
"""Of a short text."""
_MAX_ACCENTED_SHARE = 0.15
_MAX_RARE_HAN_SHARE = 0.25
_MIN_JUDGED_CHARS = 20
_ACCENTED = re.compile(
    "[\u00a1-\u00a6\u00a8-\u00aa\u00ac-\u00af\u00b4-\u00b6\u00b8-\u00d6\u00d8-\u00f6\u00f8-\u024f\u2020-\u2022\u2039\u203a]"
)
"""What bytes of Chinese text look like when they are taken for Western letters; no ·, °, ±, ×, ÷ or quotation marks."""
_HAN = re.compile("[\u3400-\u9fff]")
_NOTE_MARK = re.compile(r"[\d①-⑳*＊※†\[【註注(（]")
_NOTE_SIZE = 0.88


def pdf_text(data: bytes, name: str, limits: DocumentLimits) -> tuple[str, int, int, Counter[str]]:
    """Read a PDF.

    Returns:
        Text, number of pages without text, number of pages, how many things of each kind were left out.

    Raises:
        DocumentError: The file is broken, protected, too long, holds pictures of text only, or fonts that do not say
            which characters they show.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        raise DocumentError("pdf_password" if error.err_code == _PASSWORD_ERROR else "broken", name=name) from error
    if count > limits.max_pages:
        raise DocumentError("pdf_pages", name=name, found=count, limit=limits.max_pages)
    left_out: Counter[str] = Counter()
    try:
        pages, unreadable = _pages(document, left_out)
    except pypdfium2.PdfiumError as error:
        raise DocumentError("broken", name=name) from error
    texts = ["".join(row.text for rows in page for row in rows) for page in pages]
    _refuse_unreadable("".join(texts), unreadable, name)
    left_out["unreadable"] += unreadable
    empty_pages = sum(not text for text in texts)
    if empty_pages == count:
        raise DocumentError("pdf_no_text", name=name)
    body_size = _body_size(pages)
    flows = [flow for page in _without_running(pages, left_out) for rows in page for flow in _flows(rows, body_size)]
    return "\n".join(paragraphs_of(flows)), empty_pages, count, +left_out


def _without_running(pages: list[list[list[Row]]], left_out: Counter[str]) -> list[list[list[Row]]]:
    """Pages without running heads and feet, by reading direction; unchanged where nothing would be left."""
    rest: list[list[list[Row]]] = [[] for _ in pages]
    found: Counter[str] = Counter()
    for group in range(max(len(page) for page in pages)):
        of_pages = [page[group] if group < len(page) else [] for page in pages]
        for page, rows in zip(rest, without_running_rows(of_pages, found), strict=True):
            page.append(rows)
    if not any(rows for page in rest for rows in page):
        return pages
    left_out.update(found)
    return rest


def _pages(document: Any, left_out: Counter[str]) -> tuple[list[list[list[Row]]], int]:
    """The rows of every page by reading direction, and how many characters cannot be read."""
    pages = []
    unreadable = 0
    for number in range(len(document)):
        page = document[number]
        found = page_glyphs(page)
        unreadable += found.unreadable
        left_out["watermarks"] += found.slanted
        groups = []
        for group, glyphs in enumerate(found.groups):
            tables: list[Row] = []
            if group == 0 and found.upright:
                tables, glyphs = ruled_tables(page, glyphs, left_out)
            groups.append(sorted([*rows_of(glyphs, left_out), *tables], key=lambda row: -row.y))
        pages.append(groups)
        page.close()
    return pages, unreadable


def _refuse_unreadable(text: str, unreadable: int, name: str) -> None:
    """Refuse a PDF whose fonts do not say which characters they show, or say it wrongly.

    Raises:
        DocumentError: Too many characters have no Unicode value, or text is what no Chinese text looks like.
    """
    text = plain_characters(text)
    total = max(len(text), 1)
    accented = len(_ACCENTED.findall(text))
    han = _HAN.findall(text)
    rare = sum(not is_common(character) for character in han)
    wrong = unreadable
    if accented > _MAX_ACCENTED_SHARE * total:
        wrong += accented
    if len(han) >= _MIN_JUDGED_CHARS and rare > _MAX_RARE_HAN_SHARE * len(han):
        wrong += rare
    if wrong > max(_MAX_UNREADABLE_SHARE * total, _MAX_UNREADABLE):
        raise DocumentError("pdf_no_unicode", name=name, share=max(round(100 * wrong / total), 1))


def _body_size(pages: Sequence[Sequence[Sequence[Row]]]) -> float:
    """The size of most characters, in points."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for row in itertools.chain.from_iterable(page):
            sizes[round(row.size, 1)] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _flows(rows: list[Row], body_size: float) -> list[Flow]:
    """The flows of a page; the small lines at its foot are the notes of the last one."""
    end = len(rows)
    while (
        end
        and rows[end - 1].size < _NOTE_SIZE * body_size
        and all(piece.rows is None for piece in rows[end - 1].pieces)
    ):
        end -= 1
    if end == 0 or end == len(rows) or not _NOTE_MARK.match(rows[end].text):
        return flows_of(rows) if rows else []
    flows = flows_of(rows[:end])
    notes = flows_of(rows[end:])
    flows[-1].notes = [line for flow in notes for line in flow.lines]
    return flows
