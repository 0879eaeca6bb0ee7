"""Question tokens back to text: the passage's spelling, its spaces, its unknown characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import SPECIAL
from transformers import BertTokenizerFast

from qgkd.decoding.surface import longest_copy, question_text
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.source import PassageEncoder
from qgkd.model_input.tokens import tokenize

CHARACTERS = "在港口的是誰人詩來畫家去了寫公司尺年？，。：、《》.,%#-/:"
WORDS = ["new", "##ton", "##t", "##on", "york", "apple", "iphone", "12", "1", "3", "5", "14", "234", "cafe", "muller"]
WORDS += ["лев", "толстои", "18", "##67", "##02", "m", "[", "]", "mask", "hello", "x"]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> BertTokenizerFast:
    folder = tmp_path_factory.mktemp("tokenizer")
    vocabulary = [*SPECIAL, *CHARACTERS, *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    assert len(tokenizer) == len(vocabulary)
    return tokenizer


def spell(tokenizer: BertTokenizerFast, passage: str, tokens: list[str]) -> str | None:
    """Spell tokens after a passage whose first character is the answer."""
    ids = tokenizer.convert_tokens_to_ids(tokens)
    assert [t for t, i in zip(tokens, ids, strict=True) if i == tokenizer.unk_token_id and t != "[UNK]"] == []
    source = PassageEncoder(tokenizer, InputFormat(), passage).source(0, 1)
    return question_text(tokenizer, ids, source, passage)


@pytest.mark.parametrize(
    ("passage", "tokens", "expected"),
    [
        # Latin case and word pieces come from the passage
        ("Newton在Apple", ["apple", "的", "new", "##ton", "？"], "Apple的Newton？"),
        ("Newton在Apple", ["new", "york"], "New york"),
        ("港口", ["new", "##t", "##on", "是", "誰"], "newton是誰"),
        # spaces: kept between Latin words, none beside Chinese, layout dropped
        ("在 New  York 的港口", ["new", "york", "的", "港"], "New York的港"),
        ("在New\nYork的\n港口", ["york", "的", "港", "口"], "York的港口"),
        ("在New\nYork的\n港口", ["new", "york", "的"], "New York的"),
        ("Apple在港口", ["apple", "hello"], "Apple hello"),
        ("港口", ["hello", "12", "年", "12", "x"], "hello 12年12 x"),
        ("港\u3000口", ["港", "口"], "港口"),
        # accented and Cyrillic words are words too
        ("港Café Müller的", ["cafe", "muller", "的"], "Café Müller的"),
        ("港Café在港Müller的", ["cafe", "muller"], "Café Müller"),
        ("港Лев Толстой", ["лев", "толстои", "是", "誰"], "Лев Толстой是誰"),
        # numbers with separators
        ("港1,234.5公尺", ["1", ",", "234", ".", "5", "公", "尺"], "1,234.5公尺"),
        ("港口", ["3", ".", "14", "%"], "3.14%"),
        ("港3.14", ["3", ".", "14", "是"], "3.14是"),
        ("港iPhone 12的", ["iphone", "12"], "iPhone 12"),
        ("港12:14", ["12", ":", "14"], "12:14"),
        # parts of a number copied from elsewhere
        ("港1867年", ["18", "##67", "年"], "1867年"),
        ("港1867年", ["18", "##02", "年"], "1802年"),
        # unknown characters
        ("詩人龘來", ["人", "[UNK]", "是", "誰"], "人龘是誰"),
        ("詩人龘來。畫家龗去了", ["畫", "家", "[UNK]"], "畫家龗"),
        ("詩人龘來。畫家龗去了", ["家", "[UNK]", "寫"], "家龗寫"),
        ("詩人龘龗來", ["人", "[UNK]", "[UNK]", "來"], "人龘龗來"),
        ("詩人Ωmega來", ["人", "[UNK]", "來"], "人Ωmega來"),
        ("詩人龘來", ["來", "[UNK]"], None),  # no unknown character follows 來
        ("詩人來", ["人", "[UNK]"], None),
        # text that looks like the tokenizer's markers
        ("港## 港", ["#", "#", "港"], "##港"),
        ("##港口", ["#", "#", "港", "口", "是"], "##港口是"),
        ("港[MASK]口", ["[", "mask", "]", "口"], "[MASK]口"),
        ("港", [], ""),
    ],
)
def test_spelling(tokenizer: BertTokenizerFast, passage: str, tokens: list[str], expected: str | None) -> None:
    assert spell(tokenizer, passage, tokens) == expected


def test_the_passage_survives_the_round_trip(tokenizer: BertTokenizerFast) -> None:
    for text in ["港口的iPhone 12是Newton的", "詩人龘在New York", "1,234.5公尺", "《詩》，畫家去了。", "Café Müller"]:
        passage = f"誰。{text}"
        source = PassageEncoder(tokenizer, InputFormat(), passage).source(0, 1)
        assert question_text(tokenizer, tokenize(tokenizer, text).ids, source, passage) == text


def test_longest_copy_prefers_length_then_the_first(tokenizer: BertTokenizerFast) -> None:
    passage = "港口，港口的，港口的詩"
    source = PassageEncoder(tokenizer, InputFormat(), passage).source(0, 1)
    ids = tokenizer.convert_tokens_to_ids(["港", "口", "的", "詩"])
    assert longest_copy(ids, 0, source) == (8, 4)
    assert longest_copy(ids[:2], 0, source) == (1, 2)
    assert longest_copy(tokenizer.convert_tokens_to_ids(["12"]), 0, source) == (0, 0)


def test_the_answer_segment_is_not_copied_from(tokenizer: BertTokenizerFast) -> None:
    """Its tokens have no offsets: a run must not go on from the passage into it."""
    passage = "詩港"
    source = PassageEncoder(tokenizer, InputFormat(), passage).source(0, 1)
    ids = tokenizer.convert_tokens_to_ids(["港", "[SEP]", "詩"])
    assert longest_copy(ids, 0, source) == (2, 1)


def test_other_tokenizers_use_their_own_decoder(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = ["<s>", "</s>", "<unk>", "<mask>", "<pad>", *alphabet]
    backend = Tokenizer(models.BPE({name: n for n, name in enumerate(names)}, [], unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = {"cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>", "pad_token": "<pad>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", **special)
    passage = "港口在New York。"
    source = PassageEncoder(tokenizer, InputFormat(), passage).source(0, 2)
    assert question_text(tokenizer, tokenize(tokenizer, "誰在New York？").ids, source, passage) == "誰在New York？"
    assert question_text(tokenizer, [tokenizer.unk_token_id], source, passage) is None
