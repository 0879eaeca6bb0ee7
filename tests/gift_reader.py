"""Reads GIFT files for tests as Moodle does, written from the description of the format.

Escapes become placeholders before parsing, a blank line ends a question, `::name::` opens it, the
first `{` and `}` enclose its answers, `####` the feedback; `~` makes it multiple choice, `->` matching, TRUE or FALSE
true/false.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FORMATS = ("html", "moodle", "plain", "markdown")


@dataclass
class GiftQuestion:
    name: str
    text: str
    text_format: str
    kind: str
    answers: list[tuple[str, float]] = field(default_factory=list)
    """Texts with their share of the mark."""
    feedback: str = ""


def read_gift(content: str) -> tuple[str, list[GiftQuestion]]:
    """The category, and the questions."""
    blocks = [block for block in re.split(r"\n[ \t]*\n", content.replace("\r\n", "\n")) if block.strip()]
    category, questions = "", []
    for block in blocks:
        lines = [" " if line.strip().startswith("//") else line for line in block.split("\n")]
        text = _hidden("\n".join(lines).strip())
        if text.startswith("$CATEGORY:"):
            category = text.removeprefix("$CATEGORY:").strip()
        else:
            questions.append(_question(text))
    return category, questions


def _question(text: str) -> GiftQuestion:
    name = ""
    if text.startswith("::"):
        name, _, text = text[2:].partition("::")
    start, end = text.index("{"), text.index("}")
    assert text.strip().endswith("}"), f"an answer in the middle of {text!r}"
    answers, stem = text[start + 1 : end].strip(), text[:start] + text[end + 1 :]
    before, mark, feedback = answers.rpartition("####")
    answers = before.strip() if mark else answers
    shown, text_format = _text(stem.strip(), "moodle")
    feedback_text, _ = _text(feedback.strip(), text_format) if mark else ("", "")
    kind = _kind(answers)
    question = GiftQuestion(_shown(name), shown, text_format, kind, feedback=feedback_text)
    if kind == "truefalse":
        question.answers = [(answers, 1.0)]
    elif kind == "multichoice":
        parts = [part.strip() for part in answers.replace("=", "~=").split("~") if part.strip()]
        question.answers = [_answer(part, text_format, 0.0) for part in parts]
    elif kind == "shortanswer":
        parts = [part.strip() for part in answers.split("=") if part.strip()]
        question.answers = [_answer(part, text_format, 1.0) for part in parts]
    return question


def _kind(answers: str) -> str:
    if not answers:
        return "essay"
    if answers.startswith("#"):
        return "numerical"
    if "~" in answers:
        return "multichoice"
    if "=" in answers and "->" in answers:
        return "match"
    return "truefalse" if answers.partition("#")[0].strip() in ("T", "TRUE", "F", "FALSE") else "shortanswer"


def _answer(part: str, text_format: str, share: float) -> tuple[str, float]:
    if part.startswith("="):
        part, share = part[1:], 1.0
    elif weight := re.match(r"%(-*\d{1,2}\.?\d*)%", part):
        part, share = part[weight.end() :], float(weight[1]) / 100
    assert "#" not in part, f"feedback in {part!r}"
    return _text(part.strip(), text_format)[0], share


def _text(text: str, text_format: str) -> tuple[str, str]:
    named = re.match(r"\[(\w+)\]", text)
    if named and named[1] in FORMATS:
        text, text_format = text[named.end() :], named[1]
    return _shown(text).strip(), text_format


def _hidden(text: str) -> str:
    text = text.replace("\\\\", "&&092;")
    for character in ":#={}~":
        text = text.replace(f"\\{character}", f"&&{ord(character):03d};")
    return text.replace("\\n", "&&010").replace("&&092;", "\\")


def _shown(text: str) -> str:
    for character in ":#={}~":
        text = text.replace(f"&&{ord(character):03d};", character)
    return text.replace("&&010", "\n")
