"""METEOR's alignment: the words that two lists share, and the contiguous pieces they form.

`["燈", "塔", "是", "誰", "建"]` against `["誰", "建", "燈", "塔"]`: four words match in two chunks, 誰建 and 燈塔.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

BEAM_WIDTH = 40

# What makes a partial alignment worse, added up in one number so that sorting is quick: an unmatched word outweighs any
# number of chunks, a chunk any distance.
_UNMATCHED_COST = 1 << 80
_CHUNK_COST = 1 << 40
_NOTHING = -2
"""Position of the previous match when no chunk is open."""

_Partial = tuple[int, int, int]
"""An alignment of the reference read so far: its cost; the hypothesis positions taken, as bits; the last position of
the open chunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The best alignment found."""

    matched_positions: tuple[int, ...]
    """Positions of the matched words in the hypothesis."""
    chunks: int
    """Runs of matches that are contiguous and in the same order on both sides."""


def align(hypothesis: Sequence[str], reference: Sequence[str], *, beam_width: int = BEAM_WIDTH) -> Alignment:
    """Match equal words one to one.

    The aim is the most matches, then the fewest chunks, then the least distance (the sum over matches of how many
    positions the word moved). The reference is read from left to right and the best `beam_width` partial alignments
    are kept after each word, ties in the order they were made: from the best partial to the worst, for each the
    matches from left to right, then the word left unmatched. A word that occurs once on both sides is always matched.
    A chunk counts once it is closed, by a match elsewhere or a word left unmatched: of the rules tried, the one that
    agrees best with the published program's answers.

    Args:
        hypothesis: The scored question's words.
        reference: One reference's words.
        beam_width: Partial alignments kept.

    Returns:
        The best alignment in the beam. Sentences that repeat many words can have a better one; the published METEOR
        has the same limit, and a wider beam gives higher scores than it does.

    Source: Denkowski & Lavie 2014 (W14-3348), section 2; Denkowski & Lavie 2011 (W11-2107), section 2.
    """
    positions: dict[str, list[int]] = defaultdict(list)
    for position, word in enumerate(hypothesis):
        positions[word].append(position)
    reference_counts = Counter(reference)
    beam: list[_Partial] = [(0, 0, _NOTHING)]
    for reference_position, word in enumerate(reference):
        candidates = positions.get(word, [])
        is_fixed = reference_counts[word] == 1 and len(candidates) == 1
        # The sort is stable; only the cost may decide, not the rest of the tuple.
        beam = sorted(_extend(beam, candidates, reference_position, is_fixed), key=itemgetter(0))[:beam_width]
    closed = [(cost + (last != _NOTHING) * _CHUNK_COST, taken) for cost, taken, last in beam]
    cost, taken = min(closed, key=itemgetter(0))
    matched = tuple(position for position in range(len(hypothesis)) if taken >> position & 1)
    return Alignment(matched_positions=matched, chunks=cost % _UNMATCHED_COST // _CHUNK_COST)


def _extend(
    beam: Sequence[_Partial], candidates: Sequence[int], reference_position: int, is_fixed: bool
) -> list[_Partial]:
    """Every partial alignment with the reference's next word matched in each possible way, or left unmatched."""
    moves = [(position, 1 << position, abs(position - reference_position)) for position in candidates]
    extended: list[_Partial] = []
    for cost, taken, last in beam:
        for position, bit, distance in moves:
            if not taken & bit:
                chunk_cost = 0 if last in (_NOTHING, position - 1) else _CHUNK_COST
                extended.append((cost + distance + chunk_cost, taken | bit, position))
        if not is_fixed:
            extended.append((cost + _UNMATCHED_COST + (last != _NOTHING) * _CHUNK_COST, taken, _NOTHING))
    return extended
