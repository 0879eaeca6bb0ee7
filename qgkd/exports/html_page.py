"""A page to print from any browser: one file that loads nothing and runs no script.

Comes in: a quiz. Goes out: `Export`.

A literal example of one item: `<li><p>燈塔由哪位工程師設計？</p><ol class="options"><li>陳大山</li>…</ol></li>`
"""

from __future__ import annotations

from html import escape

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export, Sheet
from qgkd.exports.labels import key_of, label
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
ol.items > li { margin-bottom: 1em; break-inside: avoid; }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
ol.options { list-style-type: upper-alpha; }
.answer { border-bottom: 1px solid #000; height: 2em; }
.source { font-size: 10pt; color: #444; }
section + section { break-before: page; margin-top: 2em; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_html(quiz: ExportedQuiz, sheet: Sheet) -> Export:
    """Write the page: the pupil's sheet, the key, or both; the key begins on a new page."""
    sections = ([_pupils_sheet(quiz)] if sheet is not Sheet.KEY else []) + (
        [_answer_key(quiz)] if sheet is not Sheet.STUDENT else []
    )
    page = (
        f'<!DOCTYPE html>\n<html lang="{quiz.language.value}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(quiz.title)}</title>\n'
        f"<style>{_STYLE.replace('FONTS', _FONTS[quiz.language])}</style>\n</head>\n<body>\n"
        + "\n".join(sections)
        + "\n</body>\n</html>\n"
    )
    return Export(content=page.encode("utf-8"), notices=quiz.notices)


def _pupils_sheet(quiz: ExportedQuiz) -> str:
    lines = "".join(f"<span>{label(name, quiz.language)}</span>" for name in ("name", "class", "date"))
    entries = "\n".join(_question(item) for item in quiz.items)
    return (
        f'<section class="sheet">\n<h1 dir="auto">{escape(quiz.title)}</h1>\n<div class="pupil">{lines}</div>\n'
        f'<ol class="items">\n{entries}\n</ol>\n</section>'
    )


def _question(item: QuizItem) -> str:
    opening = "（　　）" if item.form is QuestionForm.TRUE_FALSE else ""
    text = f'<p dir="auto">{opening}{escape(item.prompt)}</p>'
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        options = "".join(f'<li><p dir="auto">{escape(option)}</p></li>' for option in item.options)
        return f'<li>{text}<ol class="options">{options}</ol></li>'
    return (
        f'<li>{text}<div class="answer"></div></li>' if item.form is QuestionForm.SHORT_ANSWER else f"<li>{text}</li>"
    )


def _answer_key(quiz: ExportedQuiz) -> str:
    entries = []
    for item in quiz.items:
        source = f'<p class="source" dir="auto">{escape(item.source_sentence)}</p>' if item.source_sentence else ""
        entries.append(f'<li><p class="right" dir="auto">{escape(key_of(item, quiz.language))}</p>{source}</li>')
    heading = " ".join(filter(None, (quiz.title, label("key", quiz.language))))
    items = "\n".join(entries)
    return (
        f'<section class="key">\n<h1 dir="auto">{escape(heading)}</h1>\n<ol class="items">\n{items}\n</ol>\n</section>'
    )
