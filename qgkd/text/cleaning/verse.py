"""Poems, and how classical Chinese is recognised.

Comes in: lines, or a paragraph. Goes out: the lines of verse marked; whether a paragraph is classical.

A literal example: clauses of five characters each, four or more of them and nothing else, are verse.

The features were looked at on passages of everyday sources: the classical language has short clauses of words of one
character, hardly any of the modern function words, and no Arabic digits or Latin letters. Statutes are nearest to it:
their clauses are long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qgkd.text.cleaning.kinds import Kind
from qgkd.text.cleaning.lines import HAN, Line, han_chars
from qgkd.text.script import to_simplified_aligned
from qgkd.text.words import single_share

_CLAUSE = re.compile(f"[{HAN}]+")
_NOT_VERSE = re.compile(f"[^{HAN}，。、；：！？,;!?….．\\s「」『』“”‘’《》〈〉—（）()·]")
_LEAST_CLAUSES = {3: 8, 4: 8, 5: 4, 6: 6, 7: 4}
"""How many clauses of one length, and no others, are verse."""
_MOST_TITLE_LINES = 3
_LEAST_LINES, _MOST_LINE_CHARS, _MEDIAN_LINE_CHARS = 4, 24, 14
_VOICE = re.compile("[我你妳您咱啊呀吧呢嗎吗哪喔哦]")
_LEAST_VOICE, _MOST_FULL, _LEAST_COMMAS = 0.25, 0.6, 0.5
_SLACK = 5

_CORE = re.compile("[的了们这个吗呢吧么没]")
_MODERN = re.compile(
    "[的了是在这那们个着过被把和就都很会到她它里该种给应或我他说]|因为|所以|可以|由于|作为|进行|通过|以及|并且|主要|目前|可能|没有|位于|属于|成为|称为|规定|前项|前条|办理|职|机关|人员|委员|主任"
)
_PARTICLES = re.compile("[矣焉哉曰兮吾汝岂孰弗毋尝]|[也乎耳](?=[，。；！？：、”」』])")
_PAUSE = re.compile("[，。；：！？「」『』“”\n]+")
_QUOTATION = re.compile("「[^「」]*」|『[^『』]*』|“[^“”]*”")
_LEAST_AROUND = 0.35
_LEAST_CHARS = 8
_MOST_CLAUSE_CHARS, _MOST_MODERN, _LEAST_SINGLE = 7.0, 0.07, 0.33
_LEAST_TOLD_CHARS, _MOST_MODERN_WORDS, _MOST_NUMERALS = 30, 0.03, 0.1
_NUMERAL = re.compile("[一二三四五六七八九十百千]")
_MOST_SONG_CLAUSE_CHARS, _LEAST_SONG_CHARS, _MOST_MODERN_IN_SONGS = 6.0, 40, 0.1


def mark_verse(lines: Sequence[Line], *, is_recording: bool) -> None:
    """Mark poems with their titles; the lines of a recording's subtitles are as short and are none."""
    for block in _blocks(lines):
        if _is_verse(block) or (not is_recording and _is_free_verse(block)):
            for line in block:
                line.kind = Kind.VERSE


def reads_as_classical(text: str) -> bool:
    """Whether a paragraph is classical Chinese, prose or irregular verse, in either script."""
    if re.search("[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]", text):
        return False
    plain = to_simplified_aligned(_without_quotations(text))
    chars = han_chars(plain)
    clauses = [clause for clause in _PAUSE.split(plain) if han_chars(clause)]
    if chars < _LEAST_CHARS or len(clauses) < 2:
        return False
    clause_chars = chars / len(clauses)
    modern = len(_MODERN.findall(plain)) / chars
    particles = len(_PARTICLES.findall(plain)) / chars
    is_song = chars >= _LEAST_SONG_CHARS and clause_chars <= _MOST_SONG_CLAUSE_CHARS and modern <= _MOST_MODERN_IN_SONGS
    if is_song and not _CORE.search(plain):
        return True
    if clause_chars > _MOST_CLAUSE_CHARS or modern - particles / 2 > _MOST_MODERN:
        return False
    if particles >= 2 / max(chars, 30):
        return True
    if chars < _LEAST_TOLD_CHARS or len(_NUMERAL.findall(plain)) > _MOST_NUMERALS * chars or _CORE.search(plain):
        return False
    return modern <= _MOST_MODERN_WORDS and single_share(text) >= _LEAST_SINGLE


def _without_quotations(text: str) -> str:
    """A paragraph without what it quotes, unless it is nothing but that: modern authors quote the classics."""
    around = _QUOTATION.sub("", text)
    return around if han_chars(around) >= _LEAST_AROUND * han_chars(text) else text


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    blocks: list[list[Line]] = [[]]
    for line in lines:
        if line.is_open:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _is_verse(block: Sequence[Line]) -> bool:
    """Whether all clauses, those of up to three lines of title aside, are of one length."""
    for titles in range(min(_MOST_TITLE_LINES, len(block) - 1) + 1):
        text = "\n".join(line.text for line in block[titles:])
        if _NOT_VERSE.search(text) or any(line.has_sentence for line in block[:titles]):
            continue
        lengths = [len(clause) for clause in _CLAUSE.findall(re.sub("[「」『』“”‘’《》〈〉]", "", text))]
        if lengths and len(set(lengths)) == 1 and len(lengths) >= _LEAST_CLAUSES.get(lengths[0], 10**9):
            return True
        has_short_lines = len(block) - titles >= _LEAST_LINES and max(map(len, text.split("\n"))) <= _MOST_LINE_CHARS
        if has_short_lines and max(lengths, default=99) <= 11 and reads_as_classical(text):
            return True
    return False


def _is_free_verse(block: Sequence[Line]) -> bool:
    """Short uneven lines without figures, in which somebody speaks or which pause at their ends."""
    chars = sorted(len(line.bare) for line in block)
    text = "\n".join(line.text for line in block)
    if len(block) < _LEAST_LINES or chars[-1] > _MOST_LINE_CHARS or chars[len(chars) // 2] > _MEDIAN_LINE_CHARS:
        return False
    if _NOT_VERSE.search(text) or re.search("[：:]", text) or any(line.has_mark for line in block):
        return False
    widest = max(line.width for line in block)
    if sum(line.width >= widest - _SLACK for line in block) > _MOST_FULL * len(block):
        return False
    voices = sum(_VOICE.search(line.text) is not None for line in block)
    commas = sum(line.bare.endswith(("，", ",")) for line in block)
    sentences = sum(line.ends_sentence for line in block)
    if commas + sentences and sum(text.count(mark) for mark in "，。") > 1.5 * len(block):
        return False  # prose broken by a narrow width has marks within its lines
    return voices >= _LEAST_VOICE * len(block) or (commas >= _LEAST_COMMAS * len(block))
