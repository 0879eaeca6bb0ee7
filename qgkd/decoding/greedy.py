"""Greedy decoding and sampling: each token is chosen once and kept.

Comes in: a `Stepper`, constraints and settings. Goes out: `Hypothesis` lists, one per request.

Source: nucleus sampling, Holtzman et al. 2020 (arXiv 1904.09751), section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from qgkd.decoding.constraints import Constraints
from qgkd.decoding.settings import DecodingSettings
from qgkd.decoding.stepper import Stepper


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One decoded question."""

    token_ids: tuple[int, ...]
    """The question's tokens without the closing [SEP]."""
    log_probability: float
    """Natural-log probability of all tokens, the closing [SEP] included, before constraints and temperature."""
    finished: bool
    """Whether it ended in [SEP]; False where it reached the most tokens."""

    @property
    def mean_log_probability(self) -> float:
        """Mean natural-log probability per token, [SEP] included."""
        return self.log_probability / max(1, len(self.token_ids) + self.finished)


@dataclass(slots=True)
class GrowingQuestion:
    """One row of a search that chooses each token once."""

    request: int
    token_ids: list[int] = field(default_factory=list)
    log_probability: float = 0.0
    finished: bool = False
    cut: bool = False
    """Whether it has the most tokens and [SEP] does not come next."""
    dead: bool = False
    """Whether no token is allowed."""

    @property
    def is_over(self) -> bool:
        """Whether no token is added any more."""
        return self.finished or self.cut or self.dead

    def hypotheses(self) -> list[Hypothesis]:
        """The question; none where no token was allowed."""
        return [] if self.dead else [Hypothesis(tuple(self.token_ids), self.log_probability, self.finished)]


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
    """Write `width` independent questions per request; above 1 for sampling only, since greedy rows would be equal.

    The stepper has one row per request and has not run; `generators`, one per request, sample, and None is greedy.

    Returns:
        A list of at most `width` hypotheses per request; rows without an allowed next token are left out.
    """
    rows = [GrowingQuestion(request) for request in range(request_count) for _ in range(width)]
    active = list(range(request_count))
    if width > 1:
        stepper.widen(width)
    last: torch.Tensor | None = None
    for step in range(max_steps + 1):
        live = [rows[request * width + beam] for request in active for beam in range(width)]
        log_probabilities = stepper.next_log_probabilities(last)
        allowed = constraints.apply(log_probabilities, [row.request for row in live], [row.token_ids for row in live])
        drawn = generators is not None and step < max_steps  # [SEP] after the most tokens is not left to chance
        chosen = _choose(allowed, settings, [generators[row.request] for row in live] if generators and drawn else None)
        append(live, chosen, log_probabilities, allowed, end_id=constraints.end_id, max_steps=max_steps)
        wanted = torch.tensor([not row.is_over for row in live]).view(-1, width).any(dim=1)
        if not bool(wanted.any()):
            break
        if not bool(wanted.all()):
            stays = stepper.keep(wanted)
            active = [request for request, kept in zip(active, stays.tolist(), strict=True) if kept]
            chosen = chosen.view(-1, width)[stays.to(chosen.device)].flatten()
        last = chosen
    return [
        [hypothesis for row in rows[request * width : (request + 1) * width] for hypothesis in row.hypotheses()]
        for request in range(request_count)
    ]


def append(
    rows: Sequence[GrowingQuestion],
    chosen: torch.Tensor,
    log_probabilities: torch.Tensor,
    allowed: torch.Tensor,
    *,
    end_id: int,
    max_steps: int,
) -> None:
    """Append its chosen token to every row that is not over; a row with `max_steps` tokens is finished or cut off."""
    gains = log_probabilities.gather(1, chosen[:, None])[:, 0].tolist()
    possible = torch.isfinite(allowed.gather(1, chosen[:, None])[:, 0]).tolist()
    for row, token, gain, is_possible in zip(rows, chosen.tolist(), gains, possible, strict=True):
        if row.is_over:
            continue
        if len(row.token_ids) == max_steps and not (is_possible and token == end_id):
            row.cut = True
        elif not is_possible:
            row.dead = True
        else:
            row.log_probability += gain
            row.finished = token == end_id
            if not row.finished:
                row.token_ids.append(token)


def _choose(
    allowed: torch.Tensor, settings: DecodingSettings, generators: Sequence[torch.Generator] | None
) -> torch.Tensor:
    """Choose the next token of every row, [R]."""
    if generators is None:
        return allowed.argmax(dim=1)
    weights = nucleus(allowed / settings.sampling_temperature, top_k=settings.top_k, top_p=settings.top_p)
    draws = [
        int(torch.multinomial(row, 1, generator=generator)) if bool(row.sum() > 0) else 0
        for row, generator in zip(weights.cpu(), generators, strict=True)
    ]
    return torch.tensor(draws, device=allowed.device)


def nucleus(log_probabilities: torch.Tensor, *, top_k: int, top_p: float) -> torch.Tensor:
    """Probabilities [R, V], summing to 1 per row, of the tokens that may be sampled: top-k, then the nucleus.

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
