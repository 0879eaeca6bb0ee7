"""Question forms: short answer, multiple choice, cloze, true or false.

Comes in: the questions of a `Quiz` and their `Passage`. Goes out: `BuiltItems`: one `QuizItem` per question, and
`Notice`s about those that could not take the form.
Others use: the names below, and `item_json.read_item`, which reads an item back.
"""

from qgkd.question_forms.accepted import accepted_from_lines, propose_accepted, with_answer
from qgkd.question_forms.build import BuiltItems, build_items, change_form
from qgkd.question_forms.difficulty import difficulty_of
from qgkd.question_forms.item import BLANK, Confidence, QuestionForm, QuizItem
from qgkd.question_forms.item_ids import with_different_ids
from qgkd.question_forms.languages import Language, language_of
from qgkd.question_forms.notices import Notice
from qgkd.question_forms.passage import Passage
from qgkd.question_forms.unfinished import faults_of

__all__ = [
    "BLANK",
    "BuiltItems",
    "Confidence",
    "Language",
    "Notice",
    "Passage",
    "QuestionForm",
    "QuizItem",
    "accepted_from_lines",
    "build_items",
    "change_form",
    "difficulty_of",
    "faults_of",
    "language_of",
    "propose_accepted",
    "with_answer",
    "with_different_ids",
]
