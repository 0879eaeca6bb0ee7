"""The spans that could be answers, worked out once per stretch of text.

Comes in: text. Goes out: `AnswerSpan`s, best first.

A literal example: `proposals.of("燈塔建於1867年，由林文海設計。")` are 1867年 and 林文海, the second time at once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from qgkd.answers.types import AnswerSpan

_REMEMBERED_TEXTS = 400


class Proposals:
    """Remembers the latest texts, for all visitors."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[AnswerSpan, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, text: str) -> tuple[AnswerSpan, ...]:
        """The proposals for a text, offsets counted in it; one text is worked on at a time."""
        with self._lock:
            if text not in self._known:
                from qgkd.answers.propose import propose_answers

                self._known[text] = tuple(propose_answers(text))
                while len(self._known) > _REMEMBERED_TEXTS:
                    self._known.popitem(last=False)
            self._known.move_to_end(text)
            return self._known[text]
