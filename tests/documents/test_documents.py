"""Documents: what teachers bring is read, and what is hostile is refused in one sentence."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from pathlib import Path

import docx
import pptx
import pypdf
import pytest
from pdf_pages import Text, pdf_of_pages

from qgkd.documents import Document, DocumentError, DocumentLimits, read_document
from qgkd.documents.plain import decode
from qgkd.documents.read import clean_text
from qgkd.question_forms import Language

GLYPH_NUMBERS = "".join(map(chr, range(1, 60)))
LIGHTHOUSE = "燈塔建於1867年，由工程師林文海設計。"


def pdf_of(text: str | None, password: str | None = None, pages: int = 1) -> bytes:
    """A PDF written by hand: a page of text in a font of the reader, or an empty page."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(width=300, height=300)
        if text is not None:
            font = pypdf.generic.DictionaryObject(
                {
                    pypdf.generic.NameObject("/Type"): pypdf.generic.NameObject("/Font"),
                    pypdf.generic.NameObject("/Subtype"): pypdf.generic.NameObject("/Type1"),
                    pypdf.generic.NameObject("/BaseFont"): pypdf.generic.NameObject("/Helvetica"),
                }
            )
            fonts = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/F1"): font})
            page[pypdf.generic.NameObject("/Resources")] = pypdf.generic.DictionaryObject(
                {pypdf.generic.NameObject("/Font"): fonts}
            )
            content = pypdf.generic.DecodedStreamObject()
            content.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
            page[pypdf.generic.NameObject("/Contents")] = writer._add_object(content)
    if password is not None:
        writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx_of(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "建成", "1867年"
    document.add_paragraph("表後")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def bomb(name: str = "word/document.xml", megabytes: int = 160) -> bytes:
    """A package that unpacks to hundreds of megabytes of blanks."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        with package.open(name, "w", force_zip64=True) as member:
            for _ in range(megabytes):
                member.write(b" " * 1_000_000)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "big5", "gb18030"])
def test_text_in_every_encoding_that_chinese_comes_in(encoding: str) -> None:
    text = "燈塔建於一八六七年，由工程師設計。" if encoding != "gb18030" else "灯塔建于一八六七年，由工程师设计。"
    assert read_document("a.txt", text.encode(encoding)).text == text


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(DocumentError, match="encoding"):
        decode(bytes(range(128, 256)) * 4, "a.txt")


def test_word_and_slides_in_order() -> None:
    document = read_document("第一課.docx", docx_of("燈塔", LIGHTHOUSE))
    assert document.text == f"燈塔\n{LIGHTHOUSE}\n建成\t1867年\n表後"
    assert document.title == "第一課"
    slides = pptx.Presentation()
    for words in ("第一張", LIGHTHOUSE):
        slide = slides.slides.add_slide(slides.slide_layouts[5])
        slide.shapes.title.text = words
    out = io.BytesIO()
    slides.save(out)
    assert read_document("a.pptx", out.getvalue()).text == f"第一張\n\n{LIGHTHOUSE}"


def test_pdf_text_and_its_empty_pages() -> None:
    assert read_document("a.pdf", pdf_of("Lighthouse of 1867.")).text == "Lighthouse of 1867."
    writer = pypdf.PdfWriter()
    writer.append(io.BytesIO(pdf_of("Lighthouse.")))
    writer.append(io.BytesIO(pdf_of(None)))
    out = io.BytesIO()
    writer.write(out)
    document = read_document("a.pdf", out.getvalue())
    assert (document.pages, document.empty_pages) == (2, 1)


def test_lines_broken_by_the_width_of_a_page_are_joined() -> None:
    def text(*lines: str) -> str:
        placed = [Text(72, 700 - 20 * row, line) for row, line in enumerate(lines)]
        return read_document("a.pdf", pdf_of_pages([placed])).text

    assert text("燈塔建於1867", "年，由林文海", "設計。", "它很高。") == "燈塔建於1867年，由林文海設計。\n它很高。"
    assert text("第一章", "燈塔建於1867年很久以前") == "第一章\n燈塔建於1867年很久以前"


def test_what_was_left_out_is_reported_in_every_language() -> None:
    document = Document(text="", title="", left_out={"running_lines": 6, "pictures": 1, "a_code_of_later": 2})
    assert (
        document.left_out_notice(Language.ENGLISH) == "Left out: headers, footers and page numbers (6), pictures (1)."
    )
    assert document.left_out_notice(Language.TRADITIONAL) == "沒有讀入：6 個頁首、頁尾和頁碼、1 張圖片。"
    assert Document(text="", title="").left_out_notice(Language.SIMPLIFIED) == ""


HOSTILE = {
    "unpacks_too_large": ("a.docx", bomb),
    "pdf_no_text": ("a.pdf", lambda: pdf_of(None)),
    "pdf_no_unicode": ("a.pdf", lambda: pdf_of_pages([[Text(72, 700, GLYPH_NUMBERS)]], unicode_map=False)),
    "pdf_password": ("a.pdf", lambda: pdf_of("secret", password="x")),
    "office_protected": ("a.docx", lambda: b"\xd0\xcf\x11\xe0" + bytes(600)),
    "broken": ("a.pptx", lambda: b"no package at all"),
    "empty": ("a.txt", lambda: b" \n\x00 "),
    "format": ("a.exe", lambda: b"MZ"),
    "too_many_chars": ("a.txt", lambda: "燈".encode() * 200_001),
    "file_too_large": ("a.txt", lambda: bytes(21_000_000)),
}


@pytest.mark.parametrize("code", HOSTILE)
def test_hostile_files_are_reported_in_one_sentence(code: str) -> None:
    name, make = HOSTILE[code]
    data = make()
    began = time.monotonic()
    with pytest.raises(DocumentError) as caught:
        read_document(name, data)
    assert caught.value.code == code
    assert time.monotonic() - began < 10
    for language in Language:
        sentence = caught.value.sentence(language)
        assert sentence.startswith(name)
        assert "\n" not in sentence
        assert "{" not in sentence


def test_a_bomb_that_lies_about_its_size_is_not_unpacked() -> None:
    """A member's data is read to its declared size and no further."""
    data = bytearray(bomb(megabytes=5))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = data.find(mark, data.find(mark) + 1)
        struct.pack_into("<L", data, start + at, 1000)
    with pytest.raises(DocumentError, match="damaged"):
        read_document("a.docx", bytes(data))


def test_a_reader_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document("a.pdf", pdf_of("x"), DocumentLimits(max_seconds=0.01))
    assert caught.value.code == "too_slow"


def test_a_reader_that_takes_too_much_memory_fails_alone() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document("a.docx", docx_of(LIGHTHOUSE), DocumentLimits(max_memory_bytes=30_000_000))
    assert caught.value.code == "broken"


def test_pdf_of_too_many_pages() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document("a.pdf", pdf_of(None, pages=3), DocumentLimits(max_pages=2))
    assert caught.value.code == "pdf_pages"


def test_control_characters_go_and_the_rest_stays() -> None:
    assert clean_text("a\x00b\x07c\r\nd\ud800\n\n\n\ne\u202e") == "abc\nd\n\ne\u202e"


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read_document("a.docx", docx_of(LIGHTHOUSE))
    assert list(tmp_path.iterdir()) == []
