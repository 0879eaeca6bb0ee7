"""Writes questions with a masked language model: the generator behind `--system model`.

Comes in: any number of requests of any length. Goes out: a list of `Question`s per request, in the same order. Requests
are batched by length and decoded; the questions are spelt in the passage's own characters and script.

A literal example: `ModelGenerator(load_checkpoint("runs/teacher")).generate([GenerationRequest(...)])`
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.checkpoints.precision import parameter_count
from qgkd.decoding.beam import beam_search
from qgkd.decoding.constraints import Constraints
from qgkd.decoding.drafts import Drafts
from qgkd.decoding.greedy import Hypothesis, decode_rows
from qgkd.decoding.incremental_bert import IncrementalBert
from qgkd.decoding.lookup import LONGEST_DRAFT_TOKENS, decode_with_drafts
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
from qgkd.text.respelling import spelt_as_in
from qgkd.text.script import Script, detect_script, to_traditional_aligned

if TYPE_CHECKING:
    from transformers import BertForMaskedLM


_TOKENS_PER_PASS = 32  # on a CPU, arithmetic bounds larger passes: a draft's tokens cost what they save
_TOKENS_PER_PASS_ON_GPU = 4096
_SCORED_ROWS = 16  # scored together; bounds the memory, [rows * tokens, vocabulary]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A request as the model reads it: in its script, with its source tokens."""

    index: int
    request: GenerationRequest
    model_context: str
    simplified: bool
    source: Source

    @property
    def window(self) -> tuple[str, int]:
        """The stretch of text that the source holds."""
        return self.model_context, self.source.window.start_token


class ModelGenerator:
    """A `qgkd.generator.Generator` that decodes with a checkpoint.

    Args:
        checkpoint: The model, on its device and in its precision.
        settings: How to search; greedily where None.
        max_batch_tokens: Tokens per batch, padding and beams included; bounds the memory.
        drafts: Whether greedy decoding in attention mode `prefix` tries several tokens per pass, see
            `qgkd.decoding.lookup`; the questions are the same.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        settings: DecodingSettings | None = None,
        *,
        max_batch_tokens: int = 8192,
        drafts: bool = True,
    ) -> None:
        self._checkpoint = checkpoint
        self._settings = settings or DecodingSettings()
        self._max_batch_tokens = max_batch_tokens
        self.name = checkpoint.name
        self.parameters = parameter_count(checkpoint.model)
        self._mask_id = int(checkpoint.tokenizer.mask_token_id)
        self._pad_id = int(checkpoint.tokenizer.pad_token_id)
        self._bert: IncrementalBert | None = None
        if checkpoint.input_format.attention is Attention.PREFIX:
            self._bert = IncrementalBert(cast("BertForMaskedLM", checkpoint.model))
        on_cpu = checkpoint.model.device.type == "cpu"
        self._tokens_per_pass = (_TOKENS_PER_PASS if on_cpu else _TOKENS_PER_PASS_ON_GPU) if drafts else 0

    @torch.inference_mode()
    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """See `qgkd.generator.Generator.generate`; several questions are the best beams, or as many samples."""
        if questions_per_answer < 1:
            raise UserError(f"questions_per_answer must be at least 1, was {questions_per_answer}")
        questions: list[list[Question]] = [[] for _ in requests]
        width = max(self._settings.num_beams, questions_per_answer)
        for batch in self._batches(self._prepare(requests), width):
            for prepared, hypotheses in zip(batch, self._decode(batch, width), strict=True):
                questions[prepared.index] = self._questions(prepared, hypotheses)[:questions_per_answer]
        return questions

    @torch.inference_mode()
    def question_log_probabilities(
        self, requests: Sequence[GenerationRequest], questions: Sequence[str]
    ) -> list[float]:
        """Score given questions by how likely the model is to write them.

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

    def _prepare(self, requests: Sequence[GenerationRequest]) -> list[_Prepared]:
        """Build the sources; a passage is tokenised once for all of its requests."""
        wants_traditional = self._checkpoint.record.get("script") == "traditional"  # trained on Traditional text only
        encoders: dict[str, tuple[str, bool, PassageEncoder]] = {}
        prepared = []
        for index, request in enumerate(requests):
            if request.context not in encoders:
                simplified = wants_traditional and detect_script(request.context) is Script.SIMPLIFIED
                text = to_traditional_aligned(request.context) if simplified else request.context
                encoder = PassageEncoder(self._checkpoint.tokenizer, self._checkpoint.input_format, text)
                encoders[request.context] = (text, simplified, encoder)
            text, simplified, encoder = encoders[request.context]
            source = encoder.source(request.answer.start_char, request.answer.end_char)
            prepared.append(_Prepared(index, request, text, simplified, source))
        return prepared

    def _batches(self, prepared: list[_Prepared], width: int) -> Iterator[list[_Prepared]]:
        """Batch requests of similar length; in layout `shared`, requests over one window are neighbours."""
        shared = self._checkpoint.input_format.layout is Layout.SHARED
        per_window = Counter(item.window for item in prepared)

        def order(item: _Prepared) -> tuple[int, int, str, int, int]:
            context, start = item.window
            size = per_window[item.window] if shared else 0
            return (item.source.passage_length, size, context if shared else "", start, item.index)

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
        """Tokens that a request keeps in memory: `recurrent` repeats the source per beam, in `prefix` beams share it.

        The longest question is counted too: a batch of very short passages would otherwise grow to thousands of rows,
        each with log-probabilities of the whole vocabulary.
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
        constraints = Constraints(checkpoint.tokenizer, sources, settings, checkpoint.model.config.vocab_size)
        stepper: Stepper
        if self._bert is None:
            stepper = RecurrentStepper(checkpoint.model, sources, self._mask_id, self._pad_id)
        elif width == 1 and not settings.sample and self._tokens_per_pass:
            drafting = PrefixStepper(
                self._bert, sources, self._mask_id, self._pad_id, max_steps, longest_draft=LONGEST_DRAFT_TOKENS
            )
            drafts = [Drafts(checkpoint.tokenizer, source) for source in sources]
            budget = self._tokens_per_pass
            return decode_with_drafts(drafting, constraints, drafts, max_steps=max_steps, tokens_per_pass=budget)
        else:
            stepper = PrefixStepper(self._bert, sources, self._mask_id, self._pad_id, max_steps)
        sizes = {"request_count": len(batch), "width": width, "max_steps": max_steps}
        if width > 1 and not settings.sample:
            return beam_search(stepper, constraints, settings, **sizes)
        generators = [_random_generator(settings.seed, item.request) for item in batch] if settings.sample else None
        found = decode_rows(stepper, constraints, settings, **sizes, generators=generators)
        return [sorted(row, key=lambda hypothesis: -hypothesis.mean_log_probability) for row in found]

    def _questions(self, prepared: _Prepared, hypotheses: Sequence[Hypothesis]) -> list[Question]:
        """Spell the hypotheses, best first, without duplicates."""
        questions: dict[str, Question] = {}
        for hypothesis in hypotheses:
            text = question_text(
                self._checkpoint.tokenizer, hypothesis.token_ids, prepared.source, prepared.model_context
            )
            if not text:
                continue
            if prepared.simplified:
                text = spelt_as_in(prepared.request.context, prepared.model_context, text)
            question = Question(
                text=text,
                answer=prepared.request.answer,
                mean_log_probability=hypothesis.mean_log_probability,
                context_was_cut=prepared.source.context_was_cut,
                finished=hypothesis.finished,
            )
            questions.setdefault(text, question)
        return list(questions.values())

    def _score(self, batch: list[_Prepared], questions: Sequence[str]) -> list[float]:
        """Mean log-probability of each question given its source; by one packed row each, or one row per token."""
        checkpoint = self._checkpoint
        rows: list[Row] = []
        lengths = []
        for item, question in zip(batch, questions, strict=True):
            target, _ = question_target(checkpoint.tokenizer, checkpoint.input_format, question)
            lengths.append(len(target))
            if checkpoint.input_format.attention is Attention.PREFIX:
                rows.append(packed_row([item.source], [target], self._mask_id))
            else:
                rows += recurrent_rows(item.source, target, self._mask_id)
        token_log_probabilities: list[torch.Tensor] = []
        for at in range(0, len(rows), _SCORED_ROWS):
            scored = collate(rows[at : at + _SCORED_ROWS], self._pad_id).to(checkpoint.model.device)
            log_probabilities = torch.log_softmax(mask_logits(checkpoint.model, scored.inputs).float(), dim=-1)
            token_log_probabilities.append(log_probabilities.gather(1, scored.targets[:, None])[:, 0])
        return [float(part.mean()) for part in torch.cat(token_log_probabilities).split(lengths)]


def _random_generator(seed: int, request: GenerationRequest) -> torch.Generator:
    """A generator seeded by the seed and the request alone, so that batching does not change the samples."""
    identity = f"{seed}\n{request.answer.start_char}\n{request.answer.text}\n{request.context}"
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big") >> 1)
