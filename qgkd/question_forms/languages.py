"""The language of labels and notices around the items of a quiz.

Comes in: the items. Goes out: `Language`.

A literal example: `language_of(items)` is `Language.SIMPLIFIED` for items from a passage in Simplified characters.
"""

from __future__ import annotations

from collections.abc import Sequence

from qgkd.question_forms.item import QuizItem
from qgkd.text.language import Language
from qgkd.text.script import Script, detect_script


def language_of(items: Sequence[QuizItem]) -> Language:
    """The language of labels and notices: Chinese, in the script that most of the items' text is in."""
    script = detect_script("".join(item.prompt + item.answer + item.source_sentence for item in items))
    return Language.SIMPLIFIED if script is Script.SIMPLIFIED else Language.TRADITIONAL
