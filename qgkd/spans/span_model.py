"""The span model in use: proposes answers of a passage, and answers questions about one.

Comes in: text of any length in either script. Goes out: scored candidates; `Reading`s.

A literal example: `load_span_model(folder).read([("誰設計了燈塔？", context)])[0].best()`
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.answers.span_candidates import SpanCandidates
from qgkd.checkpoints.lean_tokenizer import read_lean_tokenizer
from qgkd.checkpoints.record import RECORD_NAME, read_record
from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.errors import UserError
from qgkd.model_input.tokens import TokenizedText, tokenize
from qgkd.model_input.window import Window
from qgkd.spans.heads import SpanOutput
from qgkd.spans.network import read_span_network
from qgkd.spans.reading import Reading, WindowLogits
from qgkd.spans.rows import SpanInput, SpanRow, SpecialIds, pad_span_rows, question_row, window_row
from qgkd.spans.windows import place_candidates, span_windows
from qgkd.text.script import Script, detect_script, to_traditional_aligned

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Network = Callable[[SpanInput], SpanOutput]

_ROWS_PER_PASS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanFormat:
    """Lengths in tokens."""

    max_total_tokens: int = 320
    """Of a row."""
    max_question_tokens: int = 48
    """Longer questions are cut."""
    max_answer_tokens: int = 64
    """Of an answer that is read."""

    @property
    def window_tokens(self) -> int:
        """A window behind the longest question; a window alone has the same length, so that both are one text."""
        return self.max_total_tokens - self.max_question_tokens - 3

    def to_json(self) -> dict[str, int]:
        """Plain values for `qgkd.json`."""
        return asdict(self)


class SpanModel:
    """See the module.

    Args:
        network: `SpanNetwork`, or the one in training.
        tokenizer: A fast BERT tokenizer.
        span_format: What the network was trained with.
        traditional_only: Whether Simplified text is converted for it.
        name: For tables.
    """

    def __init__(
        self,
        network: Network,
        tokenizer: PreTrainedTokenizerFast,
        span_format: SpanFormat,
        *,
        traditional_only: bool = True,
        name: str = "span model",
    ) -> None:
        self.name = name
        self._network, self._tokenizer, self._format = network, tokenizer, span_format
        self._traditional_only = traditional_only
        self._special = special_ids(tokenizer)

    @torch.inference_mode()
    def candidate_scores(self, context: str, candidates: SpanCandidates) -> NDArray[np.float32]:
        """How likely a person is to ask about each candidate.

        Returns:
            [N], logarithms, comparable within the passage; minus infinity for a candidate without tokens.
        """
        tokens = self._tokens(context)
        windows = span_windows(tokens, self._format.window_tokens)
        placed = place_candidates(candidates, tokens, windows)
        scores = np.full(len(candidates), -np.inf, np.float32)
        rows = [window_row(tokens.ids[w.start_token : w.end_token], self._special) for w in windows]
        for first in range(0, len(rows), _ROWS_PER_PASS):
            (own,) = np.nonzero((placed.windows >= first) & (placed.windows < first + _ROWS_PER_PASS))
            starts = np.asarray([w.start_token - 1 for w in windows])[placed.windows[own]]
            places = (placed.windows[own] - first, placed.first_tokens[own] - starts, placed.last_tokens[own] - starts)
            features = candidates.features[placed.candidates[own]]
            output = self._run(rows[first : first + _ROWS_PER_PASS], np.stack(places, axis=1), features)
            scores[placed.candidates[own]] = output.span_scores.cpu().numpy()
        return scores

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
        """Read a passage for a question, pair by pair: (question, context)."""
        prepared = [self._question_rows(question, context) for question, context in pairs]
        logits = iter(self._logits([row for _, _, rows in prepared for row in rows]))
        readings = []
        for (_, context), (tokens, windows, _) in zip(pairs, prepared, strict=True):
            found = [_window_logits(window, *next(logits)) for window in windows]
            readings.append(
                Reading(context=context, tokens=tokens, windows=found, max_answer_tokens=self._format.max_answer_tokens)
            )
        return readings

    def _question_rows(self, question: str, context: str) -> tuple[TokenizedText, list[Window], list[SpanRow]]:
        tokens = self._tokens(context)
        question_ids = self._tokens(question).ids[: self._format.max_question_tokens]
        windows = span_windows(tokens, self._format.window_tokens)
        rows = [question_row(question_ids, tokens.ids[w.start_token : w.end_token], self._special) for w in windows]
        return tokens, windows, rows

    @torch.inference_mode()
    def _logits(self, rows: Sequence[SpanRow]) -> Iterator[tuple[SpanRow, NDArray[np.float32]]]:
        """Each row with its logits [L, 2]; rows of similar length go together."""
        order = sorted(range(len(rows)), key=lambda place: -len(rows[place]))
        found: dict[int, NDArray[np.float32]] = {}
        for first in range(0, len(order), _ROWS_PER_PASS):
            places = order[first : first + _ROWS_PER_PASS]
            logits = self._run([rows[place] for place in places]).answer_logits.cpu().numpy()
            found.update(zip(places, logits, strict=True))
        for place, row in enumerate(rows):
            yield row, found[place]

    def _run(self, rows: Sequence[SpanRow], spans: NDArray[np.int64] | None = None, features: Any = None) -> SpanOutput:
        inputs = pad_span_rows(rows, self._special.pad_id, spans, features)
        device = next(cast(Any, self._network).parameters()).device
        return self._network(inputs.to(device))

    def _tokens(self, text: str) -> TokenizedText:
        """The text's tokens, in the script that the network knows; offsets are those of the text as it is."""
        if self._traditional_only and detect_script(text) is Script.SIMPLIFIED:
            text = to_traditional_aligned(text)
        return tokenize(self._tokenizer, text)


def special_ids(tokenizer: Any) -> SpecialIds:
    """The special tokens of a BERT tokenizer."""
    return SpecialIds(
        cls_id=int(tokenizer.cls_token_id), sep_id=int(tokenizer.sep_token_id), pad_id=int(tokenizer.pad_token_id)
    )


def _window_logits(window: Window, row: SpanRow, logits: NDArray[np.float32]) -> WindowLogits:
    own = logits[row.window_start : row.window_start + len(window)]
    return WindowLogits(window=window, no_answer=float(logits[0].sum()), start=own[:, 0], end=own[:, 1])


@functools.lru_cache(maxsize=2)
def load_span_model(folder: str) -> SpanModel:
    """Load a span model once.

    Raises:
        UserError: There is none in the folder, or it is damaged.
    """
    record = read_record(folder, local_only=True)
    if "spans" not in record:
        raise UserError(
            f"{folder}: expected a span model, with `spans` in its {RECORD_NAME}, found none; train one with "
            "`qgkd spans train`"
        )
    tokenizer: Any = read_lean_tokenizer(folder) or load_tokenizer(folder)
    return SpanModel(
        read_span_network(folder),
        tokenizer,
        SpanFormat(**record["spans"]),
        traditional_only=record.get("script") == "traditional",
        name=Path(folder).name,
    )
