"""Converts a pretrained encoder into a masked language model, with our vocabulary or with its own pieces.

Comes in: an encoder and the tokens wanted, if any. Goes out: `Transplant`: a `BertForMaskedLM`, its tokenizer, and how
many tokens found their pieces. Question generators and classifiers begin from what
`convert_encoder` gives. Layers, positions and token types are taken as they are; each token takes the embedding
of the piece that says the same, else the mean of its parts', else one of its own, as strong as the others, so that no
two tokens are one. The head begins near the identity, its decoder tied.

A literal example: of 8,000 tokens 7,143 have a piece, 243 parts, 600 none.

Source: embeddings taken over where the vocabularies overlap, Gee et al. 2022 (arXiv 2212.01958), Minixhofer et al. 2022
(arXiv 2112.06598).
Differs: a token without a piece is not made of similar ones' but drawn.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from qgkd.checkpoints.piece_matching import PieceMatcher
from qgkd.checkpoints.read_encoder import read_source_encoder
from qgkd.checkpoints.record import RECORD_NAME, save_record
from qgkd.checkpoints.source_encoder import SPECIAL_TOKENS, SourceEncoder
from qgkd.errors import UserError
from qgkd.files.json_files import write_json
from qgkd.model_input.input_format import InputFormat

if TYPE_CHECKING:
    from transformers import BertForMaskedLM

_Shares = frozenset[tuple[int, Fraction]]

_SHARED_NOISE = 0.3
"""Of the embeddings' own spread, for the second token and further ones that take the same piece."""
_HEAD_BIAS = 4.0
"""GELU is the identity from about here on; the LayerNorm behind it takes the constant away."""
_LOGIT_SPREAD = 2.0
"""Standard deviation of the first logits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many tokens took which embedding."""

    whole: int = 0
    """That of a piece which says the same."""
    parts: int = 0
    """The mean of their parts'."""
    none: int = 0
    """One of their own."""
    special: int = 0
    left_out: int = 0
    """Not in the vocabulary any more: private-use characters, which say nothing to anyone else."""

    def __str__(self) -> str:
        return (
            f"{self.whole:,} tokens with a piece that says the same, {self.parts:,} with the mean of their parts, "
            f"{self.none:,} without a piece, {self.left_out:,} private-use characters left out"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transplant:
    """A transplanted model."""

    model: BertForMaskedLM
    tokenizer: Any
    coverage: Coverage
    source: str
    """The encoder's name."""

    def save(self, folder: Path, input_format: InputFormat | None = None, **lineage: Any) -> Path:
        """Write a plain model folder with its `qgkd.json`, which has a format if it is to write questions."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        record = {"transplant": {"encoder": self.source, "coverage": asdict(self.coverage)}, **lineage}
        if input_format is None:
            write_json(folder / RECORD_NAME, record)
        else:
            save_record(folder, input_format, **record)
        return folder


def convert_encoder(name_or_path: str | Path, tokens: Sequence[str] | None = None, *, seed: int = 42) -> Transplant:
    """Read a pretrained encoder and put it under a vocabulary, or keep its own pieces where none is given.

    Args:
        name_or_path: As of `read_source_encoder`.
        tokens: As of `transplant`.
        seed: Likewise.

    Raises:
        UserError: No such encoder, or a vocabulary without the special tokens.
    """
    encoder = read_source_encoder(name_or_path)
    return with_own_pieces(encoder) if tokens is None else transplant(encoder, tokens, seed=seed)


def transplant(encoder: SourceEncoder, tokens: Sequence[str], *, seed: int = 42) -> Transplant:
    """Put an encoder under a vocabulary of characters and WordPieces.

    Args:
        encoder: The encoder.
        tokens: A BERT vocabulary, `SPECIAL_TOKENS` among them, in the order of their ids.
        seed: Of the drawn embeddings, which depend on it and on the token alone.

    Raises:
        UserError: A special token is missing.
    """
    missing = sorted(set(SPECIAL_TOKENS) - set(tokens))
    if missing:
        raise UserError(f"expected a vocabulary with {', '.join(SPECIAL_TOKENS)}, found none for {missing[0]}; add it")
    kept = usable_tokens(tokens)
    words, coverage = _embeddings(encoder, kept, seed)
    return Transplant(
        model=_model(encoder, words, pad_id=kept.index("[PAD]")),
        tokenizer=_word_piece_tokenizer(kept),
        coverage=Coverage(**{**asdict(coverage), "left_out": len(tokens) - len(kept)}),
        source=encoder.name,
    )


def with_own_pieces(encoder: SourceEncoder) -> Transplant:
    """The encoder with all of its own pieces and its own tokenizer, for what reads and does not write (classification).

    The hidden states are the source's.
    """
    count = len(encoder.special)
    return Transplant(
        model=_model(encoder, encoder.words, pad_id=encoder.special["[PAD]"]),
        tokenizer=encoder.tokenizer,
        coverage=Coverage(whole=len(encoder.words) - count, special=count),
        source=encoder.name,
    )


def usable_tokens(tokens: Iterable[str]) -> list[str]:
    """Tokens without private-use characters (Unicode category Co)."""
    return [token for token in tokens if not any(unicodedata.category(character) == "Co" for character in token)]


def _embeddings(encoder: SourceEncoder, tokens: Sequence[str], seed: int) -> tuple[torch.Tensor, Coverage]:
    matcher, spread = PieceMatcher(encoder), encoder.words.std(dim=0)
    ordinary = encoder.words[[index for index, piece in enumerate(encoder.pieces) if piece]]
    mean, norm = ordinary.mean(dim=0), ordinary.norm(dim=1).mean()
    found = {token: matcher.pieces(token) for token in tokens if token not in SPECIAL_TOKENS}
    owners = _owners(encoder, found)
    counts = dict.fromkeys(("whole", "parts", "none", "special"), 0)
    rows = []
    for token in tokens:
        drawn = _draw(token, seed, encoder.words.shape[1]) * spread
        pieces = found.get(token, ())
        if token in SPECIAL_TOKENS and token in encoder.special:
            counts["special"] += 1
            rows.append(encoder.words[encoder.special[token]])
        elif pieces:
            counts["whole" if len(pieces) == 1 else "parts"] += 1
            row = encoder.words[list(pieces)].mean(dim=0)
            rows.append(row if owners[_shares(pieces)] == token else row + _SHARED_NOISE * drawn)
        else:
            counts["none"] += 1
            own = mean + drawn
            rows.append(own * (norm / own.norm()))
    return torch.stack(rows), Coverage(**counts)


def _owners(encoder: SourceEncoder, found: Mapping[str, tuple[int, ...]]) -> dict[_Shares, str]:
    """Which of the tokens with one and the same mean takes it unchanged: the one that is spelt as its pieces are."""
    owners: dict[_Shares, str] = {}
    for token, pieces in found.items():
        spelt = "".join(encoder.pieces[piece].removeprefix("##") for piece in pieces)
        exact = spelt.removeprefix(encoder.word_mark) == token.removeprefix("##")
        if _shares(pieces) not in owners or exact:
            owners[_shares(pieces)] = token
    return owners


def _shares(pieces: Sequence[int]) -> _Shares:
    """What decides the mean: each piece's share, whatever the order."""
    return frozenset((piece, Fraction(count, len(pieces))) for piece, count in Counter(pieces).items())


def _draw(token: str, seed: int, width: int) -> torch.Tensor:
    """Normal numbers that the token and the seed alone decide."""
    digest = hashlib.blake2b(f"{seed} {token}".encode(), digest_size=7).digest()
    return torch.randn(width, generator=torch.Generator().manual_seed(int.from_bytes(digest, "big")))


def _model(encoder: SourceEncoder, words: torch.Tensor, *, pad_id: int) -> BertForMaskedLM:
    from transformers import BertConfig, BertForMaskedLM

    positions = len(encoder.weights["embeddings.position_embeddings.weight"])
    config = BertConfig(
        **encoder.sizes,
        vocab_size=len(words),
        max_position_embeddings=positions,
        type_vocab_size=len(encoder.weights["embeddings.token_type_embeddings.weight"]),
        pad_token_id=pad_id,
    )
    model = BertForMaskedLM(config)
    held = {**encoder.weights, "embeddings.word_embeddings.weight": words}
    missing, unknown = model.bert.load_state_dict(held, strict=False)
    if missing or unknown:
        raise UserError(f"{encoder.name}: expected BERT's weights, found none or others for {[*missing, *unknown][0]}")
    _start_head(model, words)
    model.tie_weights()
    return model.eval()


def _start_head(model: BertForMaskedLM, words: torch.Tensor) -> None:
    """The transform near the identity, and so scaled that the first logits are neither flat nor certain."""
    head: Any = model.cls.predictions
    with torch.no_grad():
        torch.nn.init.eye_(head.transform.dense.weight)
        head.transform.dense.bias.fill_(_HEAD_BIAS)
        varying = (words - words.mean(dim=0)).norm(dim=1).mean()
        head.transform.LayerNorm.weight.fill_(_LOGIT_SPREAD / float(varying))
        head.transform.LayerNorm.bias.zero_()
        head.bias.zero_()


def _word_piece_tokenizer(tokens: Sequence[str]) -> Any:
    from transformers import BertTokenizer

    tokenizer = BertTokenizer(vocab={token: index for index, token in enumerate(tokens)})
    if len(tokenizer) != len(tokens):  # other versions of transformers ignore what they are given, without a word
        raise UserError(f"expected a tokenizer of {len(tokens)} tokens, found {len(tokenizer)}; update transformers")
    return tokenizer
