"""Scores spans against those that people chose: answers read, and answers proposed.

Comes in: texts, or ranges of a passage. Goes out: exact match and F1 by characters; recall at several list lengths.

A literal example: `span_f1("工程師林文海", "林文海")` is 2 · 0.5 · 1 / 1.5 = 0.667.

Source: exact match and F1, Rajpurkar et al. 2016 (arXiv 1606.05250), section 6.1, by characters as in the evaluation
scripts of DRCD (Shao et al. 2018, arXiv 1806.00920) and CMRC 2018 (Cui et al. 2019, arXiv 1810.07366), whose F1 takes
the longest common stretch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from qgkd.quiz.distinct import normalise

Range = tuple[int, int]

LENGTHS = (1, 2, 3)
"""How many spans are proposed, as multiples of the number that people chose."""
_UNIT = re.compile(r"[0-9a-z]+|.", re.DOTALL)


def exact_match(found: str, wanted: str) -> bool:
    """Whether both have the same letters and digits; marks, width and case do not count."""
    return normalise(found) == normalise(wanted)


def span_f1(found: str, wanted: str) -> float:
    """F1 of the longest common stretch of characters, a Latin word or a number being one."""
    one, other = (_UNIT.findall(normalise(text)) for text in (found, wanted))
    if not one or not other:
        return float(one == other)
    common = SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size
    return 2 * common / (len(one) + len(other))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRecall:
    """Recall of people's answers, over all passages together."""

    exact: Mapping[int, float]
    """By list length, as a multiple of the number that people chose."""
    overlapping: Mapping[int, float]
    """Likewise; an answer counts where a proposal shares half or more of the characters of both together."""
    passages: int
    answers: int

    def as_json(self) -> dict[str, float | int]:
        """Plain values."""
        return {
            "passages": self.passages,
            "answers": self.answers,
            **{f"exact_at_{length}": self.exact[length] for length in LENGTHS},
            **{f"overlap_at_{length}": self.overlapping[length] for length in LENGTHS},
        }


def proposal_recall(passages: Iterable[tuple[Sequence[Range], set[Range]]]) -> ProposalRecall:
    """Compare proposals with people's answers.

    Args:
        passages: (proposals, best first, people's answers) of each passage, as character ranges.
    """
    exact, overlapping = dict.fromkeys(LENGTHS, 0), dict.fromkeys(LENGTHS, 0)
    count = answers = 0
    for proposals, chosen in passages:
        count, answers = count + 1, answers + len(chosen)
        for length in LENGTHS:
            listed = proposals[: length * len(chosen)]
            exact[length] += len(chosen & set(listed))
            overlapping[length] += sum(any(_share(one, other) >= 0.5 for other in listed) for one in chosen)
    return ProposalRecall(
        exact={length: exact[length] / max(1, answers) for length in LENGTHS},
        overlapping={length: overlapping[length] / max(1, answers) for length in LENGTHS},
        passages=count,
        answers=answers,
    )


def _share(one: Range, other: Range) -> float:
    """Common characters as a share of all."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, common) / (max(one[1], other[1]) - min(one[0], other[0]))
