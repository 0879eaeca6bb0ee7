"""Score how likely a person is to ask about a candidate.

Comes in: candidates of one passage. Goes out: scores, comparable within the passage.

A literal example: in `燈塔建於1867年，由林文海設計。` 林文海 and 1867年 score above 燈塔, the passage's topic.

The weights are those of a logistic regression of "a person chose exactly this span" on the DRCD dev questions outside
the validation set (79,000 candidates), rounded to one decimal; `features` computes the values that they multiply.

Differs: the weights of the passage's topic and of its first words are set by hand. The regression gives them +0.2 and
+0.7, which is worth .01 of recall on the validation questions, but the page's title gives such answers away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from qgkd.answer import AnswerType
from qgkd.answers.candidates import Candidate, Source

_FUNCTION_START = re.compile(r"[的之於于在與与和及或是為为以由有被將将而並并也都就]")
_CUE_BEFORE = re.compile(r"(?:由|是|為|为|叫|稱|称|於|于|在|即|如|至|到|達|达|約|约|成|向|被|任|了)$")
_LIST_MARK = "、和與与及"

WEIGHTS: Mapping[str, float] = {
    "after cue": 0.7,
    "at clause end": 0.4,
    "at clause start": 0.7,
    "before 的": 0.1,
    "function word": -0.8,
    "length=1": -0.9,
    "length=10": -0.5,
    "length=11": -0.1,
    "length=12": -0.7,
    "length=2": -1.0,
    "length=3": -0.1,
    "length=4": -0.1,
    "length=5": 0.6,
    "length=6": 0.1,
    "length=8": -0.1,
    "length=9": 0.1,
    "often": -0.2,
    "short sentence": -0.4,
    "source=clause": -0.5,
    "source=compound": -1.0,
    "source=enumeration": 0.2,
    "source=latin": -0.7,
    "source=name": -0.3,
    "source=noun": -0.8,
    "source=quoted": 0.5,
    "type=clause": -0.9,
    "type=date": -0.5,
    "type=number": -0.6,
    "type=organisation": -0.3,
    "type=person": -0.1,
    "type=place": -0.2,
    "type=term": -0.5,
    "type=work": 0.2,
    "topic": -1.0,
}
"""Weight of each feature; 0 for features that are not listed."""


def features(
    candidate: Candidate,
    answer_type: AnswerType,
    *,
    text: str,
    before: str,
    after: str,
    passage_start_char: int,
    occurrences: int,
    is_topic: bool,
) -> dict[str, float]:
    """Compute the features of a candidate, by name.

    Args:
        candidate: The span.
        answer_type: Its type.
        text: Its characters.
        before: The characters of its sentence before it.
        after: The characters of its sentence after it.
        passage_start_char: Where it starts in the passage.
        occurrences: How often its text occurs in the passage.
        is_topic: Whether the passage's first clause begins with it.
    """
    length_chars = len(text)
    return {
        "bias": 1.0,
        f"type={answer_type}": 1.0,
        f"source={candidate.source.name.lower()}": 1.0,
        f"length={min(length_chars, 12)}": 1.0,
        "topic": float(is_topic),
        "first words": float(passage_start_char < 12),
        "repeated": float(occurrences == 2),
        "often": float(occurrences > 2),
        "function word": float(_FUNCTION_START.match(text) is not None),
        "after cue": float(_CUE_BEFORE.search(before) is not None),
        "before 的": float(after[:1] in ("的", "之") and after != ""),
        "in a list": float(before[-1:] in tuple(_LIST_MARK) or after[:1] in tuple(_LIST_MARK)),
        "at clause start": float(before[-1:] in ("", "，", "。", "；")),
        "at clause end": float(after[:1] in ("", "，", "。", "；")),
        "after noun": float(candidate.source is Source.NOUN and before[-1:] == "的"),
        "short sentence": float(len(before) + len(after) + length_chars < 15),
    }


def score(values: Mapping[str, float]) -> float:
    """The weighted sum of a candidate's features."""
    return sum(WEIGHTS.get(name, 0.0) * value for name, value in values.items())
