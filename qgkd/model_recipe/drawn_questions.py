"""Samples questions about a batch's answers and scores each against the human-written question.

Comes in: a batch of packed rows, each with a human-written question. Goes out: `Drawn`: one row per answer with several
drawn questions side by side, and each question's advantage: its reward less the mean of the others'.

A literal example: four questions of reward .2, .4, .3, .3: advantages -.133, .133, 0, 0.

Source: REINFORCE with the other samples as baseline, Kool et al. 2019 ("Buy 4 REINFORCE samples, get a baseline for
free!"); the sequence's score as reward, Ranzato et al. 2016 (arXiv 1511.06732), section 3.2, and Rennie et al. 2017
(arXiv 1612.00563), whose baseline is the greedy sequence instead.
Differs: drawn under the search's rules and at a temperature below 1, so that training samples are close to what the
search writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from qgkd.decoding.constraints import Constraints
from qgkd.decoding.greedy import Hypothesis, decode_rows
from qgkd.decoding.incremental_bert import IncrementalBert
from qgkd.decoding.prefix import PrefixStepper
from qgkd.decoding.settings import DecodingSettings
from qgkd.model_input.batch import Batch
from qgkd.model_input.rows import Block, Row, packed_row
from qgkd.model_input.source import Source
from qgkd.model_recipe.overlap import overlap

if TYPE_CHECKING:
    from transformers import BertForMaskedLM, PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """B answers, R drawn tokens in all, V tokens in the vocabulary."""

    rows: list[Row]
    """One per answer: its different drawn questions side by side."""
    advantages: torch.Tensor  # [R], each token its question's
    forbidden: torch.Tensor  # [R, V] bool: what the search's rules forbade at each token
    mean_reward: torch.Tensor  # [B]


class QuestionDraws:
    """Draws questions and scores them.

    Args:
        tokenizer: The model's.
        search: The search's rules, with `sample` and the temperature set.
        samples: Questions drawn per answer, at least 2.
        max_question_tokens: The cap.
        seed: The draws depend on it, on the step and on the source, not on how a step is split into batches.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        search: DecodingSettings,
        samples: int,
        max_question_tokens: int,
        seed: int,
    ) -> None:
        self._tokenizer, self._search, self._samples = tokenizer, search, samples
        self._max_question_tokens, self._seed = max_question_tokens, seed
        vocabulary: Any = tokenizer
        self._mask_id, self._pad_id = int(vocabulary.mask_token_id), int(vocabulary.pad_token_id)
        self._end_id = int(vocabulary.sep_token_id)

    @torch.no_grad()
    def draw(self, model: BertForMaskedLM, batch: Batch, step: int) -> Drawn:
        """Draw questions about the batch's answers with the model as it is.

        Args:
            model: On its device; put into eval mode for the draws and back into the mode it was in.
            batch: Packed rows of one question each, as `RowCollator` gives them.
            step: The optimiser step's number.
        """
        sources = row_sources(batch)
        was_training = model.training
        model.eval()
        stepper = PrefixStepper(IncrementalBert(model), sources, self._mask_id, self._pad_id, self._max_question_tokens)
        rules = Constraints(self._tokenizer, sources, self._search, model.config.vocab_size)
        found = decode_rows(
            stepper,
            rules,
            self._search,
            request_count=len(sources),
            width=self._samples,
            max_steps=self._max_question_tokens,
            generators=[self._generator(source, step) for source in sources],
        )
        model.train(was_training)
        return self._judge(sources, row_targets(batch), found, rules, model)

    def _generator(self, source: Source, step: int) -> torch.Generator:
        key = f"{self._seed}\n{step}\n{source.token_ids}\n{source.token_types}"
        return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1)

    def _judge(
        self,
        sources: Sequence[Source],
        references: Sequence[tuple[int, ...]],
        found: Sequence[Sequence[Hypothesis]],
        rules: Constraints,
        model: BertForMaskedLM,
    ) -> Drawn:
        rows: list[Row] = []
        advantages: list[float] = []
        rewards: list[float] = []
        requests: list[int] = []
        prefixes: list[tuple[int, ...]] = []
        for request, (source, reference, hypotheses) in enumerate(zip(sources, references, found, strict=True)):
            wanted = tuple(token for token in reference if token != self._end_id)
            values = [overlap(hypothesis.token_ids, wanted) for hypothesis in hypotheses]
            rewards.append(float(np.mean(values)) if values else 0.0)
            gains = self._gains(hypotheses, values)
            if not gains:  # nothing could be drawn: a row is still needed, and weighs nothing
                gains = {reference: 0.0}
            rows.append(packed_row([source] * len(gains), list(gains), self._mask_id))
            for target, gain in gains.items():
                advantages += [gain] * len(target)
                requests += [request] * len(target)
                prefixes += [target[:place] for place in range(len(target))]
        nothing_yet = torch.zeros(len(prefixes), model.config.vocab_size)
        forbidden = torch.isinf(rules.apply(nothing_yet, requests, prefixes))
        device = model.device
        return Drawn(
            rows=rows,
            advantages=torch.tensor(advantages, device=device),
            forbidden=forbidden.to(device),
            mean_reward=torch.tensor(rewards, device=device),
        )

    def _gains(self, hypotheses: Sequence[Hypothesis], rewards: Sequence[float]) -> dict[tuple[int, ...], float]:
        """Each different question's advantages, summed over the times it was drawn and divided by the draws."""
        count, total = len(hypotheses), sum(rewards)
        gains: dict[tuple[int, ...], float] = {}
        for hypothesis, reward in zip(hypotheses, rewards, strict=True):
            end_was_drawn = hypothesis.finished and len(hypothesis.token_ids) < self._max_question_tokens
            target = (*hypothesis.token_ids, self._end_id) if end_was_drawn else hypothesis.token_ids
            if target and count > 1:
                advantage = reward - (total - reward) / (count - 1)
                gains[target] = gains.get(target, 0.0) + advantage / count
        return gains


def row_sources(batch: Batch) -> list[Source]:
    """The source of each packed row, without the offsets that only spelling needs."""
    inputs = batch.inputs.to("cpu")
    columns = [each.numpy() for each in (inputs.input_ids, inputs.token_type_ids, inputs.position_ids, inputs.blocks)]
    sources = []
    for *source, blocks in zip(*columns, strict=True):
        real = (blocks == Block.PASSAGE) | (blocks == Block.ANSWER)
        ids, types, positions = (column[real].tolist() for column in source)
        passage_length = int((blocks == Block.PASSAGE).sum())
        first = int(source[2][blocks == Block.TARGET][0])
        sources.append(
            Source(
                token_ids=tuple(ids),
                token_types=tuple(types),
                positions=tuple(positions),
                passage_length=passage_length,
                question_position=first,
            )
        )
    return sources


def row_targets(batch: Batch) -> list[tuple[int, ...]]:
    """The question of each packed row."""
    row_of, targets = batch.inputs.scored_positions[:, 0].cpu(), batch.targets.cpu()
    return [tuple(cast(list[int], targets[row_of == row].tolist())) for row in range(len(batch.row_weights))]
