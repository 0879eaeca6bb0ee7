"""Questions from a masked language model.

Comes in: requests, any number, any length. Goes out: `Question` lists in the requests' order. Requests are sorted by
length into batches, decoded, and spelt in the passage's own characters and script.

A literal example: `ModelGenerator(load_checkpoint("runs/teacher")).generate([GenerationRequest(...)])`
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.checkpoints.precision import parameter_count
from qgkd.decoding.beam import beam_search
from qgkd.decoding.constraints import Constraints
from qgkd.decoding.greedy import Hypothesis, decode_rows
from qgkd.decoding.incremental_bert import IncrementalBert
from qgkd.decoding.prefix import PrefixStepper
from qgkd.decoding.recurrent import RecurrentStepper
from qgkd.decoding.settings import DecodingSettings
from qgkd.decoding.stepper import Stepper
from qgkd.decoding.surface import question_text
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest, Question
from qgkd.model_input.batch import collate
from qgkd.model_input.input_format import Attention, Layout
from qgkd.model_input.rows import Row, packed_row, recurrent_rows
from qgkd.model_input.source import PassageEncoder, Source, question_target
from qgkd.text.script import Script, detect_script, to_simplified, to_traditional_aligned

if TYPE_CHECKING:
    from transformers import BertForMaskedLM


_SCORED_ROWS = 16  # rows scored together: each packed row has the probabilities of a vocabulary for every token


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A request in the model's script, with its source."""

    index: int
    request: GenerationRequest
    model_context: str
    simplified: bool
    source: Source


class ModelGenerator:
    """See `qgkd.generator.Generator`.

    Args:
        checkpoint: The model; it stays on its device and in its precision.
        settings: How to search.
        max_batch_tokens: Source tokens per batch, padding and beams counted; bounds the memory.
    """

    def __init__(
        self, checkpoint: Checkpoint, settings: DecodingSettings | None = None, *, max_batch_tokens: int = 8192
    ) -> None:
        self._checkpoint = checkpoint
        self._settings = settings or DecodingSettings()
        self._max_batch_tokens = max_batch_tokens
        self.name = checkpoint.name
        self.parameters = parameter_count(checkpoint.model)
        self._bert: IncrementalBert | None = None
        if checkpoint.input_format.attention is Attention.PREFIX:
            self._bert = IncrementalBert(cast("BertForMaskedLM", checkpoint.model))

    @torch.inference_mode()
    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """See `qgkd.generator.Generator.generate`; n-best come from the beams, or from that many draws."""
        if questions_per_answer < 1:
            raise UserError(f"questions_per_answer must be at least 1, was {questions_per_answer}")
        questions: list[list[Question]] = [[] for _ in requests]
        width = self._width(questions_per_answer)
        for batch in self._batches(self._prepare(requests), width):
            for prepared, hypotheses in zip(batch, self._decode(batch, width), strict=True):
                questions[prepared.index] = self._questions(prepared, hypotheses)[:questions_per_answer]
        return questions

    @torch.inference_mode()
    def question_log_probabilities(
        self, requests: Sequence[GenerationRequest], questions: Sequence[str]
    ) -> list[float]:
        """How likely the model finds given questions, the generator read backwards.

        Returns:
            Mean natural-log probability per token, [SEP] included, one value per request.
        """
        if len(questions) != len(requests):
            raise ValueError(f"expected a question per request, found {len(questions)} for {len(requests)} requests")
        values = [0.0] * len(requests)
        for batch in self._batches(self._prepare(requests), width=1):
            texts = [to_traditional_aligned(questions[p.index]) if p.simplified else questions[p.index] for p in batch]
            for prepared, value in zip(batch, self._score(batch, texts), strict=True):
                values[prepared.index] = value
        return values

    def _width(self, questions_per_answer: int) -> int:
        if self._settings.num_beams > 1 or not self._settings.sample:
            return max(self._settings.num_beams, questions_per_answer)
        return questions_per_answer

    def _prepare(self, requests: Sequence[GenerationRequest]) -> list[_Prepared]:
        """Build the sources; requests about one passage share its tokens."""
        encoders: dict[str, tuple[str, bool, PassageEncoder]] = {}
        prepared = []
        for index, request in enumerate(requests):
            if request.context not in encoders:
                simplified = self._wants_traditional() and detect_script(request.context) is Script.SIMPLIFIED
                text = to_traditional_aligned(request.context) if simplified else request.context
                encoder = PassageEncoder(self._checkpoint.tokenizer, self._checkpoint.input_format, text)
                encoders[request.context] = (text, simplified, encoder)
            text, simplified, encoder = encoders[request.context]
            end_char = request.answer_start_char + len(request.answer_text)
            if request.context[request.answer_start_char : end_char] != request.answer_text:
                raise UserError(
                    f"expected the answer {request.answer_text!r} at character {request.answer_start_char}, found "
                    f"{request.context[request.answer_start_char : end_char]!r}; correct the offset"
                )
            source = encoder.source(request.answer_start_char, end_char)
            prepared.append(_Prepared(index, request, text, simplified, source))
        return prepared

    def _wants_traditional(self) -> bool:
        """A model trained on Traditional text alone says so in its record; others read both scripts as they are."""
        return self._checkpoint.record.get("script") == "traditional"

    def _batches(self, prepared: list[_Prepared], width: int) -> Iterator[list[_Prepared]]:
        """Requests of similar length together; in `shared`, those of one window side by side."""
        shared = self._checkpoint.input_format.layout is Layout.SHARED
        per_window: dict[tuple[str, int], int] = {}
        for item in prepared:
            key = (item.model_context, item.source.window.start_token)
            per_window[key] = per_window.get(key, 0) + 1

        def order(item: _Prepared) -> tuple[int, int, str, int, int]:
            key = (item.model_context, item.source.window.start_token)
            size = per_window[key] if shared else 0
            return (item.source.passage_length, size, item.model_context if shared else "", key[1], item.index)

        batch: list[_Prepared] = []
        for item in sorted(prepared, key=order):
            longest = max(len(other.source) for other in (item, *batch))
            if batch and self._request_tokens(longest, width) * (len(batch) + 1) > self._max_batch_tokens:
                yield batch
                batch = []
            batch.append(item)
        if batch:
            yield batch

    def _request_tokens(self, source_tokens: int, width: int) -> int:
        """What a request holds in memory: in `recurrent` every beam is a full row, in `prefix` beams share the source.

        The question's room counts in both, so that a batch of very short passages does not grow to thousands of rows,
        each with the probabilities of a whole vocabulary.
        """
        question_tokens = self._checkpoint.input_format.max_question_tokens + 1
        if self._checkpoint.input_format.attention is Attention.RECURRENT:
            return width * (source_tokens + question_tokens)
        return source_tokens + width * question_tokens

    def _decode(self, batch: list[_Prepared], width: int) -> list[list[Hypothesis]]:
        checkpoint, settings = self._checkpoint, self._settings
        sources = [item.source for item in batch]
        cap = checkpoint.input_format.max_question_tokens
        max_steps = min(cap, settings.max_question_tokens or cap)
        stepper = self._stepper(sources, max_steps)
        constraints = Constraints(checkpoint.tokenizer, sources, settings, checkpoint.model.config.vocab_size)
        count = len(batch)
        if settings.sample:
            generators = [_draws(settings.seed, item) for item in batch]
            found = decode_rows(
                stepper,
                constraints,
                settings,
                request_count=count,
                width=width,
                max_steps=max_steps,
                generators=generators,
            )
            return [sorted(row, key=lambda hypothesis: -hypothesis.mean_log_probability) for row in found]
        if width == 1:
            return decode_rows(stepper, constraints, settings, request_count=count, width=1, max_steps=max_steps)
        return beam_search(stepper, constraints, settings, width=width, request_count=count, max_steps=max_steps)

    def _stepper(self, sources: Sequence[Source], max_steps: int) -> Stepper:
        model, tokenizer = self._checkpoint.model, self._checkpoint.tokenizer
        mask_id, pad_id = int(tokenizer.mask_token_id), int(tokenizer.pad_token_id)
        if self._bert is not None:
            return PrefixStepper(self._bert, sources, mask_id, pad_id, max_steps)
        return RecurrentStepper(model, sources, mask_id, pad_id)

    def _questions(self, prepared: _Prepared, hypotheses: Sequence[Hypothesis]) -> list[Question]:
        """Spell the hypotheses; equal texts once, the better first."""
        questions: dict[str, Question] = {}
        for hypothesis in hypotheses:
            text = question_text(
                self._checkpoint.tokenizer, hypothesis.token_ids, prepared.source, prepared.model_context
            )
            if not text:
                continue
            if prepared.simplified:
                text = to_simplified(text)
            if text not in questions:
                questions[text] = Question(
                    text=text,
                    answer_text=prepared.request.answer_text,
                    answer_start_char=prepared.request.answer_start_char,
                    mean_log_probability=hypothesis.mean_log_probability,
                    context_was_cut=prepared.source.context_was_cut,
                    finished=hypothesis.finished,
                )
        return list(questions.values())

    def _score(self, batch: list[_Prepared], questions: Sequence[str]) -> list[float]:
        """Mean log-probability of each question after its source; one packed row each, or one row per token."""
        checkpoint = self._checkpoint
        mask_id, pad_id = int(checkpoint.tokenizer.mask_token_id), int(checkpoint.tokenizer.pad_token_id)
        rows: list[Row] = []
        lengths = []
        for item, question in zip(batch, questions, strict=True):
            target, _ = question_target(checkpoint.tokenizer, checkpoint.input_format, question)
            lengths.append(len(target))
            if checkpoint.input_format.attention is Attention.PREFIX:
                rows.append(packed_row([item.source], [target], mask_id))
            else:
                rows += recurrent_rows(item.source, target, mask_id)
        gains: list[torch.Tensor] = []
        for at in range(0, len(rows), _SCORED_ROWS):
            scored = collate(rows[at : at + _SCORED_ROWS], pad_id).to(checkpoint.model.device)
            logits = torch.log_softmax(mask_logits(checkpoint.model, scored.inputs).float(), dim=-1)
            gains.append(logits.gather(1, scored.targets[:, None])[:, 0])
        return [float(part.mean()) for part in torch.cat(gains).split(lengths)]


def _draws(seed: int, item: _Prepared) -> torch.Generator:
    """A generator that depends on the seed and the request alone, so that batching does not change what is drawn."""
    request = item.request
    told = f"{seed}\n{request.answer_start_char}\n{request.answer_text}\n{request.context}"
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(told.encode()).digest()[:8], "big") >> 1)
