r"""Word's fields: their results are shown, their instructions and page numbers are not.

Comes in: the w:fldChar marks and w:instrText of a document, in order. Goes out: whether text is shown at this place.

A literal example: between the begin and the separate mark of `{ HYPERLINK "http://…" }` nothing is shown; the field
`{ EQ \o\ad(\s\up 11(ㄊㄚˇ),塔) }`, Word's older way to write a reading above a character, shows `"塔"`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qgkd.documents.package import WORD, Element

_PAGE_FIELDS = {"PAGE", "NUMPAGES", "SECTIONPAGES", "PAGEREF"}
_RUBY = re.compile(r"\\s\\up\s*\d*\s*\([^()]*\)\s*[,;]\s*(?P<base>[^()]+)\)", re.IGNORECASE)
_ENCLOSED = re.compile(r"\\o\s*\\ac\s*\([^(),]*[,;]\s*(?P<base>[^()]+)\)", re.IGNORECASE)


@dataclass(slots=True)
class _Field:
    instruction: str = ""
    has_result: bool = False
    shown: bool = False


class Fields:
    """The fields that are open at the present place of a document; they may lie inside each other."""

    def __init__(self) -> None:
        self._open: list[_Field] = []

    def shown(self) -> bool:
        """Whether text at this place is shown."""
        return all(field.shown for field in self._open)

    def add_instruction(self, text: str) -> None:
        """Take a piece of the innermost field's instruction."""
        if self._open:
            self._open[-1].instruction += text

    def mark(self, mark: Element) -> str:
        """Take a w:fldChar.

        Returns:
            Text that the field shows without a result: the base of a reading, or a number in a circle.
        """
        kind = mark.get(WORD + "fldCharType")
        if kind == "begin":
            self._open.append(_Field())
        elif self._open and kind == "separate":
            self._open[-1].has_result = True
            self._open[-1].shown = not is_page_number(self._open[-1].instruction)
        elif self._open and kind == "end":
            field = self._open.pop()
            if not field.has_result and self.shown():
                found = _RUBY.search(field.instruction) or _ENCLOSED.search(field.instruction)
                return found["base"] if found else ""
        return ""


def is_page_number(instruction: str) -> bool:
    """Whether a field shows the number of a page or of all pages."""
    return (instruction.split() or [""])[0].upper() in _PAGE_FIELDS
