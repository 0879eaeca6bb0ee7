"""The lean BERT gives the original's numbers, and leaves unusual models to transformers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import save_tiny_checkpoint

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.lean_bert import LeanBert, read_lean_bert
from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.checkpoints.precision import parameter_count, place
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.settings import DecodingSettings
from qgkd.generator import GenerationRequest
from qgkd.model_input.batch import pad_rows
from qgkd.model_input.rows import packed_row
from qgkd.model_input.source import PassageEncoder, question_target

CONTEXT = "燈塔建於1867年，由工程師林文海設計，高12公尺。"
REQUESTS = [
    GenerationRequest(context=CONTEXT, answer=AnswerSpan(text="林文海", start_char=14)),
    GenerationRequest(context=CONTEXT, answer=AnswerSpan(text="1867年", start_char=4)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_tiny_checkpoint(tmp_path / "model", attention="prefix")


def test_packed_logits_equal_the_originals(folder: Path) -> None:
    lean, original = load_checkpoint(folder, lean=True), load_checkpoint(folder)
    assert isinstance(lean.model, LeanBert)
    assert not isinstance(original.model, LeanBert)
    encoder = PassageEncoder(original.tokenizer, original.input_format, CONTEXT)
    rows = []
    for start, end, question in ((14, 17, "由誰設計？"), (4, 9, "建於哪一年的燈塔？")):
        target, _ = question_target(original.tokenizer, original.input_format, question)
        rows.append(packed_row([encoder.source(start, end)], [target], int(original.tokenizer.mask_token_id)))
    batch = pad_rows(rows, int(original.tokenizer.pad_token_id))
    with torch.inference_mode():
        torch.testing.assert_close(mask_logits(lean.model, batch), mask_logits(original.model, batch))


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_questions_equal_the_originals(folder: Path, precision: str) -> None:
    written = []
    for lean in (True, False):
        checkpoint = place(load_checkpoint(folder, lean=lean), precision=precision, device="cpu")
        generator = ModelGenerator(checkpoint, DecodingSettings(num_beams=3, max_question_tokens=6))
        questions = generator.generate(REQUESTS, questions_per_answer=2)
        written.append([[question.text for question in per_answer] for per_answer in questions])
        likely = generator.question_log_probabilities(REQUESTS, ["由誰設計？", "建於哪一年？"])
        written.append([round(value, 2) for value in likely])
        assert parameter_count(checkpoint.model) == parameter_count(load_checkpoint(folder).model)
    assert written[:2] == written[2:]


def test_half_precision_files_become_float32(folder: Path) -> None:
    path = folder / "model.safetensors"
    save_file({name: each.half() for name, each in load_file(path).items()}, path, metadata={"format": "pt"})
    lean = read_lean_bert(folder)
    assert lean is not None
    assert {weights.dtype for weights in lean.parameters()} == {torch.float32}
    assert not lean.training


@pytest.mark.parametrize(
    "changed", [{"model_type": "roberta"}, {"hidden_act": "relu"}, {"is_decoder": True}, {"tie_word_embeddings": False}]
)
def test_other_architectures_are_left_to_transformers(folder: Path, changed: dict[str, object]) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changed}), "utf-8")
    assert read_lean_bert(folder) is None


def test_damaged_files_are_left_to_transformers(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights["bert.embeddings.LayerNorm.bias"]
    save_file(weights, path, metadata={"format": "pt"})
    assert read_lean_bert(folder) is None
    path.write_bytes(path.read_bytes()[:100])
    assert read_lean_bert(folder) is None
    path.unlink()
    assert read_lean_bert(folder) is None


def test_generation_imports_no_model_class_of_transformers(folder: Path) -> None:
    code = (
        "import sys\n"
        "from qgkd.answer import AnswerSpan\nfrom qgkd.generator import GenerationRequest\n"
        "from qgkd.quiz.load_generator import load_generator\n"
        f"request = GenerationRequest(context={CONTEXT!r}, answer=AnswerSpan(text='林文海', start_char=14))\n"
        f"load_generator(model={str(folder)!r}).generate([request])\n"
        "assert 'torch' in sys.modules\n"
        "print('transformers.modeling_utils' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
