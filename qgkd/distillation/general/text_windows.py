"""Text files as windows of tokens on disk, so that neither text nor tokens have to fit into memory.

Comes in: text files, a tokenizer. Goes out: `TextWindows`, read from an Arrow file that is mapped into memory:

    windows.arrow   a column `ids`, a list of token ids a row, without [CLS] and [SEP]
    counts.npy      [V], how often each token occurs
    about.json      what the windows depend on; written last

A literal example: 1 GB of Chinese text is about 3 million windows of 126 tokens, 1.6 GB on disk, a few MB in memory.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qgkd.errors import UserError
from qgkd.files.fingerprint import file_sha256
from qgkd.files.json_files import write_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_Item = TypeVar("_Item")
_LINES_AT_ONCE = 1000
_WINDOWS_PER_BATCH = 1024
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass(frozen=True)
class TextWindows:
    """Windows of equal length, the last one shorter."""

    reader: Any
    counts: NDArray[np.int64]  # [V]
    about: dict[str, Any]

    def __len__(self) -> int:
        return int(self.about["windows"])

    def __getitem__(self, place: int) -> NDArray[np.int64]:
        batch, row = divmod(place, _WINDOWS_PER_BATCH)
        return np.asarray(self.reader.get_batch(batch).column(0)[row].values, np.int64)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each window."""
        found = np.full(len(self), int(self.about["window_tokens"]), np.int64)
        found[-1] = int(self.about["last_tokens"])
        return found


def text_windows(
    paths: Sequence[str], tokenizer: PreTrainedTokenizerFast, window_tokens: int, folder: Path
) -> TextWindows:
    """The windows in a folder, written if they are not there.

    Raises:
        UserError: A file that cannot be read, no text in any, or a folder with windows of other files.
    """
    about = {
        "files": {path: _digest(path) for path in paths},
        "vocabulary": hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode()).hexdigest(),
        "window_tokens": window_tokens,
    }
    path = folder / "about.json"
    if path.is_file():
        recorded = json.loads(path.read_text("utf-8"))
        if differing := [key for key in about if recorded.get(key) != about[key]]:
            raise UserError(
                f"{folder}: expected the windows of this run, found other {differing[0]}; delete the folder"
            )
    else:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, {**about, **_write(paths, tokenizer, window_tokens, folder)})
    import pyarrow as pa

    reader = pa.ipc.open_file(pa.memory_map(str(folder / "windows.arrow")))
    return TextWindows(reader, np.load(folder / "counts.npy"), json.loads(path.read_text("utf-8")))


def _write(
    paths: Sequence[str], tokenizer: PreTrainedTokenizerFast, window_tokens: int, folder: Path
) -> dict[str, int]:
    import pyarrow as pa

    schema = pa.schema([("ids", pa.list_(pa.int32()))])
    counts, windows, last = np.zeros(len(tokenizer), np.int64), 0, 0
    with pa.OSFile(str(folder / "windows.arrow"), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        stream = _windows((ids for path in paths for ids in _tokens(path, tokenizer)), window_tokens)
        for part in _batches(stream, _WINDOWS_PER_BATCH):
            writer.write_batch(pa.record_batch([pa.array(part, pa.list_(pa.int32()))], schema=schema))
            counts += np.bincount(np.concatenate(part), minlength=len(counts))
            windows, last = windows + len(part), len(part[-1])
    if not windows:
        raise UserError(f"{', '.join(paths)}: expected text to learn from, found none; give other files")
    np.save(folder / "counts.npy", counts)
    return {"windows": windows, "last_tokens": last}


def _windows(parts: Iterable[NDArray[np.int32]], window_tokens: int) -> Iterator[NDArray[np.int32]]:
    """Cut a stream of tokens, the rest at its end included."""
    held = np.zeros(0, np.int32)
    for part in parts:
        held = np.concatenate([held, part])
        whole = len(held) // window_tokens * window_tokens
        yield from held[:whole].reshape(-1, window_tokens)
        held = held[whole:]
    if len(held):
        yield held


def _tokens(path: str, tokenizer: PreTrainedTokenizerFast) -> Iterator[NDArray[np.int32]]:
    for lines in _batches(_lines(path), _LINES_AT_ONCE):
        encoded = tokenizer(list(lines), add_special_tokens=False, return_attention_mask=False, verbose=False)
        yield np.asarray([token for ids in encoded["input_ids"] for token in ids], np.int32)


def _lines(path: str) -> Iterator[str]:
    """The lines that say something."""
    opened = _OPENERS.get(Path(path).suffix, open)
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from (line.strip() for line in file if line.strip())
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
        raise UserError(f"{path}: expected a text file in UTF-8, but: {error}; correct general.text") from error


def _batches(items: Iterable[_Item], count: int) -> Iterator[list[_Item]]:
    remaining = iter(items)
    while part := list(islice(remaining, count)):
        yield part


def _digest(path: str) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise UserError(f"{path}: expected a text file, but: {error.strerror}; correct general.text") from error
