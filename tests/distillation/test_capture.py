"""What is captured is what the model computed, under every attention implementation, and what is not is an error."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from accelerate.utils import convert_outputs_to_fp32
from distill_batches import batch_of, question_rows, tiny_distilbert
from tiny_model import tiny_bert, tiny_tokenizer
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from transformers import AlbertConfig, AlbertForMaskedLM, ElectraConfig, ElectraForMaskedLM

from qgkd.checkpoints.encoder import EncoderShape, encoder_layers, encoder_shape, layers_name
from qgkd.checkpoints.masked_lm import model_inputs
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.capturing_model import CapturingModel
from qgkd.distillation.teachers.hooks import recording
from qgkd.distillation.teachers.teacher import Teacher
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch, collate
from qgkd.training.model import TrainingModel

ALL = Needs(
    logits=True,
    hidden_states=frozenset({0, 1, 2}),
    attention=frozenset({1, 2}),
    values=frozenset({1, 2}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokenizer")


@pytest.fixture(scope="module")
def vocab_size(folder: Path) -> int:
    return len(tiny_tokenizer(folder))


def build(kind: str, vocab_size: int, attn_implementation: str):
    make = tiny_bert if kind == "bert" else tiny_distilbert
    return make(vocab_size, attn_implementation=attn_implementation)


@pytest.mark.parametrize("attn_implementation", ["sdpa", "eager"])
@pytest.mark.parametrize(
    ("kind", "attention", "layout"),
    [
        ("bert", "prefix", "marked"),
        ("bert", "prefix", "shared"),
        ("bert", "recurrent", "marked"),
        ("distilbert", "recurrent", "marked"),
    ],
)
def test_captured_is_what_eager_attention_computes(
    folder: Path, vocab_size: int, kind: str, attention: str, layout: str, attn_implementation: str
) -> None:
    rows = question_rows(folder, attention=attention, layout=layout)
    batch, row_batch = batch_of(rows), collate(rows, pad_id=0)
    model = build(kind, vocab_size, attn_implementation)
    with torch.no_grad():
        capture = CapturingModel(model, ALL)(batch.inputs)
        eager = build(kind, vocab_size, "eager")
        expected = eager.base_model(
            **model_inputs(eager, row_batch.inputs), output_hidden_states=True, output_attentions=True
        )
    assert len(expected.attentions) == 2
    real = batch.inputs.blocks != 0
    for layer in (0, 1, 2):
        torch.testing.assert_close(
            capture.hidden_state(layer)[real], expected.hidden_states[layer][real], atol=1e-5, rtol=0
        )
    for layer in (1, 2):
        probabilities = expected.attentions[layer - 1]
        scores = capture.attention_scores(layer) + row_batch.inputs.attention_mask(torch.float32)
        torch.testing.assert_close(scores.softmax(dim=-1), probabilities, atol=1e-5, rtol=0)
        torch.testing.assert_close(capture.attention_probabilities(layer), probabilities, atol=1e-5, rtol=0)
        allowed = (row_batch.inputs.attention_mask(torch.float32) == 0).expand_as(probabilities[:, :1])
        assert torch.equal(capture.allowed_cells().expand_as(allowed), allowed)
        context = (probabilities @ capture.value_states[layer]).transpose(1, 2).flatten(2)
        assert context.shape == capture.hidden_state(layer).shape
    torch.testing.assert_close(capture.logits, TrainingModel(model)(batch.inputs).logits)


def test_transformers_own_attentions_cannot_be_used(folder: Path, vocab_size: int) -> None:
    """The two traps that hooks avoid: nothing under sdpa, probabilities after dropout under eager."""
    row_batch = collate(question_rows(folder), pad_id=0)
    sdpa, eager = tiny_bert(vocab_size), tiny_bert(vocab_size, attn_implementation="eager").train()
    assert not any(
        torch.is_tensor(part)
        for part in sdpa(**model_inputs(sdpa, row_batch.inputs), output_attentions=True).attentions or ()
    )
    dropped = eager(**model_inputs(eager, row_batch.inputs), output_attentions=True).attentions[0]
    assert not torch.allclose(dropped.sum(dim=-1), torch.ones(()), atol=1e-3)
    capture = CapturingModel(eager, ALL)(batch_of(question_rows(folder)).inputs)
    sums = capture.attention_probabilities(1).sum(dim=-1)
    torch.testing.assert_close(sums, torch.ones_like(sums))


def test_one_row_without_padding(folder: Path, vocab_size: int) -> None:
    """transformers drops the mask altogether where nothing is padded."""
    batch = batch_of(question_rows(folder, attention="recurrent", count=1))
    capture = CapturingModel(tiny_bert(vocab_size), ALL)(batch.inputs)
    assert bool(capture.allowed_cells().all())
    assert capture.attention_probabilities(1).shape == (1, 2, *batch.inputs.input_ids.shape[-1:] * 2)


def test_only_what_is_needed_is_captured(folder: Path, vocab_size: int) -> None:
    batch, model = batch_of(question_rows(folder)), tiny_bert(vocab_size)
    capturing = CapturingModel(model, Needs(logits=True))
    assert set(capturing(batch.inputs)) == {"logits"}
    capturing.needs = Needs(hidden_states=frozenset({2}))
    capture = capturing(batch.inputs)
    assert set(capture.hidden_states) == {2}
    assert capture.query_states is None
    capturing.needs = Needs(attention=frozenset({1}))
    capture = capturing(batch.inputs)
    assert (set(capture.query_states), set(capture.key_states)) == ({1}, {1})
    assert capture.value_states is None
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_what_was_not_captured_is_an_error(vocab_size: int) -> None:
    capture = DistillCapture(logits=torch.zeros(1, 3), hidden_states={1: torch.zeros(1, 2, 4)})
    with pytest.raises(ValueError, match=r"hidden state of layer 2, captured were those of layers \[1\]"):
        capture.hidden_state(2)
    with pytest.raises(ValueError, match="query of layer 1"):
        capture.attention_scores(1)
    states = {1: torch.zeros(1, 2, 3, 4)}
    with pytest.raises(ValueError, match="attention mask"):
        DistillCapture(query_states=states, key_states=states).attention_probabilities(1)
    model = tiny_bert(vocab_size)
    for needs in (Needs(hidden_states=frozenset({3})), Needs(attention=frozenset({0}))):
        with pytest.raises(ValueError, match="expected layers from"), recording(model, needs):
            pass
    with recording(model, ALL) as seen, pytest.raises(RuntimeError, match="hidden states"):
        seen.capture()


def test_hooks_are_gone_after_a_failure(vocab_size: int) -> None:
    model = tiny_bert(vocab_size)
    with pytest.raises(IndexError), recording(model, ALL):
        model(torch.tensor([[vocab_size + 1]]))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize("reentrant", [True, False])
def test_activation_checkpointing(folder: Path, vocab_size: int, reentrant: bool) -> None:
    """Recomputed activations give the same gradients, or an error: never none."""
    batch = batch_of(question_rows(folder))

    def loss_of(capturing: CapturingModel) -> torch.Tensor:
        capture = capturing(batch.inputs)
        return capture.attention_scores(1).square().mean() + capture.hidden_state(2).square().mean()

    def gradients(model: nn.Module) -> dict[str, torch.Tensor]:
        return {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}

    plain, checkpointed = tiny_bert(vocab_size), tiny_bert(vocab_size)
    for model in (plain, checkpointed):
        for module in model.modules():
            module.p = 0.0 if isinstance(module, nn.Dropout) else getattr(module, "p", None)
        model.train()
    loss_of(CapturingModel(plain, ALL)).backward()
    checkpointed.activation_checkpointing_enable({"use_reentrant": reentrant})
    capturing = CapturingModel(checkpointed, ALL)
    if reentrant:
        with pytest.raises(RuntimeError, match="use_reentrant=False"):
            loss_of(capturing)
        return
    loss_of(capturing).backward()
    expected = gradients(plain)
    assert "bert.encoder.layer.0.attention.self.query.weight" in expected
    assert gradients(checkpointed).keys() == expected.keys()
    for name, gradient in gradients(checkpointed).items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-6, rtol=1e-4)


def test_mixed_precision_hands_the_capture_on(folder: Path, vocab_size: int) -> None:
    """accelerate converts outputs to float32 and must find every tensor of the capture."""
    capturing = CapturingModel(tiny_bert(vocab_size), ALL)
    inputs = batch_of(question_rows(folder)).inputs
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = capturing(inputs)
        capture = convert_outputs_to_fp32(capturing.forward)(inputs)
    assert low.query_states[1].dtype is torch.bfloat16
    assert low.attention_scores(1).dtype is torch.float32
    assert isinstance(capture, DistillCapture)
    assert capture.query_states[1].dtype is torch.float32
    assert capture.allowed_cells().dtype is torch.bool
    alone = convert_outputs_to_fp32(lambda: DistillCapture(hidden_states={1: torch.ones(1, dtype=torch.bfloat16)}))()
    assert alone.hidden_state(1).dtype is torch.float32


def test_wrappers_see_projections(folder: Path, vocab_size: int, tmp_path: Path) -> None:
    """DDP finds the parameters of a projection through the capture, and the model's own weights stay its own."""
    maps = {"hidden_state_mse": nn.ModuleDict({"1": nn.Linear(16, 24, bias=False), "2": nn.Linear(16, 24, bias=False)})}
    capturing = CapturingModel(tiny_bert(vocab_size), ALL, maps)
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/rendezvous", rank=0, world_size=1)
    try:
        wrapped = DistributedDataParallel(capturing, find_unused_parameters=True)
        capture = wrapped(batch_of(question_rows(folder)).inputs)
        sum(state.sum() for state in capture.projected_states["hidden_state_mse"].values()).backward()
    finally:
        torch.distributed.destroy_process_group()
    assert capture.projected_states["hidden_state_mse"][2].shape[-1] == 24
    assert maps["hidden_state_mse"]["1"].weight.grad is not None
    assert not any("projection" in name for name in capturing.model.state_dict())
    assert {name for name in capturing.state_dict() if not name.startswith("model.")} == {
        "projections.hidden_state_mse.1.weight",
        "projections.hidden_state_mse.2.weight",
    }


def test_the_teacher_is_only_asked(folder: Path, vocab_size: int) -> None:
    batch, model = batch_of(question_rows(folder)), tiny_bert(vocab_size)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    teacher = Teacher(model, ALL)
    first = teacher(batch)
    model.train()  # what a trainer does to every module it can reach
    second = teacher(batch)
    assert torch.equal(first.logits, second.logits)
    assert not any(weight.requires_grad for weight in model.parameters())
    assert not any(state.requires_grad for state in (second.logits, second.hidden_state(2), second.attention_scores(1)))
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    teacher.needs = Needs(logits=True)
    assert set(teacher(batch)) == {"logits"}
    assert not isinstance(teacher, nn.Module)
    assert teacher.to("cpu").model is model


def test_encoders_by_architecture(vocab_size: int) -> None:
    shape = EncoderShape(layers=2, width=16, heads=2, outputs=vocab_size)
    assert encoder_shape(tiny_bert(vocab_size)) == encoder_shape(tiny_distilbert(vocab_size)) == shape
    assert layers_name(tiny_bert(vocab_size)) == "bert.encoder.layer"
    assert layers_name(tiny_distilbert(vocab_size)) == "distilbert.transformer.layer"
    assert layers_name(tiny_bert(vocab_size).base_model) == "encoder.layer"
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "embedding_size": 8}
    electra = ElectraForMaskedLM(ElectraConfig(vocab_size=50, num_hidden_layers=1, **sizes)).eval()
    with recording(electra, Needs(hidden_states=frozenset({0}))) as seen:
        expected = electra.base_model(torch.ones(1, 4, dtype=torch.long), output_hidden_states=True)
    torch.testing.assert_close(seen.capture().hidden_state(0), expected.hidden_states[0])  # after its own projection
    with pytest.raises(UserError, match="'albert'"):
        encoder_layers(AlbertForMaskedLM(AlbertConfig(vocab_size=50, num_hidden_layers=2, **sizes)))


def test_row_batch_and_trainer_batch_are_the_same(folder: Path) -> None:
    rows = question_rows(folder)
    batch, row_batch = batch_of(rows), collate(rows, pad_id=0)
    assert isinstance(row_batch, Batch)
    assert torch.equal(batch.inputs.input_ids, row_batch.inputs.input_ids)
    assert torch.equal(batch.inputs.scored_positions, row_batch.inputs.scored_positions)
