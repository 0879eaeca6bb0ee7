"""Greedy decoding and sampling: one token after the other, never taken back.

Comes in: a `Stepper`, constraints and settings. Goes out: `Hypothesis` lists, one per request.

Source: nucleus sampling, Holtzman et al. 2020 (arXiv 1904.09751), section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from qgkd.decoding.constraints import Constraints
from qgkd.decoding.settings import DecodingSettings
from qgkd.decoding.stepper import Stepper


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One question in tokens."""

    token_ids: tuple[int, ...]
    """Without the closing [SEP]."""
    log_probability: float
    """Sum over the tokens, the closing [SEP] included, as the model gives it: before rules and temperature."""
    finished: bool
    """Whether it ended in [SEP]; otherwise the cap ended it."""

    @property
    def mean_log_probability(self) -> float:
        """Per token, [SEP] included."""
        return self.log_probability / max(1, len(self.token_ids) + self.finished)


@dataclass(slots=True)
class _Row:
    request: int
    token_ids: list[int]
    log_probability: float = 0.0
    finished: bool = False
    dead: bool = False


def decode_rows(
    stepper: Stepper,
    constraints: Constraints,
    settings: DecodingSettings,
    *,
    request_count: int,
    width: int,
    max_steps: int,
    generators: Sequence[torch.Generator] | None = None,
) -> list[list[Hypothesis]]:
    """Write `width` questions per request, each on its own.

    Args:
        stepper: Fresh, one row per request.
        constraints: The batch's rules.
        settings: Greedy, or sampling with temperature, top-k and top-p.
        request_count: N.
        width: Rows per request; more than one only makes sense for sampling.
        max_steps: The most tokens of a question.
        generators: One per request, for sampling; greedy where None.

    Returns:
        N lists of at most `width` hypotheses; a row that no token could continue is left out.
    """
    rows = [_Row(request, []) for request in range(request_count) for _ in range(width)]
    active = list(range(request_count))
    if width > 1:
        stepper.widen(width)
    last: torch.Tensor | None = None
    for step in range(max_steps + 1):
        live = [rows[request * width + beam] for request in active for beam in range(width)]
        log_probabilities = stepper.next_log_probabilities(last)
        allowed = constraints.apply(log_probabilities, [row.request for row in live], [row.token_ids for row in live])
        if step == max_steps:  # only the end may follow; it is not forced, a cut question stays unfinished
            _close(live, allowed, log_probabilities, constraints.end_id)
            break
        chosen = _choose(allowed, settings, [generators[row.request] for row in live] if generators else None)
        _append(live, chosen, log_probabilities, allowed, constraints.end_id)
        wanted = torch.tensor(
            [any(not _over(rows[request * width + beam]) for beam in range(width)) for request in active]
        )
        if not bool(wanted.any()):
            break
        if not bool(wanted.all()):
            stays = stepper.keep(wanted)
            active = [request for request, kept in zip(active, stays.tolist(), strict=True) if kept]
            chosen = chosen.view(-1, width)[stays.to(chosen.device)].flatten()
        last = chosen
    return [
        [
            Hypothesis(tuple(row.token_ids), row.log_probability, row.finished)
            for row in rows[request * width : (request + 1) * width]
            if not row.dead
        ]
        for request in range(request_count)
    ]


def _over(row: _Row) -> bool:
    return row.finished or row.dead


def _append(
    live: Sequence[_Row], chosen: torch.Tensor, log_probabilities: torch.Tensor, allowed: torch.Tensor, end_id: int
) -> None:
    gained = log_probabilities.gather(1, chosen[:, None])[:, 0].tolist()
    possible = torch.isfinite(allowed.gather(1, chosen[:, None])[:, 0]).tolist()
    for row, token, gain, may in zip(live, chosen.tolist(), gained, possible, strict=True):
        if _over(row):
            continue
        if not may:
            row.dead = True
            continue
        row.log_probability += gain
        if token == end_id:
            row.finished = True
        else:
            row.token_ids.append(token)


def _close(live: Sequence[_Row], allowed: torch.Tensor, log_probabilities: torch.Tensor, end_id: int) -> None:
    """At the cap: a row whose likeliest next token is [SEP] is a finished question."""
    ends = (allowed.argmax(dim=1) == end_id).tolist()
    gains = log_probabilities[:, end_id].tolist()
    for row, end, gain in zip(live, ends, gains, strict=True):
        if not _over(row) and end:
            row.finished = True
            row.log_probability += gain


def _choose(
    allowed: torch.Tensor, settings: DecodingSettings, generators: Sequence[torch.Generator] | None
) -> torch.Tensor:
    """The next token of every row, [R]."""
    if generators is None:
        return allowed.argmax(dim=1)
    weights = nucleus(allowed / settings.sampling_temperature, top_k=settings.top_k, top_p=settings.top_p)
    draws = [
        int(torch.multinomial(row, 1, generator=generator)) if bool(row.sum() > 0) else 0
        for row, generator in zip(weights.cpu(), generators, strict=True)
    ]
    return torch.tensor(draws, device=allowed.device)


def nucleus(log_probabilities: torch.Tensor, *, top_k: int, top_p: float) -> torch.Tensor:
    """Probabilities [R, V], 0 outside the k likeliest tokens and outside the nucleus, summing to 1 per row.

    The nucleus is the smallest set of likeliest tokens whose probabilities sum to at least `top_p`; it is never empty.
    """
    if top_k:
        threshold = log_probabilities.topk(min(top_k, log_probabilities.shape[1]), dim=1).values[:, -1:]
        log_probabilities = log_probabilities.masked_fill(log_probabilities < threshold, -torch.inf)
    probabilities = torch.softmax(log_probabilities, dim=1).nan_to_num(0.0)
    if top_p < 1:
        ordered, index = probabilities.sort(dim=1, descending=True)
        outside = ordered.cumsum(dim=1) - ordered >= top_p
        probabilities = probabilities.scatter(1, index, ordered.masked_fill(outside, 0.0))
        probabilities = probabilities / probabilities.sum(dim=1, keepdim=True).clamp_min(1e-30)
    return probabilities
