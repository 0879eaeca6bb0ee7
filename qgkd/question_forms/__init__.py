"""The forms a question is asked in: short answer, multiple choice, cloze, true or false.

`item` is what an item holds, `build` makes items from generated questions, `notices` is what teachers are told.
"""

from qgkd.question_forms.build import BuiltItems, build_items, change_form
from qgkd.question_forms.item import BLANK, Confidence, QuestionForm, QuizItem
from qgkd.question_forms.item_ids import with_different_ids
from qgkd.question_forms.languages import Language, language_of
from qgkd.question_forms.notices import Notice
from qgkd.question_forms.passage import Passage

__all__ = [
    "BLANK",
    "BuiltItems",
    "Confidence",
    "Language",
    "Notice",
    "Passage",
    "QuestionForm",
    "QuizItem",
    "build_items",
    "change_form",
    "language_of",
    "with_different_ids",
]
