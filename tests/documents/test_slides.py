"""PowerPoint slides: what they show, in reading order; not what stands on every slide."""

from __future__ import annotations

import copy
import io
from typing import Any

import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml import parse_xml
from pptx.util import Cm

from qgkd.documents import Document, DocumentLimits
from qgkd.documents.read import read_here

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def read(presentation: Any) -> Document:
    out = io.BytesIO()
    presentation.save(out)
    return read_here("a.pptx", out.getvalue(), DocumentLimits())


def slide_of(presentation: Any, title: str = "") -> Any:
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = title
    return slide


def add_box(shapes: Any, text: str, left: float, top: float, height: float = 2) -> Any:
    box = shapes.add_textbox(Cm(left), Cm(top), Cm(6), Cm(height))
    box.text_frame.text = text
    return box


def test_soft_line_breaks_divide_lines() -> None:
    presentation = pptx.Presentation()
    slide = slide_of(presentation, "水的三態")
    add_box(slide.shapes, "固態：冰\v液態：水\v氣態：水蒸氣", 1, 5)
    assert read(presentation).text == "水的三態\n固態：冰\n液態：水\n氣態：水蒸氣"


def test_a_soft_break_in_a_table_does_not_break_its_row() -> None:
    presentation = pptx.Presentation()
    table = slide_of(presentation).shapes.add_table(1, 2, Cm(1), Cm(8), Cm(10), Cm(3)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "冰\v雪", "固態"
    assert read(presentation).text == "冰 雪\t固態"


def test_boxes_from_top_to_bottom_and_columns_from_left_to_right() -> None:
    presentation = pptx.Presentation()
    slide = slide_of(presentation, "比較")
    add_box(slide.shapes, "結論", 1, 15)
    add_box(slide.shapes, "右：蛙", 14, 5.2, 8)
    add_box(slide.shapes, "左上：蟾蜍", 1, 5)
    add_box(slide.shapes, "左下：有毒", 1, 9)
    assert read(presentation).text == "比較\n左上：蟾蜍\n左下：有毒\n右：蛙\n結論"


def test_groups_and_tables() -> None:
    presentation = pptx.Presentation()
    slide = slide_of(presentation)
    group = slide.shapes.add_group_shape()
    add_box(group.shapes, "群組內", 1, 2)
    table = slide.shapes.add_table(2, 2, Cm(1), Cm(8), Cm(10), Cm(3)).table
    for at, text in enumerate(("星", "衛星", "木星", "95")):
        table.cell(at // 2, at % 2).text = text
    assert read(presentation).text == "群組內\n星\t衛星\n木星\t95"


def test_charts_give_their_titles_and_names() -> None:
    presentation = pptx.Presentation()
    slide = slide_of(presentation)
    data = CategoryChartData()
    data.categories = ["一月", "二月"]
    data.add_series("雨量", (1, 2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Cm(5), Cm(5), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "基隆的雨"
    assert read(presentation).text == "基隆的雨\n雨量\n一月\t二月"


def test_numbers_dates_notes_and_hidden_slides_are_left_out() -> None:
    presentation = pptx.Presentation()
    slide = slide_of(presentation, "正文")
    for kind in ("sldNum", "ftr", "dt"):
        box = add_box(slide.shapes, f"不要{kind}", 1, 17)
        box._element.nvSpPr.nvPr.append(
            parse_xml(f'<p:ph xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" type="{kind}"/>')
        )
    numbered = add_box(slide.shapes, "第", 1, 10)
    numbered.text_frame.paragraphs[0]._p.append(
        parse_xml(f'<a:fld xmlns:a="{_A}" id="{{1}}" type="slidenum"><a:t>12</a:t></a:fld>')
    )
    slide.notes_slide.notes_text_frame.text = "提醒學生"
    slide_of(presentation, "隱藏")._element.set("show", "0")
    document = read(presentation)
    assert document.text == "正文\n第"
    assert document.left_out == {"notes": 1, "hidden_slides": 1}


def test_a_shape_of_a_newer_version_is_read_once() -> None:
    presentation = pptx.Presentation()
    slide = slide_of(presentation)
    box = add_box(slide.shapes, "新版的框", 1, 5)._element
    tree = box.getparent()
    names = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = parse_xml(f'<mc:AlternateContent {names}><mc:Choice Requires="a14"/><mc:Fallback/></mc:AlternateContent>')
    tree.append(both)
    both[1].append(copy.deepcopy(box))
    both[0].append(box)
    assert read(presentation).text == "新版的框"
