"""Digests of files and models, to recognise what a result was made from; where they are stored does not matter.

Comes in: a data file, a model folder or a hub name. Goes out: a SHA-256 in hex.

A literal example: `file_sha256("DRCD_test.json")[:8]`
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from qgkd.errors import UserError

_MODEL_FILES = {".safetensors", ".bin", ".json", ".txt"}


def file_sha256(path: str | Path) -> str:
    """Digest of one file's bytes.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        with Path(path).open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: expected a readable file, but: {error.strerror}; check the path") from error


def model_sha256(name_or_folder: str) -> str:
    """Digest of a model folder's weights, tokenizer and settings; of the name itself for a model of the hub.

    Neither the order of files nor the folder's place matters.
    """
    folder = Path(name_or_folder)
    if not folder.is_dir():
        return hashlib.sha256(name_or_folder.encode()).hexdigest()
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in _MODEL_FILES and path.is_file():
            digest.update(f"{path.name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
