"""A tokenizer and BERT models small enough to build in every test; random weights that prefer different tokens."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast, set_seed

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.record import save_record
from qgkd.model_input.input_format import InputFormat

PASSAGES = (
    "燈塔建於1867年，由工程師林文海設計。林文海是港務局的職員。燈塔高42公尺，位於白沙灣的北岸。",
    "白沙灣在1867年只有三百人。後來，New York的商人來到港口，帶來茶葉與糖。今天，港口每年有五萬名旅客。",
    "港務局。",
    "詩人龘龘在1902年寫了《海》，他的朋友林文海把它譯成了法文！港口的孩子都會背。",
)
CHARACTERS = sorted(set("".join(PASSAGES) + "誰什麼哪裡時候多少？幾是的") - set("龘"))
WORD_PIECES = ["18", "##67", "42", "1902", "new", "york", "##1", "##02", "19"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused1]"]


def tiny_tokenizer(folder: Path) -> BertTokenizerFast:
    """A WordPiece tokenizer of the passages' characters; it does not know 龘."""
    vocabulary = [
        *SPECIAL,
        *(c for c in CHARACTERS if not (c.isascii() and c.isalnum()) and not c.isspace()),
        *WORD_PIECES,
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    assert len(tokenizer) == len(vocabulary)  # transformers 5 would silently make an empty tokenizer
    return tokenizer


def tiny_bert(vocab_size: int, *, seed: int = 0, layers: int = 2, attn_implementation: str = "sdpa") -> BertForMaskedLM:
    """A BERT of width 16 with 2 heads in eval mode; weights large enough that tokens predict different tokens."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=vocab_size,
        hidden_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=160,
        initializer_range=0.3,
        attn_implementation=attn_implementation,
    )
    return BertForMaskedLM(config).eval()


def tiny_checkpoint(folder: Path, *, attn_implementation: str = "sdpa", **input_format: object) -> Checkpoint:
    """A checkpoint in memory, with limits small enough that windows are cut."""
    limits = {"max_total_tokens": 160, "max_question_tokens": 12, "max_answer_tokens": 10, **input_format}
    tokenizer = tiny_tokenizer(folder)
    model = tiny_bert(len(tokenizer), attn_implementation=attn_implementation)
    return Checkpoint(name="tiny", model=model, tokenizer=tokenizer, input_format=InputFormat(**limits), record={})


def save_tiny_checkpoint(folder: Path, **input_format: object) -> Path:
    """Save the checkpoint of `tiny_checkpoint` as a folder."""
    checkpoint = tiny_checkpoint(folder, **input_format)
    checkpoint.model.save_pretrained(folder)
    checkpoint.tokenizer.save_pretrained(folder)
    save_record(folder, checkpoint.input_format)
    return folder


def save_random_bert(
    folder: Path, *, layers: int, hidden_size: int, positions: int, seed: int = 0, initializer_range: float = 0.2
) -> Path:
    """Save an untrained BERT of two heads with the tiny tokenizer, without a record."""
    tokenizer = tiny_tokenizer(folder)
    set_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * hidden_size,
        max_position_embeddings=positions,
        initializer_range=initializer_range,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
