"""Options that the passage makes right as well are not offered."""

from __future__ import annotations

import pytest

from qgkd.question_forms.passage import Passage

_WRITER = "林文海，字潮生，1871年出生於基隆。陳婉如設計了第二座燈塔。"
_ANIMALS = "石虎是夜行動物。飛鼠也是夜行動物。帝雉在白天覓食。"


@pytest.mark.parametrize(
    ("context", "candidate", "answer", "is_right_too"),
    [
        (_WRITER, "潮生", "林文海", True),
        (_WRITER, "林文海", "潮生", True),
        (_WRITER, "陳婉如", "林文海", False),
        (_ANIMALS, "飛鼠", "石虎", True),
        (_ANIMALS, "石虎", "飛鼠", True),
        (_ANIMALS, "帝雉", "石虎", False),
    ],
)
def test_bynames_and_what_is_said_of_both(context: str, candidate: str, answer: str, *, is_right_too: bool) -> None:
    passage = Passage("p", context)
    assert passage.may_be_right_too(candidate, answer, in_one_clause=False) is is_right_too
