"""The lean tokenizer gives the original's tokens, and leaves unusual tokenizers to transformers."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_lean_bert import CONTEXT
from tiny_model import save_tiny_checkpoint
from transformers import AutoTokenizer

from qgkd.checkpoints.lean_tokenizer import LeanTokenizer, read_lean_tokenizer
from qgkd.checkpoints.packaged_model import packaged_model
from qgkd.model_input.tokens import is_word_piece, tokenize

TEXTS = [
    CONTEXT,
    "[SEP] 不是符號 [MASK]，也不是 [CLS]。",
    "Don't stop. it 's Ünïcode ＡＢ１２ 😀 a\u0300 \x00\ufffd 龘𠮷 ... 3.14 km/h\n\t 第二行",
    "",
]


@pytest.fixture(scope="module")
def pair() -> tuple[LeanTokenizer, Any]:
    folder = packaged_model()
    lean = read_lean_tokenizer(folder)
    assert lean is not None
    return lean, AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_and_offsets_equal_the_originals(pair: tuple[Any, Any], text: str) -> None:
    lean, original = pair
    assert tokenize(lean, text) == tokenize(original, text)


def test_everything_else_equals_the_originals(pair: tuple[Any, Any]) -> None:
    lean, original = pair
    assert len(lean) == len(original)
    assert lean.get_vocab() == original.get_vocab()
    assert sorted(lean.all_special_ids) == sorted(original.all_special_ids)
    assert is_word_piece(lean)
    for name in ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"):
        assert getattr(lean, name) == getattr(original, name)
        assert getattr(lean, f"{name}_id") == getattr(original, f"{name}_id")


def test_decoded_texts_equal_the_originals(pair: tuple[Any, Any]) -> None:
    lean, original = pair
    chance = random.Random(0)
    for _ in range(300):
        ids = [chance.randrange(len(lean)) for _ in range(chance.randrange(1, 20))]
        assert lean.decode(ids) == original.decode(ids)
        assert lean.decode(ids, skip_special_tokens=True) == original.decode(ids, skip_special_tokens=True)
        assert lean.convert_ids_to_tokens(ids) == original.convert_ids_to_tokens(ids)
        assert lean.convert_ids_to_tokens(ids[0]) == original.convert_ids_to_tokens(ids[0])


def change(folder: Path, name: str, **values: object) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer"}),
        ("tokenizer_config.json", {"do_lower_case": False}),
        ("tokenizer_config.json", {"extra_special_tokens": ["[HL]"]}),
        ("tokenizer_config.json", {"clean_up_tokenization_spaces": True}),
        ("tokenizer.json", {"decoder": None}),
        ("tokenizer.json", {"added_tokens": []}),
        ("tokenizer.json", {"model": "damaged"}),
    ],
)
def test_unusual_tokenizers_are_left_to_transformers(tmp_path: Path, name: str, values: dict[str, object]) -> None:
    folder = save_tiny_checkpoint(tmp_path / "model", attention="prefix")
    assert read_lean_tokenizer(folder) is not None
    change(folder, name, **values)
    assert read_lean_tokenizer(folder) is None


def test_damaged_files_are_left_to_transformers(tmp_path: Path) -> None:
    folder = save_tiny_checkpoint(tmp_path / "model", attention="prefix")
    path = folder / "tokenizer.json"
    path.write_bytes(path.read_bytes()[:100])
    assert read_lean_tokenizer(folder) is None
    path.unlink()
    assert read_lean_tokenizer(folder) is None


def test_generation_imports_neither_transformers_nor_a_compiler() -> None:
    code = (
        "import sys\n"
        "from qgkd.answer import AnswerSpan\nfrom qgkd.generator import GenerationRequest\n"
        "from qgkd.quiz.load_generator import load_generator\n"
        f"request = GenerationRequest(context={CONTEXT!r}, answer=AnswerSpan(text='林文海', start_char=14))\n"
        "load_generator(system='model').generate([request])\n"
        "assert 'torch' in sys.modules\n"
        "print(sorted({'transformers', 'torch._dynamo'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
