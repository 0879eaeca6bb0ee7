"""Word's styles and list numbers: what a paragraph inherits, and the number that it shows.

Comes in: the roots of styles.xml and numbering.xml. Goes out: `Styles.hides(...)`, `ListNumbers.label(paragraph)`.

A literal example: the third paragraph of a list numbered in Chinese gives the label `"三、"`; bullets give `""`.
"""

from __future__ import annotations

from collections.abc import Iterator

from qgkd.documents.package import WORD, Element

_DIGITS = "零一二三四五六七八九"
_HEAVENLY_STEMS = "甲乙丙丁戊己庚辛壬癸"
_EARTHLY_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def value_of(parent: Element | None, name: str) -> str | None:
    """The w:val of a child of that name, or None."""
    found = None if parent is None else parent.find(WORD + name)
    return None if found is None else found.get(WORD + "val")


def is_on(properties: Element | None, name: str) -> bool | None:
    """Whether a switch such as w:vanish is on; None where it is not set."""
    found = None if properties is None else properties.find(WORD + name)
    return None if found is None else found.get(WORD + "val", "1") not in {"0", "false", "off"}


class Styles:
    """Named styles, each with what it inherits from."""

    def __init__(self, root: Element | None) -> None:
        found = () if root is None else root.iter(WORD + "style")
        self._styles = {style.get(WORD + "styleId"): style for style in found}

    def hides(self, style_id: str | None) -> bool:
        """Whether text of a style is hidden."""
        for style in self._line(style_id):
            hidden = is_on(style.find(WORD + "rPr"), "vanish")
            if hidden is not None:
                return hidden
        return False

    def numbering(self, style_id: str | None) -> Element | None:
        """The w:numPr of a paragraph style."""
        for style in self._line(style_id):
            numbering = style.find(f"{WORD}pPr/{WORD}numPr")
            if numbering is not None:
                return numbering
        return None

    def _line(self, style_id: str | None) -> Iterator[Element]:
        seen = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            yield self._styles[style_id]
            style_id = value_of(self._styles[style_id], "basedOn")


class ListNumbers:
    """Counts the numbered paragraphs of a document, in the order in which they are read."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._levels: dict[str | None, dict[str, Element]] = {}
        self._list_of: dict[str | None, str | None] = {}
        self._restarts: dict[tuple[str | None, int], int] = {}
        self._counts: dict[tuple[str | None, int], int] = {}
        if root is None:
            return
        lists = {found.get(WORD + "abstractNumId"): found for found in root.iter(WORD + "abstractNum")}
        for number in root.iter(WORD + "num"):
            number_id, list_id = number.get(WORD + "numId"), value_of(number, "abstractNumId")
            levels = [
                level
                for source in (lists.get(list_id), number)
                if source is not None
                for level in source.iter(WORD + "lvl")
            ]
            self._levels[number_id] = {level.get(WORD + "ilvl", "0"): level for level in levels}
            self._list_of[number_id] = list_id
            for override in number.iter(WORD + "lvlOverride"):
                start = value_of(override, "startOverride")
                if start is not None:
                    self._restarts[number_id, int(override.get(WORD + "ilvl", "0"))] = int(start)

    def label(self, paragraph: Element) -> str:
        """The number that a paragraph shows, with a blank after it; empty for none and for bullets."""
        properties = paragraph.find(WORD + "pPr")
        inherited = self._styles.numbering(value_of(properties, "pStyle"))
        own = None if properties is None else properties.find(WORD + "numPr")
        number_id = value_of(own, "numId") or value_of(inherited, "numId")
        depth = int(value_of(own, "ilvl") or value_of(inherited, "ilvl") or 0)
        levels = self._levels.get(number_id, {})
        level = levels.get(str(depth))
        if level is None:
            return ""
        list_id = self._list_of[number_id]
        restart = self._restarts.pop((number_id, depth), None)
        before = self._counts.get((list_id, depth), _start(level) - 1) if restart is None else restart - 1
        self._counts[list_id, depth] = before + 1
        for deeper in range(depth + 1, 9):
            self._counts.pop((list_id, deeper), None)
        if value_of(level, "numFmt") in {"bullet", "none", None}:
            return ""
        text = value_of(level, "lvlText") or ""
        for shown in range(depth + 1):
            shown_level = levels.get(str(shown), level)
            count = self._counts.get((list_id, shown), _start(shown_level))
            text = text.replace(f"%{shown + 1}", _written(count, value_of(shown_level, "numFmt") or "decimal"))
        blank = "" if text.endswith(("、", "）", "．", "：")) else " "
        return text + blank if text else ""


def _start(level: Element) -> int:
    return int(value_of(level, "start") or 0)


def _written(count: int, style: str) -> str:
    """A number in one of Word's number formats; Arabic digits where the format is not known."""
    if "Counting" in style or style in {"ideographDigital", "japaneseCounting", "chineseLegalSimplified"}:
        return _chinese(count)
    if style in {"ideographTraditional", "ideographZodiac"}:
        letters = _HEAVENLY_STEMS if style == "ideographTraditional" else _EARTHLY_BRANCHES
        return letters[(count - 1) % len(letters)]
    if style in {"upperLetter", "lowerLetter"} and count >= 1:
        letter = chr(ord("A") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if style == "upperLetter" else letter.lower()
    if style in {"upperRoman", "lowerRoman"}:
        roman = ""
        for value, letters in _ROMAN:
            roman += letters * (count // value)
            count %= value
        return roman if style == "upperRoman" else roman.lower()
    if style.startswith("decimalEnclosedCircle") and 1 <= count <= 20:
        return chr(ord("①") + count - 1)
    return f"{count:02d}" if style == "decimalZero" else str(count)


def _chinese(count: int) -> str:
    if not 0 < count < 100:
        return "".join(_DIGITS[int(digit)] for digit in str(count))
    tens, ones = divmod(count, 10)
    return (_DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (_DIGITS[ones] if ones else "")
