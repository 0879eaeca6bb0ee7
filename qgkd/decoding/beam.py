"""Beam search with length-normalised scores.

Comes in: a `Stepper`, constraints and settings. Goes out: the best finished questions of each request, best first.

A hypothesis is scored by its log-probability divided by (length, [SEP] included) ** length_penalty.

Source: Wu et al. 2016 (arXiv 1609.08144), section 7.
Differs: the length penalty is a plain power of the length, as in transformers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from qgkd.decoding.constraints import Constraints
from qgkd.decoding.greedy import Hypothesis
from qgkd.decoding.settings import DecodingSettings
from qgkd.decoding.stepper import Stepper


@dataclass(slots=True)
class _Search:
    """One request's search: tokens and log-probabilities of its running beams, and its finished questions."""

    request: int
    beams: list[tuple[int, ...]]
    log_probabilities: list[float]
    finished: list[tuple[float, Hypothesis]] = field(default_factory=list)
    over: bool = False


def beam_search(
    stepper: Stepper,
    constraints: Constraints,
    settings: DecodingSettings,
    *,
    width: int,
    request_count: int,
    max_steps: int,
) -> list[list[Hypothesis]]:
    """Search with `width` beams per request.

    Returns:
        One list per request, best first: the finished questions, or the unfinished ones where none finished within
        `max_steps`. Empty where the constraints left no continuation.
    """
    searches = [_Search(r, [()], [0.0]) for r in range(request_count)]
    active = searches
    stepper.widen(width)
    last: torch.Tensor | None = None
    for step in range(max_steps + 1):
        log_probabilities = stepper.next_log_probabilities(last)
        parents: list[int] = []
        tokens: list[int] = []
        candidates = _candidates(active, log_probabilities, constraints, width)
        for place, (search, found) in enumerate(zip(active, candidates, strict=True)):
            kept = (
                []
                if search.over
                else _advance(search, found, constraints.end_id, settings, width=width, last_step=step == max_steps)
            )
            kept += [(0, constraints.end_id)] * (width - len(kept))  # filler: these rows are ignored
            parents += [place * width + parent for parent, _ in kept]
            tokens += [token for _, token in kept]
        if step == max_steps or all(search.over for search in active):
            break
        stepper.reorder(torch.tensor(parents))
        last = torch.tensor(tokens, device=log_probabilities.device)
        wanted = torch.tensor([not search.over for search in active])
        if not bool(wanted.all()):
            stays = stepper.keep(wanted)
            active = [search for search, stay in zip(active, stays.tolist(), strict=True) if stay]
            last = last.view(-1, width)[stays.to(last.device)].flatten()
    return [_result(search, width) for search in searches]


def _candidates(
    active: list[_Search], log_probabilities: torch.Tensor, constraints: Constraints, width: int
) -> list[list[tuple[float, int, int]]]:
    """Per request the 2 * width best (log-probability so far, beam, token), best first.

    Twice the width: up to `width` candidates may end in [SEP], and `width` beams must still go on.
    """
    rows = [(search, beam) for search in active for beam in range(width)]
    requests = [search.request for search, _ in rows]
    questions = [search.beams[beam] if beam < len(search.beams) else () for search, beam in rows]
    allowed = constraints.apply(log_probabilities, requests, questions)
    before = [search.log_probabilities[beam] if beam < len(search.beams) else -torch.inf for search, beam in rows]
    totals = allowed + torch.tensor(before, device=allowed.device)[:, None]
    vocabulary = totals.shape[1]
    best = totals.view(len(active), width * vocabulary).topk(2 * width, dim=1)
    return [
        [
            (value, index // vocabulary, index % vocabulary)
            for value, index in zip(values, indices, strict=True)
            if value > -torch.inf
        ]
        for values, indices in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]


def _advance(
    search: _Search,
    candidates: list[tuple[float, int, int]],
    end_id: int,
    settings: DecodingSettings,
    *,
    width: int,
    last_step: bool,
) -> list[tuple[int, int]]:
    """Advance one request by a step; returns (parent beam, token) of each beam that goes on."""
    beams: list[tuple[int, ...]] = []
    totals: list[float] = []
    kept: list[tuple[int, int]] = []
    for rank, (total, beam, token) in enumerate(candidates):
        question = search.beams[beam]
        if token == end_id:
            if rank < width:
                score = total / (len(question) + 1) ** settings.length_penalty
                search.finished.append((score, Hypothesis(question, total, finished=True)))
        elif len(kept) < width and not last_step:
            beams.append((*question, token))
            totals.append(total)
            kept.append((beam, token))
    search.finished = sorted(search.finished, key=lambda pair: -pair[0])[:width]
    if last_step:
        return []
    search.beams, search.log_probabilities = beams, totals
    if not beams:
        search.over = True
    elif len(search.finished) == width:
        # The stopping rule of transformers' `early_stopping=False`: the best running beam scored as if it ended now.
        # It is no bound, since a long and certain ending could still raise the mean.
        reachable = totals[0] / (len(beams[0]) + 1) ** settings.length_penalty
        search.over = reachable <= search.finished[-1][0]
    return kept


def _result(search: _Search, width: int) -> list[Hypothesis]:
    if search.finished:
        return [hypothesis for _, hypothesis in search.finished]
    unfinished = [
        Hypothesis(question, total, finished=False)
        for question, total in zip(search.beams, search.log_probabilities, strict=True)
        if question
    ]
    return unfinished[:width]
