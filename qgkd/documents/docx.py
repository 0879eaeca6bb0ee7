r"""Reads the text of a Word document (.docx).

Comes in: the bytes of a .docx. Goes out: the text that a reader of the printed page sees, a line per paragraph.

A literal example: `docx_text(data, "a.docx", limits)` gives `"燈塔\n燈塔建於1867年。"` and what was left out.

The XML is walked here because python-docx's `text` leaves out what stands in content controls, insertions, ruby, text
boxes and equations; python-docx opens the package and follows its relations.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from qgkd.documents.document import DocumentError, DocumentLimits
from qgkd.documents.docx_fields import Fields
from qgkd.documents.docx_inline import DELETED, NO_TEXT, InlineText, is_placeholder
from qgkd.documents.docx_styles import ListNumbers, Styles, is_on
from qgkd.documents.package import (
    ALTERNATE_CONTENT,
    WORD,
    Element,
    check_package,
    chosen_alternative,
    parse_xml,
    row_lines,
)


def docx_text(data: bytes, name: str, limits: DocumentLimits) -> tuple[str, Counter[str]]:
    """Read a Word document.

    Returns:
        Text, and how many things of each kind were left out.

    Raises:
        DocumentError: The file is no Word document, is protected, or unpacks to more than the limits allow.
    """
    check_package(data, name, limits)
    import docx

    try:
        reader = _Reader(docx.Document(io.BytesIO(data)).part)
        return "\n".join(reader.lines()), +reader.left_out
    except Exception as error:
        raise DocumentError("broken", name=name) from error


class _Reader:
    """Walks a document once, in the order in which it is read."""

    def __init__(self, part: Any) -> None:
        self._body = part.element.body
        self.left_out: Counter[str] = Counter()
        roots = _related_roots(part)
        styles = Styles(roots.get("styles"))
        self._numbers = ListNumbers(roots.get("numbering"), styles)
        self._inline = InlineText(part, styles, self.left_out)
        self._notes = {
            (kind, note.get(WORD + "id")): note
            for kind in ("footnote", "endnote")
            if kind + "s" in roots
            for note in roots[kind + "s"].iter(WORD + kind)
        }
        self._open_text = ""
        """Of a paragraph that the next one goes on with."""
        for relation in part.rels.values():
            if relation.reltype.endswith(("/header", "/footer")) and not relation.is_external:
                self.left_out["running_lines"] += bool(relation.target_part.element.xpath("string()").strip())

    def lines(self) -> Iterator[str]:
        """The lines of the document; footnotes follow the block that names them, endnotes the whole."""
        for block in self._body.iterchildren("{*}*"):
            yield from self._blocks([block])
            yield from self._notes_of_kind("footnote")
        yield from self._close_paragraph()
        yield from self._notes_of_kind("endnote")

    def _blocks(self, elements: Iterable[Element]) -> Iterator[str]:
        for element in elements:
            if element.tag == WORD + "p":
                yield from self._paragraph(element)
            elif element.tag == WORD + "tbl":
                yield from self._close_paragraph()
                yield from self._table(element)
            elif element.tag == ALTERNATE_CONTENT:
                chosen = chosen_alternative(element)
                yield from self._blocks(() if chosen is None else chosen.iterchildren("{*}*"))
            elif element.tag == WORD + "altChunk":
                self.left_out["embedded"] += 1
            elif element.tag in DELETED:
                self.left_out["deleted"] += 1
            elif element.tag not in NO_TEXT and not is_placeholder(element):
                yield from self._blocks(element.iterchildren("{*}*"))

    def _paragraph(self, paragraph: Element) -> Iterator[str]:
        label = self._numbers.label(paragraph)
        text = self._inline.text(paragraph)
        boxes, self._inline.boxes = self._inline.boxes, []
        text = self._open_text + (label if text.strip() else "") + text
        self._open_text = ""
        if _goes_on(paragraph):
            self._open_text = text
        elif text.strip() or not boxes:
            yield text.strip("\n")
        for box in boxes:
            yield from box if isinstance(box, list) else self._apart(box)

    def _close_paragraph(self) -> Iterator[str]:
        if self._open_text:
            yield self._open_text
        self._open_text = ""

    def _apart(self, content: Element) -> list[str]:
        """The lines of a text box or note, which stands outside of the paragraph that names it."""
        outer = self._inline.fields, self._open_text
        self._inline.fields, self._open_text = Fields(), ""
        lines = [*self._blocks(content.iterchildren("{*}*")), *self._close_paragraph()]
        self._inline.fields, self._open_text = outer
        return lines

    def _notes_of_kind(self, kind: str) -> Iterator[str]:
        named = [note for note in self._inline.notes if note[0] == kind]
        self._inline.notes = [note for note in self._inline.notes if note[0] != kind]
        for note in named:
            if note in self._notes:
                yield from (line.strip() for line in self._apart(self._notes[note]))

    def _table(self, table: Element) -> Iterator[str]:
        for row in _members(table, WORD + "tr"):
            settings = row.find(WORD + "trPr")
            if settings is not None and settings.find(WORD + "del") is not None:
                self.left_out["deleted"] += 1
            elif is_on(settings, "hidden"):
                self.left_out["hidden"] += 1
            else:
                inner_rows: list[str] = []
                yield from row_lines([self._cell(cell, inner_rows) for cell in _members(row, WORD + "tc")])
                yield from inner_rows

    def _cell(self, cell: Element, inner_rows: list[str]) -> list[str]:
        """A cell's paragraphs; the rows of tables inside it are added to those that follow the row."""
        lines: list[str] = []
        for block in _members(cell, WORD + "p", WORD + "tbl"):
            if block.tag == WORD + "tbl":
                inner_rows.extend(self._table(block))
            else:
                lines.extend(self._paragraph(block))
        return [*lines, *self._close_paragraph()]


def _related_roots(part: Any) -> dict[str, Element]:
    """The parts that a document needs to be read, by the last word of their relation's type."""
    wanted = {"styles", "numbering", "footnotes", "endnotes"}
    named = {relation.reltype.rpartition("/")[2]: relation for relation in part.rels.values()}
    return {
        kind: parse_xml(relation.target_part.blob)
        for kind, relation in named.items()
        if kind in wanted and not relation.is_external
    }


def _goes_on(paragraph: Element) -> bool:
    """Whether the next paragraph goes on with this one: its mark was deleted, or it is a large first letter."""
    properties = paragraph.find(WORD + "pPr")
    if properties is None:
        return False
    mark = properties.find(WORD + "rPr")
    deleted = mark is not None and any(mark.find(tag) is not None for tag in DELETED)
    return deleted or properties.find(f"{WORD}framePr[@{WORD}dropCap]") is not None


def _members(parent: Element, *tags: str) -> Iterator[Element]:
    """Rows, cells or blocks, also those inside content controls and insertions, none of a table further in."""
    for child in parent.iterchildren("{*}*"):
        if child.tag in tags:
            yield child
        elif child.tag == ALTERNATE_CONTENT:
            chosen = chosen_alternative(child)
            yield from () if chosen is None else _members(chosen, *tags)
        elif child.tag not in NO_TEXT | DELETED and not is_placeholder(child):
            yield from _members(child, *tags)
