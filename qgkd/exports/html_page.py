"""A page to print from any browser: one file that loads nothing and runs no script.

Comes in: a quiz. Goes out: `Export`.

A literal example of one item: `<li><p>（　　）1. 燈塔由誰設計？</p><ol class="options"><li>陳大山</li>…</ol></li>`
"""

from __future__ import annotations

from html import escape

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export, Sheet
from qgkd.exports.labels import key_of, label
from qgkd.exports.printed import (
    PrintedVersion,
    columns_of,
    heading_of,
    numbered,
    paragraphs_of,
    points_line,
    versions_of,
)
from qgkd.question_forms import Language, QuestionForm, QuizItem

_FONTS = {
    Language.TRADITIONAL: '"PMingLiU", "Songti TC", "Noto Serif CJK TC", serif',
    Language.SIMPLIFIED: '"SimSun", "Songti SC", "Noto Serif CJK SC", serif',
    Language.ENGLISH: '"Noto Serif CJK TC", serif',
}
_STYLE = """
@page { size: A4; margin: 2cm; }
body { font-family: FONTS; font-size: 12pt; line-height: 1.6; max-width: 17cm; margin: 1cm auto; color: #000; }
h1 { font-size: 16pt; text-align: center; }
.pupil { display: flex; gap: 1em; }
.pupil span { flex: 1; border-bottom: 1px solid #000; }
.points { margin: 0.5em 0; }
.passage { text-indent: 2em; }
ol.items { list-style: none; padding: 0; }
ol.items > li { margin-bottom: 1em; break-inside: avoid; }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
ol.options { list-style-type: upper-alpha; display: grid; column-gap: 2em; }
.answer { border-bottom: 1px solid #000; height: 2em; }
.source { font-size: 10pt; color: #444; }
section + section { break-before: page; margin-top: 2em; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_html(quiz: ExportedQuiz) -> Export:
    """Write the page: the sheets of all versions, then their keys, each from a new page on."""
    versions, wanted = versions_of(quiz), quiz.settings.sheet
    sections = [_pupils_sheet(quiz, version) for version in versions if wanted is not Sheet.KEY]
    sections += [_answer_key(quiz, version) for version in versions if wanted is not Sheet.STUDENT]
    page = (
        f'<!DOCTYPE html>\n<html lang="{quiz.language.value}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(quiz.title)}</title>\n'
        f"<style>{_STYLE.replace('FONTS', _FONTS[quiz.language])}</style>\n</head>\n<body>\n"
        + "\n".join(sections)
        + "\n</body>\n</html>\n"
    )
    return Export(content=page.encode("utf-8"), notices=quiz.notices)


def _pupils_sheet(quiz: ExportedQuiz, version: PrintedVersion) -> str:
    lines = "".join(f"<span>{label(name, quiz.language)}</span>" for name in ("name", "class", "date"))
    points = f'<div class="points">{escape(line)}</div>\n' if (line := points_line(quiz)) else ""
    passage = "".join(
        f'<p class="passage" dir="auto">{escape(text)}</p>\n' for text in paragraphs_of(quiz.settings.passages)
    )
    entries = "\n".join(_question(number, item) for number, item in enumerate(version.items, start=1))
    return (
        f'<section class="sheet">\n<h1 dir="auto">{escape(heading_of(quiz, version))}</h1>\n'
        f'<div class="pupil">{lines}</div>\n{points}{passage}<ol class="items">\n{entries}\n</ol>\n</section>'
    )


def _question(number: int, item: QuizItem) -> str:
    text = f'<p dir="auto">{escape(numbered(number, item))}</p>'
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        options = "".join(f'<li><p dir="auto">{escape(option)}</p></li>' for option in item.options)
        columns = f"grid-template-columns: repeat({columns_of(item)}, 1fr)"
        return f'<li>{text}<ol class="options" style="{columns}">{options}</ol></li>'
    return (
        f'<li>{text}<div class="answer"></div></li>' if item.form is QuestionForm.SHORT_ANSWER else f"<li>{text}</li>"
    )


def _answer_key(quiz: ExportedQuiz, version: PrintedVersion) -> str:
    entries = []
    for number, item in enumerate(version.items, start=1):
        source = f'<p class="source" dir="auto">{escape(item.source_sentence)}</p>' if item.source_sentence else ""
        right = escape(f"{number}. {key_of(item, quiz.language)}")
        entries.append(f'<li><p class="right" dir="auto">{right}</p>{source}</li>')
    items = "\n".join(entries)
    return (
        f'<section class="key">\n<h1 dir="auto">{escape(heading_of(quiz, version, is_key=True))}</h1>\n'
        f'<ol class="items">\n{items}\n</ol>\n</section>'
    )
