"""Greedy decoding that tries several tokens per pass: those that `drafts` guesses from the passage.

Comes in: a `DraftStepper`, constraints and each request's drafts. Goes out: the hypotheses of greedy decoding.

A pass predicts the next token and the tokens behind each token of the draft. The draft is kept as far as it is what
greedy decoding chooses, rules included, each applied to the question up to there; the first token that differs is
chosen in its place. A question is the same as without drafts, up to rounding: a pass over more tokens may round a
logit's last bit in another way, as a batch of another size does, and two tokens that close to a tie may change places.

Source: Leviathan et al. 2023 (arXiv 2211.17192), section 2.3, for a draft that is a single guess and greedy choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from qgkd.decoding.constraints import Constraints
from qgkd.decoding.drafts import Drafts
from qgkd.decoding.greedy import GrowingQuestion, Hypothesis, append
from qgkd.decoding.stepper import DraftStepper

LONGEST_DRAFT_TOKENS = 8


def decode_with_drafts(
    stepper: DraftStepper,
    constraints: Constraints,
    drafts: Sequence[Drafts],
    *,
    max_steps: int,
    tokens_per_pass: int,
) -> list[list[Hypothesis]]:
    """Write a question per request, as `greedy.decode_rows` does.

    Args:
        stepper: One row per request; it has not run.
        constraints: The rules of all requests.
        drafts: One per request.
        max_steps: The most tokens of a question.
        tokens_per_pass: Drafts are shortened until a pass runs at most so many tokens, where rows alone are not more.

    Returns:
        A list of one hypothesis per request; none where no next token is allowed.
    """
    rows = [GrowingQuestion(request) for request in range(len(drafts))]
    active, last = rows, None
    while True:
        longest = max(0, min(LONGEST_DRAFT_TOKENS, tokens_per_pass // (2 * len(active)) - 1))
        tried = [
            ()
            if row.is_over
            else drafts[row.request].after(row.token_ids, min(longest, max_steps - len(row.token_ids)))
            for row in active
        ]
        before = [0 if row.is_over or last is None else 1 for row in active]
        log_probabilities = stepper.verify(last, _rectangle(tried, constraints.end_id))
        accepted, chosen = _accept(active, tried, log_probabilities, constraints, max_steps)
        stepper.advance([one + more for one, more in zip(before, accepted, strict=True)])
        wanted = torch.tensor([not row.is_over for row in active])
        if not bool(wanted.any()):
            return [row.hypotheses() for row in rows]
        last = torch.tensor(chosen)
        if not bool(wanted.all()):
            stays = stepper.keep(wanted)
            active = [row for row, kept in zip(active, stays.tolist(), strict=True) if kept]
            last = last[stays]


def _rectangle(drafts: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    """Drafts as [R, k], filled up to the longest."""
    longest = max(map(len, drafts))
    filled = [(*draft, *(filler,) * (longest - len(draft))) for draft in drafts]
    return torch.tensor(filled, dtype=torch.long).view(len(drafts), longest)


def _accept(
    rows: Sequence[GrowingQuestion],
    drafts: Sequence[Sequence[int]],
    log_probabilities: torch.Tensor,
    constraints: Constraints,
    max_steps: int,
) -> tuple[list[int], list[int]]:
    """Append to each row the tokens that greedy decoding chooses, as far as they are known.

    Returns:
        Per row the tokens of its draft that were chosen, and its last token.
    """
    accepted, chosen = [0] * len(rows), [constraints.end_id] * len(rows)
    going = [index for index, row in enumerate(rows) if not row.is_over]
    place = 0
    while going:
        found = log_probabilities[going, place]
        live = [rows[index] for index in going]
        allowed = constraints.apply(found, [row.request for row in live], [row.token_ids for row in live])
        best = allowed.argmax(dim=1)
        append(live, best, found, allowed, end_id=constraints.end_id, max_steps=max_steps)
        goes_on = []
        for index, token in zip(going, best.tolist(), strict=True):
            chosen[index] = token
            if not rows[index].is_over and place < len(drafts[index]) and drafts[index][place] == token:
                accepted[index] += 1
                goes_on.append(index)
        going, place = goes_on, place + 1
    return accepted, chosen
