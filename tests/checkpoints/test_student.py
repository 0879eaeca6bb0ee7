"""Students: the right layers, no weights shared with the teacher, and a plain folder for transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from distill_batches import tiny_distilbert
from tiny_model import save_random_bert, save_tiny_checkpoint, tiny_bert, tiny_tokenizer
from training_examples import write_questions
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertForMaskedLM, BertForSequenceClassification

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.precision import parameter_count
from qgkd.checkpoints.record import read_record
from qgkd.checkpoints.student import Drop, kept_layers, make_student
from qgkd.cli import main
from qgkd.distillation.layer_contribution import layer_similarities
from qgkd.errors import UserError
from qgkd.files.fingerprint import model_sha256
from qgkd.reading.readers import read_examples


@pytest.mark.parametrize(
    ("drop", "teacher", "student", "kept"),
    [
        ("top", 12, 6, [1, 2, 3, 4, 5, 6]),
        ("bottom", 12, 6, [7, 8, 9, 10, 11, 12]),
        ("alternate-even", 12, 6, [1, 3, 5, 7, 9, 11]),
        ("alternate-odd", 12, 6, [2, 4, 6, 8, 10, 12]),
        ("symmetric", 12, 6, [1, 2, 3, 10, 11, 12]),
        # Four of twelve dropped, as in the paper: odd 5 7 9 11, even 6 8 10 12.
        ("alternate-odd", 12, 8, [1, 2, 3, 4, 6, 8, 10, 12]),
        ("alternate-even", 12, 8, [1, 2, 3, 4, 5, 7, 9, 11]),
        ("symmetric", 12, 8, [1, 2, 3, 4, 9, 10, 11, 12]),
        ("symmetric", 12, 5, [1, 2, 3, 11, 12]),
        ("symmetric", 12, 1, [1]),
        # More than every other layer: 2 4 … 12 dropped first, then 3 7 11 of the rest.
        ("alternate-even", 12, 3, [1, 5, 9]),
        ("alternate-odd", 12, 3, [4, 8, 12]),
        ("alternate-even", 12, 1, [1]),
        ("alternate-odd", 12, 1, [8]),
        ("top", 5, 3, [1, 2, 3]),
        ("bottom", 5, 3, [3, 4, 5]),
        ("alternate-odd", 5, 3, [1, 2, 4]),
        ("top", 24, 12, list(range(1, 13))),
    ],
)
def test_kept_layers(drop: str, teacher: int, student: int, kept: list[int]) -> None:
    assert kept_layers(teacher, student, Drop(drop)) == tuple(kept)


@pytest.mark.parametrize("drop", list(Drop))
def test_every_depth_of_every_teacher(drop: Drop) -> None:
    for teacher in (1, 2, 5, 12):
        similarities = [0.1 * layer for layer in range(teacher)]
        for student in range(1, teacher + 1):
            kept = kept_layers(teacher, student, drop, similarities)
            assert len(kept) == len(set(kept)) == student
            assert list(kept) == sorted(kept)
            assert set(kept) <= set(range(1, teacher + 1))


def test_contribution_drops_the_layers_that_change_their_input_least() -> None:
    similarities = [0.5, 0.9, 0.7, 0.95, 0.9]
    assert kept_layers(5, 4, Drop.CONTRIBUTION, similarities) == (1, 2, 3, 5)
    assert kept_layers(5, 3, Drop.CONTRIBUTION, similarities) == (
        1,
        2,
        3,
    )  # the upper of two equals is dropped
    with pytest.raises(ValueError, match="similarity"):
        kept_layers(5, 3, Drop.CONTRIBUTION)


@pytest.mark.parametrize("layers", [0, 13])
def test_impossible_depths_are_refused(layers: int) -> None:
    with pytest.raises(UserError, match="1 to the teacher's 12"):
        kept_layers(12, layers, Drop.TOP)


def test_six_layers_of_bert_base_chinese() -> None:
    with torch.device("meta"):
        teacher = BertForMaskedLM(BertConfig(vocab_size=21128))
    assert parameter_count(teacher) == 102_290_312
    student = make_student(teacher, (1, 2, 3, 4, 5, 6))
    assert parameter_count(student) == sum(weight.numel() for weight in student.parameters()) == 59_763_080


def build(kind: str, layers: int):
    return tiny_bert(40, layers=layers) if kind == "bert" else tiny_distilbert(40, layers=layers)


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_weights_are_copied_and_the_teacher_is_unchanged(kind: str) -> None:
    teacher, ids = build(kind, 4), torch.tensor([[5, 6, 7, 8]])
    before = {name: weight.clone() for name, weight in teacher.state_dict().items()}
    student = make_student(teacher, (1, 4), dropout=0.3)
    name = "bert.encoder.layer" if kind == "bert" else "distilbert.transformer.layer"
    copied = student.state_dict()
    for place, layer in enumerate((1, 4)):
        parts = [key for key in before if key.startswith(f"{name}.{layer - 1}.")]
        assert parts
        for key in parts:
            assert torch.equal(copied[key.replace(f".{layer - 1}.", f".{place}.", 1)], before[key])
    for key in (key for key in before if not key.startswith(name)):
        assert torch.equal(copied[key], before[key])
    assert (student.config.num_hidden_layers, teacher.config.num_hidden_layers) == (2, 4)
    assert student.config is not teacher.config
    dropouts = {module.p for module in student.modules() if isinstance(module, torch.nn.Dropout)}
    assert dropouts == {0.3}
    assert {module.p for module in teacher.modules() if isinstance(module, torch.nn.Dropout)} == {0.1}
    with torch.no_grad():
        for weight in student.parameters():
            weight.fill_(0.5)
    assert all(torch.equal(weight, before[key]) for key, weight in teacher.state_dict().items())
    assert student(ids).logits.shape == teacher(ids).logits.shape
    output, words = student.get_output_embeddings(), student.get_input_embeddings()
    assert output.weight is words.weight


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_dropping_nothing_changes_nothing(kind: str) -> None:
    teacher, ids = build(kind, 3), torch.tensor([[5, 6, 7, 8]])
    student = make_student(teacher, (1, 2, 3))
    assert torch.equal(student(ids).logits, teacher(ids).logits)


def test_a_student_runs_exactly_its_layers() -> None:
    """The student's output is that of the teacher's kept layers run in order."""
    teacher, ids = tiny_bert(40, layers=4), torch.tensor([[5, 6, 7, 8]])
    student = make_student(teacher, (2, 4))
    hidden = teacher.bert.embeddings(input_ids=ids)
    for layer in (2, 4):
        hidden = teacher.bert.encoder.layer[layer - 1](hidden)
    torch.testing.assert_close(student(ids).logits, teacher.cls(hidden))


def test_a_classifier_keeps_its_head() -> None:
    config = BertConfig(vocab_size=40, hidden_size=16, num_attention_heads=2, intermediate_size=32, num_labels=3)
    teacher = BertForSequenceClassification(config).eval()
    student = make_student(teacher, tuple(range(1, 13)))
    ids = torch.tensor([[5, 6, 7]])
    assert torch.equal(student(ids).logits, teacher(ids).logits)


def test_similarities_are_cosines_of_cls(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(save_tiny_checkpoint(tmp_path / "teacher", attention="recurrent"))
    examples = read_examples(write_questions(tmp_path / "questions.jsonl")).examples[:3]
    found = layer_similarities(checkpoint, examples)
    assert len(found) == 2
    one_by_one = [layer_similarities(checkpoint, [example]) for example in examples]
    assert found == pytest.approx([sum(column) / 3 for column in zip(*one_by_one, strict=True)], abs=1e-6)
    with torch.no_grad():  # a layer that returns its input
        layer = checkpoint.model.bert.encoder.layer[1]
        for weight in (layer.attention.output.dense, layer.output.dense):
            weight.weight.zero_()
            weight.bias.zero_()
    assert layer_similarities(checkpoint, examples)[1] == pytest.approx(1.0, abs=1e-3)
    with pytest.raises(UserError, match="found none"):
        layer_similarities(checkpoint, [])


def test_student_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    teacher, out = save_tiny_checkpoint(tmp_path / "teacher"), tmp_path / "deep" / "student"
    record = {**read_record(str(teacher)), "script": "traditional", "trained_on": {"questions": 5}, "step": 7}
    (teacher / "qgkd.json").write_text(json.dumps(record), "utf-8")
    assert main(["student", str(teacher), str(out), "--layers", "1", "--drop", "bottom", "--dropout", "0.3"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == "layer 1 = teacher layer 2"
    parameters = parameter_count(load_checkpoint(out).model)
    assert f"1 layers of 2, {parameters:,} parameters of" in printed.out
    found = read_record(str(out))
    assert (found["format"], found["script"]) == (record["format"], "traditional")
    assert found["base"] == {
        "name": "teacher",
        "sha256": model_sha256(str(teacher)),
        "layers": 2,
        "layers_kept": [2],
        "dropped": "bottom",
        "dropout": 0.3,
        "trained_on": {"questions": 5},
        "step": 7,
    }
    plain = AutoModelForMaskedLM.from_pretrained(out)
    assert plain.config.num_hidden_layers == 1
    assert plain.config.hidden_dropout_prob == plain.config.attention_probs_dropout_prob == 0.3
    ids = AutoTokenizer.from_pretrained(out)("燈塔", return_tensors="pt")["input_ids"]
    student = load_checkpoint(out)
    assert torch.equal(plain(ids).logits, student.model(ids).logits)
    assert student.input_format == load_checkpoint(teacher).input_format
    assert sorted(path.name for path in out.parent.iterdir()) == ["student"]


def test_a_base_without_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pretrained model, here a DistilBERT, has no attention mode in a record, and neither has its student."""
    base = tmp_path / "base"
    tokenizer = tiny_tokenizer(base)
    tiny_distilbert(len(tokenizer), layers=3).save_pretrained(base)
    tokenizer.save_pretrained(base)
    questions = write_questions(tmp_path / "questions.jsonl")
    arguments = ["student", str(base), str(tmp_path / "out"), "--layers", "2"]
    assert main([*arguments, "--drop", "contribution", "--data", str(questions)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("cosine") == 3
    assert set(read_record(str(tmp_path / "out"))) == {"base"}
    assert load_checkpoint(tmp_path / "out", attention="recurrent").model.config.num_hidden_layers == 2
    assert main(arguments) == 1
    assert "--force" in capsys.readouterr().err
    assert main([*arguments, "--keep", "top", "--force"]) == 0
    assert read_record(str(tmp_path / "out"))["base"]["layers_kept"] == [1, 2]


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    teacher = save_tiny_checkpoint(tmp_path / "teacher")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("五年", "utf-8")
    for out, layers, complaint in (
        (tmp_path / "out", 3, "1 to the teacher's 2 layers"),
        (teacher, 1, "the teacher's own"),
        (tmp_path / "notes", 1, "not a model"),
    ):
        assert main(["student", str(teacher), str(out), "--layers", str(layers), "--force"]) == 1
        printed = capsys.readouterr().err
        assert complaint in printed
        assert printed.count("\n") == 1
    assert (tmp_path / "notes" / "thesis.txt").is_file()
    assert main(["student", str(teacher), str(tmp_path / "out"), "--layers", "1", "--drop", "contribution"]) == 2
    assert main(["student", str(teacher), str(tmp_path / "out"), "--layers", "0"]) == 2


def test_the_layers_kept_can_be_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """DistilBERT's list, and what is no list of different layers of the teacher."""
    assert kept_layers(12, 6, "1,3,5,8,10,12") == (1, 3, 5, 8, 10, 12)
    for written, count in (("1,3", 3), ("3,1", 2), ("1,1", 2), ("0,1", 2), ("1,13", 2)):
        with pytest.raises(UserError, match=f"expected {count} different ones of the teacher's 12"):
            kept_layers(12, count, written)
    teacher = save_random_bert(tmp_path / "teacher", layers=4, hidden_size=16, positions=160)
    assert main(["student", str(teacher), str(tmp_path / "student"), "--layers", "2", "--keep", "1,3"]) == 0
    assert "layer 2 = teacher layer 3" in capsys.readouterr().out
    assert main(["student", str(teacher), str(tmp_path / "other"), "--layers", "2", "--keep", "some"]) == 2
