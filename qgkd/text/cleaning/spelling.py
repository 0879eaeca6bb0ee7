"""Characters that nobody sees, or that only look like others.

Comes in: a text. Goes out: the text without invisible and control characters, with radicals and compatibility forms as
plain characters and with one line feed for every kind of line end.

A literal example: `⼀七九⼆&#24180;` is read as 一七九二年, however many characters without width stand between.
"""

from __future__ import annotations

import html
import re

from qgkd.text.cleaning.tracked import TrackedText
from qgkd.text.plain_characters import plain_characters

_CONTROL = re.compile(r"\r(?=\n)|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Unicode's format characters (zero width, soft hyphen, direction marks, tags) and the selectors of variants.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff]"
)
_LINE_END = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
"""Blanks of other widths than the usual one; the ideographic one stays, it indents paragraphs."""
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#[xX][0-9A-Fa-f]{2,5});")
_LOOKALIKE = re.compile("[\u2e80-\u2fdf\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\U0002f800-\U0002fa1f]")


def spelt_plainly(text: TrackedText) -> TrackedText:
    """Take off what is invisible, and write what only looks like a character as that character."""
    text = text.without(_CONTROL).with_each(_ENTITY, _entity)
    text = text.without(_INVISIBLE).with_each(_LINE_END, lambda _: "\n").with_each(_BLANK, lambda _: " ")
    return text.with_each(_LOOKALIKE, lambda found: plain_characters(found[0]))


def _entity(found: re.Match[str]) -> str:
    """An HTML entity's character; one that is none stays."""
    plain = html.unescape(found[0])
    return plain if plain != found[0] else found[0]
