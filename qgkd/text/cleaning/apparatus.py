"""What surrounds the sentences of a book and cannot be asked about: contents, references, exercises, tables, programs.

Comes in: lines. Goes out: the same lines, their kinds filled in.

A literal example: `第二章 海岸……12` is an entry of the contents, `（　）3. 哪一座山最高？(A)玉山 (B)雪山` an exercise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from qgkd.text.cleaning.kinds import Kind
from qgkd.text.cleaning.lines import HAN, HEADING_MARK, NUMERALS, Line, han_chars

_TITLE = rf"[ \t\u3000#*【〔\[（(]*(?:[{NUMERALS}\d]{{1,3}}[、.．)）]?[ \t\u3000]*)?"
_TITLE_END = r"[ \t\u3000】〕\])）*]*[:：]?[ \t\u3000]*(?:[（(][^（）()\n]{0,20}[)）])?[ \t\u3000]*$"
_CONTENTS_TITLE = re.compile(rf"{_TITLE}(?:目[ \u3000]*[錄录次]|(?:Table of )?Contents){_TITLE_END}", re.IGNORECASE)
_LEADERS = re.compile(
    r"^.{1,80}?(?:[.．·‧・…⋯]{3,}|(?:[.．·…][ ]){3,}|[-_＿─]{4,})[ \t]*(?:[\dIVXivx]{1,5}"
    r"|第?[ ]?\d{1,4}[ ]?[頁页])[ \t]*$"
)
_PAGE_AT_END = re.compile(r"^.{1,60}?(?:\t+|[ \u3000]+)[（(]?(?:[Pp]\.?[ ]?)?(?P<page>\d{1,4})[)）]?[ \t]*$")
_REFERENCES_TITLE = re.compile(
    rf"{_TITLE}(?:(?:主要|重要|中文|英文|外文|西文|日文)?(?:參考|参考|引用|徵引|征引)(?:文獻"
    rf"|文献|資料|资料|書目|书目|書籍|书籍|來源|来源)|引用來源|延伸閱讀|延伸阅读|外部連結"
    rf"|外部链接|書目|书目|References?|Bibliography|Works Cited|Further reading|External links){_TITLE_END}",
    re.IGNORECASE,
)
_YEAR_IN_BRACKETS = re.compile(
    r"^(?P<author>[^。！？\n]{2,120}?)[（(](?:民國?[ ]?)?(?:1[89]\d\d|20\d\d|\d{2,3})[a-z]?(?:年"
    r"|[,，][^()（）]{1,20})?[)）][ ]?[.。．:：,，《「]"
)
_REFERENCE = re.compile(
    r"\[(?:[JMDCNRSPAG]|EB|DB|CP|J/OL|EB/OL|DB/OL|M/OL|N/OL)(?:/OL)?\]|\bdoi\s*[:：.]|doi\.org/"
    r"|\bISBN\b|\bISSN\b|\bpp?\.[ ]?\d"
    r"|(?:取自|檢索自|检索自|Retrieved from|Available at)[ :：]*(?:https?:|www\.)",
    re.IGNORECASE,
)
_PUBLISHER = re.compile(
    r"(?:出版社|書局|书局|書店|书店|印書館|印书馆|出版公司|出版股份有限公司|出版有限公司"
    r"|大學出版|大学出版|學報|学报|期刊|碩士論文|硕士论文|博士論文|博士论文|文化|書社|书社)"
)
_YEAR = re.compile(r"(?:1[89]|20)\d\d|民國?[ ]?\d{2,3}")
_WHOLE_TITLE = re.compile(r"[《〈「【].+?[》〉」】]|[。.：:]")
_PREDICATE = re.compile("[是在了著着被把會会曾將将]|成立|出版了|位於|位于")
_EXERCISE_TITLE = re.compile(
    rf"{_TITLE}(?:[單单多複复]?[選选][擇择]?題?|是非|判[斷断]|填[空充]|[問问]答|[簡简]答"
    rf"|配[合對对]|申[論论]|[計计]算|[應应]用|[閱阅][讀读]|[題题][組组]|思考|[練练][習习]"
    rf"|[複复][習习]|[課课][後后]|[隨随]堂)"
    rf"(?:[題题]|[練练][習习][題题]?|[測测][驗验][卷題题]?|[評评]量|作[業业]|[問问][題题]){_TITLE_END}"
    rf"|{_TITLE}(?:[習习][題题]|[練练][習习]|[學学][習习][單单]|考[題题]|[測测][驗验]卷|答案卷?"
    rf"|參考答案|参考答案){_TITLE_END}"
)
_EMPTY_BRACKETS = re.compile(
    r"^[ \t\u3000]*(?:\d{1,3}[.、．][ ]?)?[（(][ \t\u3000_＿]{0,12}[A-EＡ-Ｅ○×ＯＸOX✓√]?[ \t\u3000_＿]{0,12}["
    r")）][ \t\u3000]*\d{0,3}[.、．]?"
)
_OPTIONS = re.compile(r"(?:[（(][A-EＡ-Ｅ甲乙丙丁][)）]|(?<![A-Za-z])[A-EＡ-Ｅ][.．、)）][ ]?|[①②③④⑤])(?=[^\s，。])")
_KEY = re.compile(
    r"^[ \t\u3000]*(?:\d{1,3}[.、．)][ ]?)?[【\[（(]?(?:答案?|解[析答]?|詳解|详解|參考答案"
    r"|参考答案|Ans(?:wer)?)[】\])）]?[ ]?[:：]"
)
_MOST_KEY_CHARS = 40
_FILL_IN = re.compile(r"_{3,}|＿{2,}|[（(](?:\u3000{1,10}|[ ]{2,20})[)）]|□{3,}")
_NUMBERED_QUESTION = re.compile(
    rf"^[ \t\u3000]*(?:\d{{1,3}}[.、．)）]|[（(][{NUMERALS}\d]{{1,3}}[)）]|[{NUMERALS}]{{1,3}}、"
    rf"|[①-⑳]|[Qq]\d{{0,2}}[.:：]|[問问][:：]?)[^。]*[？?][」』）)]*[ \t]*$"
)
_QUESTION = re.compile(r"[？?][」』）)]*[ \t]*$")
_RULED_ROW = re.compile(
    r"^[ \t]*\|.*\|[ \t]*$|^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$"
    r"|[│┃║├┼┌└╔╠].*|^[ \t]*[+][-=+]{3,}[ \t]*$"
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)")
_MOST_REFERENCE_CHARS = 260


def mark_apparatus(lines: Sequence[Line]) -> None:
    """Give the lines their kinds where they belong to the apparatus."""
    _mark_code(lines)
    _mark_tables(lines)
    _mark_contents(lines)
    _mark_exercises(lines)
    _mark_references(lines)


def _mark_code(lines: Sequence[Line]) -> None:
    """Blocks between fences, unless they are Chinese text that somebody fenced."""
    opening: int | None = None
    for number, line in enumerate(lines):
        if not _FENCE.match(line.text):
            continue
        line.is_furniture, line.kind = True, Kind.CODE
        if opening is None:
            opening = number
            continue
        inner = lines[opening + 1 : number]
        if 2.5 * sum(han_chars(each.text) for each in inner) < sum(len(each.bare) for each in inner):
            for each in inner:
                each.kind = Kind.CODE
        opening = None


def _mark_tables(lines: Sequence[Line]) -> None:
    """Rows ruled by strokes, and neighbouring lines with cells divided alike by tabs or blanks."""
    for line in lines:
        if _RULED_ROW.match(line.text) and not line.has_sentence:
            line.kind = Kind.TABLE
    for divider, least_cells, least_rows in (
        (r"[ ]*\t[ \t]*", 2, 2),
        (r"[ ]{2,}|\u3000+", 2, 3),
        (r"[ \u3000]+", 3, 3),
    ):
        run: list[Line] = []
        for line in [*lines, Line(0, "")]:
            cells = [cell for cell in re.split(divider, line.bare) if cell]
            alike = not run or divider.endswith("t]*") or len(cells) == len(re.split(divider, run[0].bare))
            if line.is_open and len(cells) >= least_cells and _are_cells(cells) and alike:
                run.append(line)
                continue
            if len(run) >= least_rows and any(re.search(r"\d", row.text) for row in run):
                for row in run:
                    row.kind = Kind.TABLE
            run = []


def _are_cells(cells: list[str]) -> bool:
    """Whether pieces of a line are short and no sentences."""
    return all(len(cell) <= 24 and not re.search("[，。！？；]", cell) for cell in cells)


def _mark_contents(lines: Sequence[Line]) -> None:
    """Entries with their pages, and what follows the title of the contents until the first sentence."""
    paged: list[Line] = []
    under_title = False
    for line in lines:
        if not line.is_open:
            continue
        if _CONTENTS_TITLE.match(line.text):
            under_title, line.kind = True, Kind.CONTENTS
        elif _LEADERS.match(line.text):
            line.kind = Kind.CONTENTS
        elif line.has_sentence or "，" in line.text:
            under_title = False
            paged = _contents_run(paged)
        elif under_title:
            line.kind = Kind.CONTENTS
        elif (found := _PAGE_AT_END.match(line.text)) and (not paged or _page(paged[-1]) <= int(found["page"])):
            paged.append(line)
            continue
        else:
            paged = _contents_run(paged)
    _contents_run(paged)


def _page(line: Line) -> int:
    found = _PAGE_AT_END.match(line.text)
    return int(found["page"]) if found else 0


def _contents_run(paged: list[Line]) -> list[Line]:
    """Lines with rising pages are contents where there are three of them and most have a mark of a heading or list."""
    if len(paged) >= 3 and sum(line.has_mark for line in paged) * 2 > len(paged):
        for line in paged:
            line.kind = Kind.CONTENTS
    return []


def _mark_exercises(lines: Sequence[Line]) -> None:
    """Items, options, keys and blanks; with two of them, also the questions and answers between them."""
    sure = [line for line in lines if line.is_open and _is_exercise(line)]
    for line in sure:
        line.kind = Kind.EXERCISE
    if len(sure) < 2:
        return
    inside = False
    for line in lines:
        if line.kind is Kind.EXERCISE:
            inside = True
        elif not line.is_open:
            continue
        elif _QUESTION.search(line.text) or (inside and not line.has_sentence and len(line.bare) <= 24):
            line.kind = Kind.EXERCISE
        else:
            inside = False


def _is_exercise(line: Line) -> bool:
    text = line.text
    empty = _EMPTY_BRACKETS.match(text)
    return bool(
        (empty and not re.fullmatch(r"[ \t\u3000]*", text[empty.end() :]))
        or _has_options(line)
        or (_KEY.match(text) and len(line.bare) <= _MOST_KEY_CHARS)
        or _FILL_IN.search(text)
        or _NUMBERED_QUESTION.match(text)
        or _EXERCISE_TITLE.match(text)
    )


def _has_options(line: Line) -> bool:
    """Whether options stand in the line from the first on, after a question or alone; or a later one opens it."""
    found = list(_OPTIONS.finditer(line.text))
    letters = [unicodedata.normalize("NFKC", match[0]).strip("() .、．。") for match in found]
    if len(letters) > 1 and (letters[0] + letters[1]) in ("AB", "甲乙", "12"):
        stem = line.text[: found[0].start()].strip()
        return not stem or stem.endswith(("？", "?", "：", ":")) or bool(_EMPTY_BRACKETS.match(stem))
    return bool(found) and not line.text[: found[0].start()].strip() and line.text.strip()[:1] in "（("


def _mark_references(lines: Sequence[Line]) -> None:
    """Entries by their form, and all that follows the title of the references until the next chapter."""
    under_title = False
    for line in lines:
        if not line.is_open:
            continue
        if _REFERENCES_TITLE.match(line.text):
            under_title, line.kind = True, Kind.REFERENCE
        elif under_title and HEADING_MARK.match(line.text):
            under_title = False
        elif under_title or _is_reference(line):
            line.kind = Kind.REFERENCE


def _is_reference(line: Line) -> bool:
    text = line.body
    if len(text) > _MOST_REFERENCE_CHARS:
        return False
    entry = _YEAR_IN_BRACKETS.match(text)
    if entry and not _PREDICATE.search(entry["author"]) and han_chars(text) >= 4:
        return bool(_PUBLISHER.search(text) or re.search(r"[。.][^。]{2,}[。.：:,，]", text[entry.end() - 1 :]))
    if _REFERENCE.search(text):
        return not re.search(rf"[{HAN}]", text) or not _PREDICATE.search(text)
    published = _PUBLISHER.search(text) and _YEAR.search(text) and _WHOLE_TITLE.search(text)
    return bool(
        published and not _PREDICATE.search(text) and text.count("。") <= 4 and re.search(r"[:：,，].*[:：,，]", text)
    )
