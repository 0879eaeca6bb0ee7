"""PDFs of Chinese text written by hand: text at places, rules, fonts with and without a Unicode map.

A literal example: `pdf_of_pages([[Text(72, 700, "燈塔")]])` is a page with 燈塔 in 12 points.
"""

from __future__ import annotations

import functools
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
%s
endcmap end end"""


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    text: str
    size: float = 12
    angle: int = 0
    """0, 90, 180 or 270 degrees anticlockwise; others turn like 45."""
    spacing: float = 0
    """Points between characters."""


@dataclass(frozen=True)
class Rule:
    x0: float
    y0: float
    x1: float
    y1: float


def lines_of(text: str, chars: int, x: float, y: float, *, size: float = 12, pitch: float = 20) -> list[Text]:
    """Text broken after every so many characters, as a column's width breaks it."""
    pieces = [text[at : at + chars] for at in range(0, len(text), chars)]
    return [Text(x, y - pitch * row, piece, size) for row, piece in enumerate(pieces)]


def pdf_of_pages(
    pages: Sequence[Sequence[Text | Rule]], *, unicode_map: bool = True, vertical: bool = False, rotate: int = 0
) -> bytes:
    """A PDF of pages of 595 by 842 points."""
    mapping = b"\n".join(b"1 beginbfrange <%02X00> <%02XFF> <%02X00> endbfrange" % (n, n, n) for n in range(256))
    stream = _TO_UNICODE % mapping
    program, glyph_numbers = _font()
    font = b"<</Type/Font/Subtype/Type0/BaseFont/Made/Encoding/Identity-%s/DescendantFonts[4 0 R]%s>>" % (
        b"V" if vertical else b"H",
        b"/ToUnicode 6 0 R" if unicode_map else b"",
    )
    kids = b" ".join(b"%d 0 R" % (9 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids),
        font,
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Made"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/DW 1000/W[32 126 500]/FontDescriptor 5 0 R/CIDToGIDMap 8 0 R>>",
        b"<</Type/FontDescriptor/FontName/Made/Flags 4/FontBBox[0 -120 1000 880]/Ascent 880/Descent -120/ItalicAngle 0"
        b"/CapHeight 700/StemV 80/FontFile2 7 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(program), program),
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(glyph_numbers), glyph_numbers),
    ]
    for number, page in enumerate(pages):
        content = b"\n".join(_operators(item) for item in page)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Rotate %d/Resources<</Font<</F 3 0 R>>>>"
            b"/Contents %d 0 R>>" % (rotate, 10 + 2 * number)
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    return _file(objects)


@functools.cache
def _font() -> tuple[bytes, bytes]:
    """A font of one square, which every character is drawn with, and the table that says so."""
    pen = TTGlyphPen(None)
    for at, point in enumerate(((50, -70), (50, 830), (950, 830), (950, -70))):
        (pen.lineTo if at else pen.moveTo)(point)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({0x25A0: "square"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 50)})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Made", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    return zlib.compress(out.getvalue()), zlib.compress(b"\0\1" * 65536)


def _operators(item: Text | Rule) -> bytes:
    if isinstance(item, Rule):
        return b"0.5 w %g %g m %g %g l S" % (item.x0, item.y0, item.x1, item.y1)
    a, b = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}.get(item.angle, (0.7071, 0.7071))
    place = b"%g %g %g %g %g %g" % (a, b, -b, a, item.x, item.y)
    code = item.text.encode("utf-16-be").hex().encode()
    return b"BT /F %g Tf %g Tc %s Tm <%s> Tj ET" % (item.size, item.spacing, place, code)


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
