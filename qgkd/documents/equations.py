"""Office equations as one line of text.

Comes in: an m:oMath element, or anything inside one. Goes out: text.

A literal example: the fraction of 1 and 2 is `"1/2"`, x with the superscript 2 is `"x²"`.
"""

from __future__ import annotations

from qgkd.documents.characters import superscript
from qgkd.documents.package import MATH, WORD, Element

_PROPERTIES = "Pr"
"""How the names of elements end that hold settings and no text."""


def equation_text(element: Element) -> str:
    """What an equation shows, from left to right; a fraction as `a/b`."""
    name = element.tag.removeprefix(MATH) if isinstance(element.tag, str) else ""
    if element.tag in {MATH + "t", WORD + "t"}:
        return element.text or ""
    parts = {child.tag.removeprefix(MATH): equation_text(child) for child in element.iterchildren("{*}*")}
    if name == "f":
        return f"{_bracketed(parts.get('num', ''))}/{_bracketed(parts.get('den', ''))}"
    if name in {"sSup", "sSubSup"}:
        power = parts.get("sup", "")
        raised = superscript(power)
        return parts.get("e", "") + parts.get("sub", "") + (f"^{_bracketed(power)}" if raised == power else raised)
    if name == "rad":
        return parts.get("deg", "") + "√" + _bracketed(parts.get("e", ""))
    if name == "nary":
        return _property(element, "chr", "∫") + parts.get("sub", "") + parts.get("sup", "") + parts.get("e", "")
    pieces = [equation_text(child) for child in element.iterchildren("{*}*") if not child.tag.endswith(_PROPERTIES)]
    if name == "d":
        inner = _property(element, "sepChr", "|").join(pieces)
        return _property(element, "begChr", "(") + inner + _property(element, "endChr", ")")
    return {"mr": "\t", "m": "\n"}.get(name, "").join(pieces)


def _bracketed(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _property(element: Element, name: str, default: str) -> str:
    found = element.find(f"{MATH}{element.tag.removeprefix(MATH)}Pr/{MATH}{name}")
    return default if found is None else found.get(MATH + "val", "")
