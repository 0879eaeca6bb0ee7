"""The page's sentences: all languages say the same things, and every key that the page uses exists."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from qgkd.answer import AnswerType
from qgkd.exports.export import Sheet
from qgkd.exports.formats import FORMATS
from qgkd.page.wording import say, sentences
from qgkd.question_forms import Confidence, Language, QuestionForm
from qgkd.question_forms.difficulty import Level, Reason
from qgkd.text.cleaning.kinds import Kind
from qgkd.text.script import Script, detect_script

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = [*(REPOSITORY / "apps").rglob("*.py"), *(REPOSITORY / "qgkd" / "page").glob("*.py")]


def names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_all_languages_have_the_same_keys_and_values() -> None:
    first = sentences(Language.ENGLISH)
    for language in Language:
        assert list(sentences(language)) == list(first)
        assert {key: names(text) for key, text in sentences(language).items()} == {
            key: names(text) for key, text in first.items()
        }


def test_each_language_is_in_its_script() -> None:
    chinese = "".join(sentences(Language.TRADITIONAL).values())
    assert detect_script(chinese) is Script.TRADITIONAL
    assert not re.search("[说这为题选]", chinese)
    assert not re.search("[說這為題選]", "".join(sentences(Language.SIMPLIFIED).values()))
    assert not re.search("[\u4e00-\u9fff]", "".join(sentences(Language.ENGLISH).values()))


def test_every_key_that_is_used_exists_and_is_used() -> None:
    known = set(sentences(Language.ENGLISH))
    used = set()
    for path in SOURCES:
        used |= set(re.findall(r"""["']([a-z]+\.[a-z_]+)["']""", path.read_text("utf-8"))) - {"keeper.js"}
    used = {key for key in used if key.partition(".")[0] in {known_key.partition(".")[0] for known_key in known}}
    assert used - known == set()
    made = {f"type.{kind}" for kind in AnswerType} | {f"form.{form}" for form in QuestionForm} | {"form.mixed"}
    made |= {f"format.{each.name}" for each in FORMATS} | {f"sheet.{sheet}" for sheet in Sheet}
    made |= {f"confidence.{kind}" for kind in Confidence} | {f"script.{script}" for script in Script}
    made |= {f"order.script_{script}" for script in Script} | {f"card.prompt_{form}" for form in QuestionForm}
    made |= {f"nothing.{kind}" for kind in Kind if kind is not Kind.TEXT}
    made |= {f"list.{name}" for name in ("undo", "redo", "add_question", "clear")}
    made |= {f"card.{name}" for name in ("up", "down", "delete")}
    made |= {f"difficulty.{level}" for level in Level} | {f"reason.{reason}" for reason in Reason}
    assert made - known == set()
    assert known - used - made <= {"answers.empty", "answers.too_long"}


def test_values_stand_as_they_are() -> None:
    assert "{x} $y$ <b>" in say(Language.ENGLISH, "about.in_use", name="{x} $y$ <b>")
    with pytest.raises(KeyError):
        say(Language.ENGLISH, "no.such")
