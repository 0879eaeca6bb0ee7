"""The spans that could be answers, found once per stretch of text.

Comes in: text. Goes out: `AnswerSpan`s, best first.

A literal example: `proposals.of("燈塔建於1867年，由林文海設計。")` are 1867年 and 林文海; the second call is a look-up.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from qgkd.answer import AnswerSpan
from qgkd.spans.propose import propose

_CACHED_TEXTS = 400


class Proposals:
    """A cache of the latest texts, for all visitors."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[AnswerSpan, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, text: str) -> tuple[AnswerSpan, ...]:
        """The proposals of a text, offsets counted in it; one text is analysed at a time."""
        with self._lock:
            return self._known[text] if text in self._known else self._store(text, propose(text))

    def in_script(self, text: str, converted: str) -> tuple[AnswerSpan, ...]:
        """The proposals of a text, spelt as in its conversion to the other script, and from now on those of both."""
        spans = self.of(text)
        if converted == text:
            return spans
        with self._lock:
            return self._store(converted, [span.spelt_in(converted) for span in spans])

    def _store(self, text: str, spans: Sequence[AnswerSpan]) -> tuple[AnswerSpan, ...]:
        self._known[text] = tuple(spans)
        self._known.move_to_end(text)
        while len(self._known) > _CACHED_TEXTS:
            self._known.popitem(last=False)
        return self._known[text]
