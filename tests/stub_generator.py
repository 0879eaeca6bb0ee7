"""A predictable generator for tests of the code around a generator; slow or failing where a test needs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from qgkd.generator import GenerationRequest, Question

PASSAGE = (
    "白沙灣的燈塔建於1867年，由工程師林文海設計。它高二十五公尺，夜裡的光可以照到十八海里之外。"
    "港口在1920年擴建，新建的三座碼頭可以停靠五千噸的貨輪。當時的總督曾在信中稱它為「東海的眼睛」。"
    "戰後，燈塔由交通部管理，2003年成為國定古蹟，每年約有四十萬名遊客來參觀。"
)


class StubGenerator:
    """Writes the question that `write` returns for a request and rank, `ask_by_offset` by default."""

    name = "stub"
    parameters = 7

    def __init__(
        self, write: Callable[[GenerationRequest, int], str | None] | None = None, *, seconds_per_call: float = 0.0
    ) -> None:
        self.calls: list[list[GenerationRequest]] = []
        self._write = write or ask_by_offset
        self._seconds_per_call = seconds_per_call

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """Write questions; raises ValueError for the whole call where `write` does."""
        time.sleep(self._seconds_per_call)
        self.calls.append(list(requests))
        return [
            [
                Question(text=text, answer=request.answer)
                for rank in range(questions_per_answer)
                if (text := self._write(request, rank)) is not None
            ]
            for request in requests
        ]


_CHARACTERS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"


def ask_by_offset(request: GenerationRequest, rank: int) -> str:
    """A question that depends on the answer's offset and the rank only, unlike that of any other answer."""
    state = request.answer.start_char * 31 + rank * 7919 + 1
    characters = []
    for _ in range(8):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        characters.append(_CHARACTERS[(state >> 8) % len(_CHARACTERS)])
    return f"{''.join(characters)}？"
