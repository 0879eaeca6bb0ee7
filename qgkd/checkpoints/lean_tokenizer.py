"""Loads a BERT tokenizer for decoding without importing transformers, which takes a second.

Comes in: a folder with `tokenizer.json` and `tokenizer_config.json`. Goes out: a `LeanTokenizer` with the members of
`PreTrainedTokenizerFast` that decoding uses, over the same `tokenizers.Tokenizer`; None where only transformers can.

One of the six seconds of a quiz from a cold start is saved. Unusual tokenizers and broken files are left to
transformers, which also gives the error messages.

A literal example: `read_lean_tokenizer("qgkd/model")` and `AutoTokenizer.from_pretrained("qgkd/model")` give the same
tokens.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from tokenizers import Tokenizer

_SPECIAL_TOKENS = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
_NORMALIZER = {"do_lower_case": ("lowercase", True), "strip_accents": ("strip_accents", None),
               "tokenize_chinese_chars": ("handle_chinese_chars", True)}  # fmt: skip
"""Settings that are in both files: key in `tokenizer_config.json` to (key of the normalizer, default)."""
_UNSUPPORTED = {"additional_special_tokens", "extra_special_tokens", "model_specific_special_tokens",
          "clean_up_tokenization_spaces", "split_special_tokens"}  # fmt: skip
"""Settings that must be absent or empty."""


class LeanTokenizer:
    """A BERT tokenizer that neither adds special tokens, given under transformers' names, nor recognises them."""

    is_fast = True

    def __init__(self, backend: Tokenizer, special_tokens: dict[str, str]) -> None:
        self.backend_tokenizer = backend
        backend.encode_special_tokens = True
        for name, token in special_tokens.items():
            setattr(self, name, token)
            setattr(self, f"{name}_id", backend.token_to_id(token))
        self.all_special_ids = [backend.token_to_id(token) for token in special_tokens.values()]

    def __len__(self) -> int:
        return int(self.backend_tokenizer.get_vocab_size(with_added_tokens=True))

    def __call__(self, text: str, **_options: Any) -> dict[str, Any]:
        """Tokenise to ids and [start, end) character offsets, as with the options of `tokens.tokenize`."""
        encoding = self.backend_tokenizer.encode(text, add_special_tokens=False)
        return {"input_ids": encoding.ids, "offset_mapping": encoding.offsets}

    def get_vocab(self) -> dict[str, int]:
        """Every token with its id."""
        vocabulary: dict[str, int] = self.backend_tokenizer.get_vocab(with_added_tokens=True)
        return vocabulary

    @overload
    def convert_ids_to_tokens(self, ids: int) -> str: ...
    @overload
    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]: ...
    def convert_ids_to_tokens(self, ids: int | Sequence[int]) -> str | list[str]:
        """The token of an id, or the tokens of several."""
        if isinstance(ids, int):
            return str(self.backend_tokenizer.id_to_token(ids))
        return [str(self.backend_tokenizer.id_to_token(each)) for each in ids]

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """The text of token ids."""
        return str(self.backend_tokenizer.decode(list(ids), skip_special_tokens=skip_special_tokens))


def read_lean_tokenizer(folder: str | Path) -> LeanTokenizer | None:
    """Load a folder's tokenizer.

    Returns:
        The tokenizer; None where transformers must load it: another kind, more special tokens than BERT's five, or two
        files that contradict each other.
    """
    try:
        config = json.loads((Path(folder) / "tokenizer_config.json").read_text("utf-8"))
        text = (Path(folder) / "tokenizer.json").read_text("utf-8")
        parts = json.loads(text)
        names = {name: config[name] for name in _SPECIAL_TOKENS}
        if not _is_plain(config, parts, names):
            return None
        backend = Tokenizer.from_str(text)
    except Exception:  # tokenizers raises a bare Exception for a damaged file
        return None
    return LeanTokenizer(backend, names)


def _is_plain(config: dict[str, Any], parts: dict[str, Any], names: dict[str, str]) -> bool:
    normalizer = parts["normalizer"]
    return (
        str(config.get("tokenizer_class")) in ("BertTokenizer", "BertTokenizerFast")
        and parts["model"]["type"] == "WordPiece"
        and normalizer["type"] == "BertNormalizer"
        and all(normalizer[own] == config.get(key, default) for key, (own, default) in _NORMALIZER.items())
        and parts["pre_tokenizer"] == {"type": "BertPreTokenizer"}
        and parts["decoder"] == {"type": "WordPiece", "prefix": "##", "cleanup": True}
        and parts["truncation"] is None
        and parts["padding"] is None
        and {token["content"] for token in parts["added_tokens"] if token["special"]} == set(names.values())
        and len(parts["added_tokens"]) == len(names)
        and not any(config.get(key) for key in _UNSUPPORTED)
    )
