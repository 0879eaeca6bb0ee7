"""One text, or a pair of texts, to be put in a class or given a score.

Comes in: nothing. Goes out: `ClassificationExample`, made by `qgkd.classification.tasks.readers`, tokenised by
`qgkd.classification.tasks.store`.

A literal example: `ClassificationExample(example_id="line 2", text_a="早餐很好，下次还住。", label=1)`; of a pair task
`ClassificationExample(example_id="0", text_a="A man is eating.", text_b="A man eats.", label=4.6)`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationExample:
    """A text, or a pair, with its label where it has one."""

    example_id: str
    """The record's own id or index, else its line."""
    text_a: str
    """The text; of a pair the first."""
    text_b: str | None = None
    """The second text of a pair; None in tasks of single texts."""
    label: int | float | None = None
    """Place of the class in `ClassificationTask.labels`; the score in regression; None where unlabelled."""
