"""Cuts a passage of any length into windows, and finds each candidate's tokens in one of them.

Comes in: a tokenised passage, its candidates. Goes out: token ranges; `PlacedCandidates`.

A literal example: 480 tokens with windows of 318 are two windows of whole sentences that overlap by about half; a
candidate in both is scored in the one whose middle is nearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qgkd.answers.span_candidates import SpanCandidates
from qgkd.model_input.tokens import TokenizedText
from qgkd.model_input.window import Window, sentence_token_ranges, tile_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCandidates:
    """The candidates that have tokens; M of N."""

    candidates: NDArray[np.int64]  # [M], their numbers
    windows: NDArray[np.int64]  # [M], in which window each is
    first_tokens: NDArray[np.int64]  # [M], counted in the passage
    last_tokens: NDArray[np.int64]  # [M], likewise, inclusive

    def __len__(self) -> int:
        return len(self.candidates)


def span_windows(tokens: TokenizedText, max_tokens: int) -> list[Window]:
    """The windows of a passage; none where it has no tokens."""
    return tile_windows(sentence_token_ranges(tokens), max_tokens)


def place_candidates(candidates: SpanCandidates, tokens: TokenizedText, windows: Sequence[Window]) -> PlacedCandidates:
    """Put each candidate into the window that holds it and whose middle is nearest.

    Source: "maximum context", as in the code of Devlin et al. 2019.
    """
    first = np.searchsorted(np.asarray(tokens.end_chars), candidates.start_chars, side="right")
    stop = np.searchsorted(np.asarray(tokens.start_chars), candidates.end_chars, side="left")
    chosen = np.full(len(candidates), -1, np.int64)
    nearest = np.full(len(candidates), np.inf)
    for number, window in enumerate(windows):
        # Candidates are in the order of their starts, so those of a window lie side by side.
        part = slice(*np.searchsorted(first, (window.start_token, window.end_token)))
        distance = np.abs(first[part] + stop[part] - window.start_token - window.end_token)
        nearer = (stop[part] <= window.end_token) & (stop[part] > first[part]) & (distance < nearest[part])
        chosen[part] = np.where(nearer, number, chosen[part])
        nearest[part] = np.where(nearer, distance, nearest[part])
    (kept,) = np.nonzero(chosen >= 0)
    return PlacedCandidates(
        candidates=kept, windows=chosen[kept], first_tokens=first[kept].astype(np.int64), last_tokens=stop[kept] - 1
    )
