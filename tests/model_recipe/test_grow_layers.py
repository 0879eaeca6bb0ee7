"""Layers added on top: nothing changes until they learn, and then nothing below them does."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from recipe_data import tiny_recipe
from tiny_model import save_tiny_checkpoint
from torch import nn

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.encoder import encoder_layers
from qgkd.checkpoints.student import make_student
from qgkd.decoding.generator import ModelGenerator
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.model_recipe.recipe import make_model, prepare_model
from qgkd.training.model import freeze_lower_layers

SCRIPT = Path(__file__).resolve().parents[2] / "eval" / "grow_layers.py"
CONTEXT = "燈塔建於1867年，由工程師林文海設計。"


def grow(model: Path, layers: int, out: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in this process, which has torch loaded already."""
    arguments = [str(SCRIPT), str(model), "--layers", str(layers), "--out", str(out)]
    stderr, code = io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(stderr):
        patch.setattr(sys, "argv", arguments)
        try:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        except SystemExit as end:
            code = int(end.code or 0) if not isinstance(end.code, str) else 1
            if isinstance(end.code, str):
                print(end.code, file=stderr)
    return subprocess.CompletedProcess(arguments, code, stderr=stderr.getvalue())


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Two layers whose norms have scales and shifts of their own, as trained ones have."""
    folder = save_tiny_checkpoint(tmp_path / "tiny")
    checkpoint = load_checkpoint(folder)
    torch.manual_seed(3)
    for module in checkpoint.model.modules():
        if isinstance(module, nn.LayerNorm):
            nn.init.normal_(module.weight, 1.0, 0.2)
            nn.init.normal_(module.bias, 0.0, 0.1)
    checkpoint.model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("layers", [3, 7])
def test_a_grown_model_says_what_it_said(tiny: Path, tmp_path: Path, layers: int) -> None:
    assert grow(tiny, layers, tmp_path / "grown").returncode == 0
    before, after = load_checkpoint(tiny), load_checkpoint(tmp_path / "grown")
    assert len(encoder_layers(after.model)) == after.model.config.num_hidden_layers == layers
    ids = torch.randint(6, before.model.config.vocab_size, (2, 30))
    with torch.no_grad():
        torch.testing.assert_close(after.model(ids).logits, before.model(ids).logits, rtol=1e-4, atol=1e-4)
    request = GenerationRequest(context=CONTEXT, answer=AnswerSpan(text="林文海", start_char=14))
    texts = [[q.text for q in ModelGenerator(each).generate([request])[0]] for each in (before, after)]
    assert texts[0] == texts[1]
    assert after.record["base"]["layers"] == 2
    assert after.input_format == before.input_format


def test_every_added_layer_can_learn(tiny: Path, tmp_path: Path) -> None:
    grow(tiny, 5, tmp_path / "grown")
    model = load_checkpoint(tmp_path / "grown").model
    freeze_lower_layers(model, 2)
    model(torch.randint(6, 30, (2, 30)), labels=torch.randint(6, 30, (2, 30))).loss.backward()
    for place, layer in enumerate(encoder_layers(model)):
        gradients = [part.dense.weight.grad for part in (layer.attention.output, layer.output)]
        assert all((gradient is not None and bool(gradient.any())) == (place >= 2) for gradient in gradients)
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert not any("embeddings" in name for name in learning)
    with pytest.raises(UserError, match="from 0 to below the model's 5 layers, was 5"):
        freeze_lower_layers(model, 5)


def test_dropping_the_added_layers_gives_the_model_back(tiny: Path, tmp_path: Path) -> None:
    """All but the scale and shift of its top, which have moved up."""
    grow(tiny, 4, tmp_path / "grown")
    grown, base = load_checkpoint(tmp_path / "grown").model, load_checkpoint(tiny).model
    back = make_student(grown, (1, 2)).state_dict()
    moved = {name for name, values in base.state_dict().items() if not torch.equal(values, back[name])}
    assert moved == {f"bert.encoder.layer.1.output.LayerNorm.{part}" for part in ("weight", "bias")}


def test_refusals(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for layers, out, printed in ((2, "new", "expected more than the 2 layers"), (4, "there", "expected a new folder")):
        found = grow(tiny, layers, tmp_path / out)
        assert found.returncode == 1
        assert printed in found.stderr
        assert "Traceback" not in found.stderr
    found = grow(tmp_path / "nowhere", 4, tmp_path / "new")
    assert (found.returncode, found.stderr.count("\n")) == (1, 1)
    assert "nowhere: there is no such folder" in found.stderr


def test_the_recipe_goes_on_from_it_and_keeps_its_vocabulary(tmp_path: Path) -> None:
    """A vocabulary trained anew puts equally frequent pieces in another order; the base's is taken."""
    settings = tiny_recipe(tmp_path / "data", "text.max_minutes=0", "copying.max_minutes=0")
    first = make_model(settings, tmp_path / "first", prepared=prepare_model(settings, tmp_path / "first"))
    tokenizer = json.loads((first / "tokenizer.json").read_text("utf-8"))
    words = tokenizer["model"]["vocab"]
    one, other = list(words)[-2:]
    words[one], words[other] = words[other], words[one]
    (first / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    assert grow(first, 3, tmp_path / "grown").returncode == 0

    overrides = ("text.max_minutes=0", "copying.max_minutes=0", f"model.base={tmp_path / 'grown'}",
                 "questions.frozen_layers=1")  # fmt: skip
    settings = tiny_recipe(tmp_path / "data", *overrides)
    model = make_model(settings, tmp_path / "second", prepared=prepare_model(settings, tmp_path / "second"))
    before, after = load_checkpoint(tmp_path / "grown"), load_checkpoint(model)
    assert after.tokenizer.get_vocab() == words
    state = after.model.state_dict()
    changed = {name for name, values in before.model.state_dict().items() if not torch.equal(values, state[name])}
    assert {name.split(".")[3] for name in changed if name.startswith("bert.encoder")} == {"1", "2"}
    assert not any("embeddings" in name for name in changed)
