"""Word documents: every character that a reader of the page sees, once, in reading order."""

from __future__ import annotations

from typing import Any

import pytest
from docx.oxml import parse_xml
from word_documents import add_part, field, paragraph, run, word_document

from qgkd.documents import Document, DocumentLimits
from qgkd.documents.read import read_here

_MATH = "<m:r><m:t>{}</m:t></m:r>"


def read(body: str, **more: Any) -> Document:
    return read_here("a.docx", word_document(body, **more), DocumentLimits())


def ruby(base: str, reading: str) -> str:
    return f"<w:r><w:ruby><w:rt>{run(reading)}</w:rt><w:rubyBase>{run(base)}</w:rubyBase></w:ruby></w:r>"


def text_box(text: str, *, vml: bool) -> str:
    content = f"<w:txbxContent>{paragraph(run(text))}</w:txbxContent>"
    if vml:
        return f"<w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict>"
    return f"<w:drawing><wps:wsp><wps:txbx>{content}</wps:txbx></wps:wsp></w:drawing>"


def math(kind: str, **parts: str) -> str:
    inner = "".join(f"<m:{name}>{_MATH.format(text)}</m:{name}>" for name, text in parts.items())
    return f"<m:{kind}>{inner}</m:{kind}>"


SEEN = {
    "ruby, its base only": (paragraph(ruby("鹿", "ㄌㄨˋ") + ruby("港", "ㄍㄤˇ") + run("在彰化。")), "鹿港在彰化。"),
    "ruby above a word": (paragraph(run("他住在") + ruby("艋舺", "báng-kah") + run("。")), "他住在艋舺。"),
    "ruby of older versions": (
        paragraph(run("紅") + field(r" EQ \* jc2 \* hps24 \o\ad(\s\up 11(ㄊㄚˇ),塔) ") + run("很高。")),
        "紅塔很高。",
    ),
    "a number in a circle": (paragraph(field(r" EQ \o\ac(○,3) ") + run("赤崁")), "3赤崁"),
    "an insertion and a deletion": (
        paragraph(
            run("橋長")
            + '<w:del w:id="1" w:author="A"><w:r><w:delText>90</w:delText></w:r></w:del>'
            + f'<w:ins w:id="2" w:author="A">{run("120")}</w:ins>'
            + run("公尺。")
        ),
        "橋長120公尺。",
    ),
    "a move": (
        paragraph(f'<w:moveFrom w:id="1" w:author="A">{run("舊處")}</w:moveFrom>' + run("先有港，"))
        + paragraph(f'<w:moveTo w:id="2" w:author="A">{run("後有街。")}</w:moveTo>'),
        "先有港，\n後有街。",
    ),
    "a deleted end of a paragraph": (
        paragraph(run("這座橋"), '<w:rPr><w:del w:id="1" w:author="A"/></w:rPr>') + paragraph(run("跨過淡水河。")),
        "這座橋跨過淡水河。",
    ),
    "a content control in a line": (
        paragraph(run("班級：") + f"<w:sdt><w:sdtPr/><w:sdtContent>{run('三年二班')}</w:sdtContent></w:sdt>"),
        "班級：三年二班",
    ),
    "content controls around blocks and cells": (
        f"<w:sdt><w:sdtContent>{paragraph(run('前言'))}</w:sdtContent></w:sdt>"
        "<w:tbl><w:tblPr/><w:tblGrid/><w:sdt><w:sdtContent><w:tr><w:sdt><w:sdtContent>"
        f"<w:tc>{paragraph(run('河'))}</w:tc></w:sdtContent></w:sdt>"
        f"<w:tc><w:sdt><w:sdtContent>{paragraph(run('淡水河'))}</w:sdtContent></w:sdt></w:tc>"
        "</w:tr></w:sdtContent></w:sdt></w:tbl>",
        "前言\n河\t淡水河",
    ),
    "no prompt to fill in": (
        f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{paragraph(run('按此輸入'))}</w:sdtContent></w:sdt>"
        + paragraph(run("完")),
        "完",
    ),
    "smart tags and links": (
        paragraph(
            f'<w:smartTag w:element="place">{run("基隆")}</w:smartTag>'
            f'<w:hyperlink w:anchor="x">{run("港")}</w:hyperlink>' + run("開了。")
        ),
        "基隆港開了。",
    ),
    "a text box, once of two versions": (
        paragraph(
            f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'>{text_box('小知識', vml=False)}</mc:Choice>"
            f"<mc:Fallback>{text_box('小知識', vml=True)}</mc:Fallback></mc:AlternateContent></w:r>"
        )
        + paragraph(run("下一段。")),
        "小知識\n下一段。",
    ),
    "a text box of old Word, after the line that it hangs on": (
        paragraph(f"<w:r>{text_box('旁注', vml=True)}</w:r>" + run("正文。")),
        "正文。\n旁注",
    ),
    "equations": (
        paragraph(
            f"<m:oMath>{_MATH.format('E=m')}{math('sSup', e='c', sup='2')}</m:oMath>"
            f"<m:oMath>{math('f', num='1', den='x+1')}</m:oMath><m:oMath>{math('rad', e='2')}</m:oMath>"
        ),
        "E=mc²1/(x+1)√2",
    ),
    "an equation in brackets": (
        paragraph(
            '<m:oMath><m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>'
            f"<m:e>{_MATH.format('a')}</m:e></m:d></m:oMath>"
        ),
        "[a]",
    ),
    "soft line breaks and tabs": (paragraph(run("上") + "<w:r><w:br/></w:r>" + run("下")), "上\n下"),
    "symbols": (
        paragraph('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font="Symbol" w:char="F0B4"/></w:r>'),
        "✓×",
    ),
    "raised numbers": (paragraph(run("面積10公尺") + run("2", '<w:vertAlign w:val="superscript"/>')), "面積10公尺²"),
    "results of fields, no instructions": (
        paragraph(field(' HYPERLINK "http://x.invalid" ', "網站") + field(" PAGE ", "7") + field(" REF a ", "圖一")),
        "網站圖一",
    ),
    "no page numbers of simple fields": (
        paragraph(f'<w:fldSimple w:instr=" NUMPAGES ">{run("30")}</w:fldSimple>' + run("頁首不算")),
        "頁首不算",
    ),
    "no hidden text": (paragraph(run("答案：乙", "<w:vanish/>") + run("看得見", '<w:vanish w:val="0"/>')), "看得見"),
    "a large first letter": (
        paragraph(run("從"), '<w:framePr w:dropCap="drop" w:lines="3"/>') + paragraph(run("前有一座橋。")),
        "從前有一座橋。",
    ),
    "a table in a table, after its row": (
        "<w:tbl><w:tblPr/><w:tblGrid/><w:tr>"
        f"<w:tc>{paragraph(run('河名'))}<w:tbl><w:tblPr/><w:tblGrid/><w:tr><w:tc>{paragraph(run('支流'))}</w:tc>"
        f"<w:tc>{paragraph(run('大漢溪'))}</w:tc></w:tr></w:tbl>{paragraph('')}</w:tc>"
        f"<w:tc>{paragraph(run('淡水河'))}</w:tc></w:tr></w:tbl>",
        "河名\t淡水河\n支流\t大漢溪",
    ),
    "no deleted row": (
        "<w:tbl><w:tblPr/><w:tblGrid/><w:tr><w:trPr><w:del w:id='1' w:author='A'/></w:trPr>"
        f"<w:tc>{paragraph(run('刪'))}</w:tc></w:tr><w:tr><w:tc>{paragraph(run('留'))}</w:tc></w:tr></w:tbl>",
        "留",
    ),
}


@pytest.mark.parametrize("what", SEEN)
def test_what_a_reader_sees(what: str) -> None:
    body, text = SEEN[what]
    assert read(body).text == text


def test_notes_follow_the_paragraph_that_names_them_and_endnotes_the_text() -> None:
    def add_notes(document: Any) -> None:
        for kind, text in (("footnote", "紅毛城在淡水。"), ("endnote", "資料來自縣志。")):
            note = f'<w:{kind} w:id="3"><w:p><w:r><w:{kind}Ref/></w:r>{run(text)}</w:p></w:{kind}>'
            add_part(document, kind + "s", f"<w:{kind}s>{note}</w:{kind}s>")

    body = paragraph(
        run("荷蘭人建城") + '<w:r><w:footnoteReference w:id="3"/><w:endnoteReference w:id="3"/></w:r>' + run("。")
    ) + paragraph(run("後來改建。"))
    assert read(body, change=add_notes).text == "荷蘭人建城。\n紅毛城在淡水。\n後來改建。\n資料來自縣志。"


def test_smartart_in_the_order_of_its_branches() -> None:
    points = "".join(
        f'<dgm:pt modelId="{at}"><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>'
        for at, text in ((2, "秋收"), (1, "春耕"))
    )
    model = (
        f'<dgm:dataModel><dgm:ptLst><dgm:pt modelId="0" type="doc"/>{points}</dgm:ptLst><dgm:cxnLst>'
        '<dgm:cxn srcId="0" destId="2" srcOrd="1"/><dgm:cxn srcId="0" destId="1" srcOrd="0"/>'
        "</dgm:cxnLst></dgm:dataModel>"
    )

    def add_drawing(document: Any) -> None:
        number = add_part(document, "diagramData", model)
        drawing = parse_xml(
            f'<dgm:relIds xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
            f'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:dm="{number}"/>'
        )
        document.paragraphs[-1].runs[0]._r.append(drawing)

    assert read(paragraph(run("農家")), change=add_drawing).text == "農家\n春耕\n秋收"


def test_list_numbers_are_text_and_bullets_are_not() -> None:
    def add_list(document: Any) -> None:
        root = document.part.numbering_part.element
        name = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        levels = "".join(
            f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
            for at, (kind, text) in enumerate(
                (("taiwaneseCountingThousand", "%1、"), ("decimal", "%1-%2."), ("bullet", ""))
            )
        )
        root.insert(0, parse_xml(f'<w:abstractNum {name} w:abstractNumId="90">{levels}</w:abstractNum>'))
        root.append(parse_xml(f'<w:num {name} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'))

    items = ((0, "山"), (1, "玉山"), (1, "雪山"), (0, "河"), (1, "濁水溪"), (2, "支流"))
    body = "".join(
        paragraph(run(text), f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="90"/></w:numPr>')
        for level, text in items
    )
    assert read(body, change=add_list).text == "一、山\n一-1. 玉山\n一-2. 雪山\n二、河\n二-1. 濁水溪\n支流"


def test_heads_and_feet_are_left_out_and_counted() -> None:
    def add_head(document: Any) -> None:
        document.sections[0].header.paragraphs[0].text = "三年級社會"

    document = read(paragraph(run("正文。")) + paragraph(ruby("河", "ㄏㄜˊ")), change=add_head)
    assert document.text == "正文。\n河"
    assert document.left_out == {"running_lines": 1, "readings": 1}
