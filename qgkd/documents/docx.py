r"""Word documents.

Comes in: the bytes of a .docx. Goes out: the text that a reader of the printed page sees, a line per paragraph.

A literal example: `docx_text(data, "a.docx", limits)` gives `"燈塔\n燈塔建於1867年。"` and what was left out.

The XML is walked here because python-docx's `text` leaves out what stands in content controls, insertions, ruby, text
boxes and equations; python-docx opens the package and follows its relations.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from qgkd.documents.characters import superscript, symbol_character
from qgkd.documents.diagrams import chart_lines, smartart_lines
from qgkd.documents.document import DocumentError, DocumentLimits
from qgkd.documents.docx_fields import Fields, is_page_number
from qgkd.documents.docx_styles import ListNumbers, Styles, is_on, value_of
from qgkd.documents.equations import equation_text
from qgkd.documents.package import (
    ALTERNATE_CONTENT,
    CHART,
    DIAGRAM,
    MATH,
    RELATION,
    WORD,
    Element,
    check_package,
    chosen_alternative,
    parse_xml,
    row_lines,
)

_DELETED = {WORD + "del", WORD + "moveFrom"}
_LITERAL = {WORD + "tab": "\t", WORD + "ptab": "\t", WORD + "br": "\n", WORD + "cr": "\n", WORD + "noBreakHyphen": "-"}
_NO_TEXT = {WORD + name for name in ("pPr", "rPr", "tblPr", "trPr", "tcPr", "sdtPr", "rt", "delText", "instrText")}
_PICTURES = {"pic", "imagedata"}


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
        self._part = part
        roots = {relation.reltype.rpartition("/")[2]: relation for relation in part.rels.values()}
        self._styles = Styles(self._root(roots, "styles"))
        self._numbers = ListNumbers(self._root(roots, "numbering"), self._styles)
        self._notes = {kind: self._notes_of(self._root(roots, kind + "s"), kind) for kind in ("footnote", "endnote")}
        self._due: dict[str, list[Element]] = {"footnote": [], "endnote": []}
        self._fields = Fields()
        self._boxes: list[list[str]] = []
        self._open_text = ""
        self.left_out: Counter[str] = Counter()
        for relation in part.rels.values():
            if (
                relation.reltype.endswith(("/header", "/footer"))
                and relation.target_part.element.xpath("string()").strip()
            ):
                self.left_out["running_lines"] += 1

    def lines(self) -> Iterator[str]:
        """The lines of the document; footnotes follow the block that names them, endnotes the whole."""
        for block in self._part.element.body.iterchildren("{*}*"):
            yield from self._blocks([block])
            yield from self._notes_due("footnote")
        yield from self._close_paragraph()
        yield from self._notes_due("endnote")

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
            elif element.tag in _DELETED:
                self.left_out["deleted"] += 1
            elif element.tag not in _NO_TEXT and not _is_placeholder(element):
                yield from self._blocks(element.iterchildren("{*}*"))

    def _paragraph(self, paragraph: Element) -> Iterator[str]:
        outer, self._boxes = self._boxes, []
        label = self._numbers.label(paragraph)
        text = self._inline(paragraph)
        boxes, self._boxes = self._boxes, outer
        properties = paragraph.find(WORD + "pPr")
        mark = None if properties is None else properties.find(WORD + "rPr")
        drop_cap = None if properties is None else properties.find(f"{WORD}framePr[@{WORD}dropCap]")
        text = self._open_text + (label if text.strip() else "") + text
        self._open_text = ""
        # A paragraph whose mark was deleted goes on in the next one, and so does a large first letter.
        if drop_cap is not None or (mark is not None and any(mark.find(tag) is not None for tag in _DELETED)):
            self._open_text = text
        elif text.strip() or not boxes:
            yield text.strip("\n")
        for box in boxes:
            yield from box

    def _close_paragraph(self) -> Iterator[str]:
        if self._open_text:
            yield self._open_text
        self._open_text = ""

    def _table(self, table: Element) -> Iterator[str]:
        for row in _members(table, WORD + "tr"):
            settings = row.find(WORD + "trPr")
            if settings is not None and (settings.find(WORD + "del") is not None or is_on(settings, "hidden")):
                self.left_out["deleted"] += 1
                continue
            cells, inner_tables = [], []
            for cell in _members(row, WORD + "tc"):
                cells.append([line for part in self._apart(cell, inner_tables) for line in part])
            yield from row_lines(cells)
            yield from inner_tables

    def _apart(self, cell: Element, inner_tables: list[str]) -> Iterator[list[str]]:
        """A cell's paragraphs; the rows of tables inside it are put by, to follow the row."""
        for block in _members(cell, WORD + "p", WORD + "tbl"):
            if block.tag == WORD + "tbl":
                inner_tables.extend(self._table(block))
            else:
                yield list(self._paragraph(block))
        yield list(self._close_paragraph())

    def _inline(self, element: Element) -> str:
        """The text of a paragraph or a part of one; its text boxes are put by."""
        return "".join(self._inline_part(child) for child in element.iterchildren("{*}*"))

    def _inline_part(self, element: Element) -> str:
        tag = element.tag
        if tag in _DELETED:
            self.left_out["deleted"] += 1
        elif tag == WORD + "rt":
            self.left_out["readings"] += 1
        elif tag == WORD + "fldChar":
            return self._fields.mark(element)
        elif tag == WORD + "instrText":
            self._fields.add_instruction(element.text or "")
        elif not self._fields.shown():
            pass
        elif tag == WORD + "t":
            return element.text or ""
        elif tag in _LITERAL:
            return _LITERAL[tag]
        elif tag == WORD + "r":
            return self._run(element)
        elif tag == WORD + "sym":
            return self._symbol(element)
        elif tag == WORD + "txbxContent":
            self._boxes.append(self._box(element))
        elif tag.startswith(MATH):
            return equation_text(element)
        elif tag in {WORD + "footnoteReference", WORD + "endnoteReference"}:
            kind = tag.removeprefix(WORD).removesuffix("Reference")
            self._due[kind].extend(self._notes[kind].get(element.get(WORD + "id"), ()))
        elif tag == ALTERNATE_CONTENT:
            chosen = chosen_alternative(element)
            return "" if chosen is None else self._inline(chosen)
        elif tag in {DIAGRAM + "relIds", CHART + "chart"}:
            self._drawing(element)
        elif tag.rpartition("}")[2] == "textpath":  # WordArt of before 2010
            self._boxes.append([element.get("string", "")])
        elif tag not in _NO_TEXT and not _is_placeholder(element) and not _is_page_field(element):
            self.left_out["pictures"] += tag.rpartition("}")[2] in _PICTURES
            return self._inline(element)
        return ""

    def _run(self, run: Element) -> str:
        properties = run.find(WORD + "rPr")
        hidden = is_on(properties, "vanish")
        paragraph = next(run.iterancestors(WORD + "p"), None)
        style = value_of(paragraph, "pPr", "pStyle")
        if hidden or (
            hidden is None and (self._styles.hides(value_of(properties, "rStyle")) or self._styles.hides(style))
        ):
            self.left_out["hidden"] += 1
            return ""
        text = self._inline(run)
        fonts = None if properties is None else properties.find(WORD + "rFonts")
        font = "" if fonts is None else fonts.get(WORD + "ascii", "")
        text = "".join(symbol_character(ord(c), font) if "\uf000" <= c <= "\uf0ff" else c for c in text)
        return superscript(text) if value_of(properties, "vertAlign") == "superscript" else text

    def _symbol(self, element: Element) -> str:
        code = int(element.get(WORD + "char", "0"), 16)
        character = symbol_character(code, element.get(WORD + "font", ""))
        self.left_out["symbols"] += not character
        return character

    def _box(self, content: Element) -> list[str]:
        fields, self._fields, open_text, self._open_text = self._fields, Fields(), self._open_text, ""
        lines = [*self._blocks(content.iterchildren("{*}*")), *self._close_paragraph()]
        self._fields, self._open_text = fields, open_text
        return lines

    def _drawing(self, element: Element) -> None:
        """Put by the text of a SmartArt drawing or a chart, which is a part of its own."""
        smartart = element.tag == DIAGRAM + "relIds"
        relation = self._part.rels.get(element.get(RELATION + ("dm" if smartart else "id")))
        if relation is None or relation.is_external:
            self.left_out["pictures"] += 1
            return
        read: Callable[[Element], list[str]] = smartart_lines if smartart else chart_lines
        self._boxes.append(read(parse_xml(relation.target_part.blob)))

    def _notes_due(self, kind: str) -> Iterator[str]:
        due, self._due[kind] = self._due[kind], []
        for note in due:
            yield from self._box(note)

    def _root(self, relations: dict[str, Any], kind: str) -> Element | None:
        relation = relations.get(kind)
        return None if relation is None or relation.is_external else parse_xml(relation.target_part.blob)

    @staticmethod
    def _notes_of(root: Element | None, kind: str) -> dict[str | None, list[Element]]:
        return {} if root is None else {note.get(WORD + "id"): [note] for note in root.iter(WORD + kind)}


def _members(parent: Element, *tags: str) -> Iterator[Element]:
    """Rows, cells or blocks, also those inside content controls and insertions, none of a table further in."""
    for child in parent.iterchildren("{*}*"):
        if child.tag in tags:
            yield child
        elif child.tag == ALTERNATE_CONTENT:
            chosen = chosen_alternative(child)
            yield from _members(child if chosen is None else chosen, *tags)
        elif child.tag not in _NO_TEXT and child.tag not in _DELETED:
            yield from _members(child, *tags)


def _is_placeholder(element: Element) -> bool:
    """Whether a content control shows only the prompt to fill it in."""
    return element.tag == WORD + "sdt" and bool(is_on(element.find(WORD + "sdtPr"), "showingPlcHdr"))


def _is_page_field(element: Element) -> bool:
    return element.tag == WORD + "fldSimple" and is_page_number(element.get(WORD + "instr") or "")
