"""Tokenised examples as flat arrays, small on disk and quick to read.

Comes in: examples, a tokenizer, the most tokens of an example. Goes out: `ExampleStore`, saved as one compressed `.npz`
and read back without tokenizer, `datasets` or Chinese tools.

A literal example: the pair `早餐很好。` and `早餐不错。` becomes `[CLS] 早 餐 很 好 。 [SEP] 早 餐 不 错 。 [SEP]`, the
second text from token 7, 13 tokens in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.word_tokenizer import readable
from qgkd.training.npz import load_arrays, save_arrays

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_ARRAYS = ("token_ids", "ends", "second_starts", "labels")
_BLOCK_EXAMPLES = 1000
_ADVICE = "delete the file and run the command again where the data is"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleStore:
    """N examples, S tokens in all."""

    token_ids: NDArray[np.int32]  # [S]
    ends: NDArray[np.int64]  # [N]: one past each example's last token
    second_starts: NDArray[np.int32]  # [N]: tokens before the second text, or the length
    labels: NDArray[np.float64]  # [N]: place of the class or score; NaN where unlabelled
    about: dict[str, Any]
    """Where the examples come from, and `examples_cut`: how many were longer than allowed."""

    def __len__(self) -> int:
        return len(self.ends)

    def ids(self, index: int) -> NDArray[np.int32]:
        """[L] token ids of an example."""
        return self.token_ids[self.ends[index - 1] if index else 0 : self.ends[index]]

    def types(self, index: int) -> NDArray[np.int32]:
        """[L] token types of an example: 0 in the first text, 1 in the second."""
        return (np.arange(self.lengths[index]) >= self.second_starts[index]).astype(np.int32)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[N] tokens."""
        return np.diff(self.ends, prepend=0)

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """[N] whether an example has a label."""
        return ~np.isnan(self.labels)

    def save(self, path: Path) -> None:
        """Write one compressed file, atomically."""
        save_arrays(path, self.about, {name: getattr(self, name) for name in _ARRAYS})

    def joined(self, other: ExampleStore) -> ExampleStore:
        """These examples and the others after them."""
        ends = np.concatenate([self.ends, other.ends + len(self.token_ids)])
        arrays = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in _ARRAYS}
        counts = {name: self.about[name] + other.about[name] for name in ("examples", "examples_cut")}
        return ExampleStore(**{**arrays, "ends": ends}, about={**self.about, **counts})

    @classmethod
    def load(cls, path: Path) -> ExampleStore:
        """Read a file back; a UserError where it is missing or damaged."""
        return cls(**load_arrays(path, _ARRAYS, "tokenised examples", _ADVICE))


def tokenise_examples(
    examples: Sequence[ClassificationExample], tokenizer: PreTrainedTokenizerFast, max_tokens: int
) -> ExampleStore:
    """Tokenise; of a pair of more than `max_tokens`, special ones included, the longer text's end is cut first."""
    ids, lengths, second_starts, labels, examples_cut = [np.zeros(0, np.int32)], [], [], [], 0
    for start in range(0, len(examples), _BLOCK_EXAMPLES):
        block = examples[start : start + _BLOCK_EXAMPLES]
        first = readable(tokenizer, [example.text_a for example in block])
        second = [example.text_b or "" for example in block] if block[0].text_b is not None else None
        second = None if second is None else readable(tokenizer, second)
        wanted = {"return_token_type_ids": True, "return_attention_mask": False}
        encoded = tokenizer(first, second, truncation=True, max_length=max_tokens, **wanted)
        examples_cut += sum(bool(item.overflowing) for item in encoded.encodings or ())
        for row_ids, types in zip(encoded["input_ids"], encoded["token_type_ids"], strict=True):
            ids.append(np.asarray(row_ids, np.int32))
            lengths.append(len(row_ids))
            second_starts.append(types.index(1) if 1 in types else len(types))
        labels += [np.nan if example.label is None else example.label for example in block]
    return ExampleStore(
        token_ids=np.concatenate(ids),
        ends=np.cumsum(np.asarray(lengths, np.int64)),
        second_starts=np.asarray(second_starts, np.int32),
        labels=np.asarray(labels, np.float64),
        about={"examples": len(examples), "examples_cut": examples_cut, "max_tokens": max_tokens},
    )
