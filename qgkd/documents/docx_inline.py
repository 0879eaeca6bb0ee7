r"""The text inside a Word paragraph.

Comes in: a w:p element. Goes out: its text; text boxes, drawings and notes that it names are put by for the caller.

A literal example: the insertion `1624年`, the deletion `1642年` and `媽` with ruby above it give `"1624年媽"`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from qgkd.documents.characters import superscript, symbol_character
from qgkd.documents.diagrams import chart_lines, smartart_lines
from qgkd.documents.docx_fields import Fields, is_page_number
from qgkd.documents.docx_styles import Styles, is_on, value_of
from qgkd.documents.equations import equation_text
from qgkd.documents.package import (
    ALTERNATE_CONTENT,
    CHART,
    DIAGRAM,
    MATH,
    RELATION,
    WORD,
    Element,
    chosen_alternative,
    parse_xml,
)

DELETED = {WORD + "del", WORD + "moveFrom"}
NO_TEXT = {WORD + name for name in ("pPr", "rPr", "tblPr", "trPr", "tcPr", "sdtPr", "delText")}
"""Settings of other elements, and deleted text."""
_LITERAL = {WORD + "tab": "\t", WORD + "ptab": "\t", WORD + "br": "\n", WORD + "cr": "\n", WORD + "noBreakHyphen": "-"}
_PICTURES = {"pic", "imagedata"}
_NOTES = {WORD + "footnoteReference": "footnote", WORD + "endnoteReference": "endnote"}
_SYMBOL_FONTS = ("\uf000", "\uf0ff")


class InlineText:
    """Reads paragraphs in the order of the document, since fields may reach over several of them."""

    def __init__(self, part: Any, styles: Styles, left_out: Counter[str]) -> None:
        self._part = part
        self._styles = styles
        self._left_out = left_out
        self._hidden_by_style = False
        self.fields = Fields()
        self.boxes: list[Element | list[str]] = []
        """Contents of text boxes, and lines of drawings, of the paragraphs read so far; the caller takes them out."""
        self.notes: list[tuple[str, str | None]] = []
        """Kinds and ids of the notes that these paragraphs name; the caller takes them out."""

    def text(self, paragraph: Element) -> str:
        """The text of a paragraph."""
        outer = self._hidden_by_style
        self._hidden_by_style = self._styles.hides(value_of(paragraph.find(WORD + "pPr"), "pStyle"))
        text = self._text_of(paragraph)
        self._hidden_by_style = outer
        return text

    def _text_of(self, element: Element) -> str:
        return "".join(self._part_text(child) for child in element.iterchildren("{*}*"))

    def _part_text(self, element: Element) -> str:
        tag = element.tag
        if tag in DELETED:
            self._left_out["deleted"] += 1
        elif tag == WORD + "rt":
            self._left_out["readings"] += 1
        elif tag == WORD + "fldChar":
            return self.fields.mark(element)
        elif tag == WORD + "instrText":
            self.fields.add_instruction(element.text or "")
        elif tag == WORD + "r":
            return self._run(element)
        elif tag == ALTERNATE_CONTENT:
            chosen = chosen_alternative(element)
            return "" if chosen is None else self._text_of(chosen)
        elif tag in NO_TEXT or is_placeholder(element) or _is_page_field(element):
            return ""
        else:
            text = self._leaf_text(element)
            if text is None:
                return self._text_of(element)
            return text if self.fields.shown() else ""
        return ""

    def _leaf_text(self, element: Element) -> str | None:
        """The text of an element that is read as a whole; None for one that only holds others."""
        tag = element.tag
        name = tag.rpartition("}")[2]
        if tag == WORD + "t":
            return element.text or ""
        if tag in _LITERAL:
            return _LITERAL[tag]
        if tag == WORD + "sym":
            character = symbol_character(int(element.get(WORD + "char", "0"), 16), element.get(WORD + "font", ""))
            self._left_out["symbols"] += not character
            return character
        if tag.startswith(MATH):
            return equation_text(element)
        if tag in _NOTES:
            self.notes.append((_NOTES[tag], element.get(WORD + "id")))
        elif tag == WORD + "txbxContent":
            self.boxes.append(element)
        elif tag in {DIAGRAM + "relIds", CHART + "chart"}:
            self._add_drawing(element)
        elif name == "textpath":  # WordArt of before 2010
            self.boxes.append([element.get("string", "")])
        else:
            self._left_out["pictures"] += name in _PICTURES
            return None
        return ""

    def _run(self, run: Element) -> str:
        text = self._text_of(run)  # also of a hidden run, whose fields count
        properties = run.find(WORD + "rPr")
        if text and self._is_hidden(properties):
            self._left_out["hidden"] += 1
            return ""
        if any(_SYMBOL_FONTS[0] <= character <= _SYMBOL_FONTS[1] for character in text):
            fonts = None if properties is None else properties.find(WORD + "rFonts")
            font = "" if fonts is None else fonts.get(WORD + "ascii", "")
            text = "".join(symbol_character(ord(character), font) for character in text)
        return superscript(text) if value_of(properties, "vertAlign") == "superscript" else text

    def _is_hidden(self, properties: Element | None) -> bool:
        hidden = is_on(properties, "vanish")
        if hidden is not None:
            return hidden
        return self._hidden_by_style or self._styles.hides(value_of(properties, "rStyle"))

    def _add_drawing(self, element: Element) -> None:
        """Put by the text of a SmartArt drawing or a chart, which is a part of its own."""
        smartart = element.tag == DIAGRAM + "relIds"
        relation = self._part.rels.get(element.get(RELATION + ("dm" if smartart else "id")))
        if relation is None or relation.is_external:
            self._left_out["pictures"] += 1
            return
        root = parse_xml(relation.target_part.blob)
        self.boxes.append(smartart_lines(root) if smartart else chart_lines(root))


def is_placeholder(element: Element) -> bool:
    """Whether a content control shows only the prompt to fill it in."""
    return element.tag == WORD + "sdt" and bool(is_on(element.find(WORD + "sdtPr"), "showingPlcHdr"))


def _is_page_field(element: Element) -> bool:
    return element.tag == WORD + "fldSimple" and is_page_number(element.get(WORD + "instr") or "")
