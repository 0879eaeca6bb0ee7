"""BiLSTM and TextCNN students: by hand, without padding's influence, taught by every method on logits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from classification_runs import WORDS, run_config, save_encoder, write_scores, write_task
from tiny_model import tiny_tokenizer
from transformers import AutoModelForSequenceClassification

from qgkd.checkpoints.encoder import encoder_shape
from qgkd.classification.result import read_result
from qgkd.classification.run import run_classification
from qgkd.classification.students.kinds import kind_of, new_student, register_students
from qgkd.classification.students.textcnn import Filters
from qgkd.classification.students.word_vectors import texts_of
from qgkd.classification.tasks.task import ClassificationTask
from qgkd.distillation.methods.by_name import METHODS
from qgkd.distillation.methods.settings import check_method, objectives_of
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.hooks import recording
from qgkd.errors import UserError

KINDS = ("bilstm", "textcnn")
ON_LOGITS = [
    "fine-tune", "kd", "hinton", "tinybert-prediction", "dynamic-teacher-hard", "dynamic-teacher-soft",
    "dynamic-teacher-soft-batch", "dynamic-data", "dynamic-data-random", "dynamic-data-reversed",
]  # fmt: skip
SIZES = {"embedding_size": 8, "hidden_size": 6, "dropout": 0.0}
FAST = {"learning_rate": 2e-2, "num_train_epochs": 12}


def task(*, pair: bool = False, labels: tuple[str, ...] | None = ("a", "b", "c")) -> ClassificationTask:
    return ClassificationTask(
        name="toy", labels=labels, metrics=("accuracy",), main_metric="accuracy", splits=("train",), pair=pair
    )


def student(kind: str, folder: Path, *, pair: bool = False):
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer(folder)
    return new_student(kind, tokenizer, task(pair=pair), **SIZES), tokenizer


def logits(model, tokenizer, *texts, **options):
    return model(**tokenizer(*texts, return_tensors="pt", padding=True, **options)).logits


def test_texts_are_those_of_the_pair(tmp_path: Path) -> None:
    model, tokenizer = student("bilstm", tmp_path, pair=True)
    rows = tokenizer(["港口", "海"], ["每年", "港口的"], return_tensors="pt", padding=True)
    (first, first_lengths), (second, second_lengths) = texts_of(model.config, **rows)
    assert first_lengths.tolist() == [2, 1]
    assert second_lengths.tolist() == [2, 3]
    assert tokenizer.convert_ids_to_tokens(first[0]) == ["港", "口"]
    assert tokenizer.convert_ids_to_tokens(first[1]) == ["海", "[PAD]"]
    assert tokenizer.convert_ids_to_tokens(second[1]) == ["港", "口", "的"]


def test_filters_by_hand() -> None:
    """One channel, filters of ones: the largest sum of 3, 4 and 5 neighbours; below 0 and beyond the end nothing."""
    filters = Filters(1, 1)
    for convolution in filters.convolutions:
        torch.nn.init.ones_(convolution.weight)
        torch.nn.init.zeros_(convolution.bias)
    vectors = torch.tensor([[1.0, 2, 3, -9, 5, 50, 50], [-1, -2, -3, 7, 7, 7, 7]])[..., None]
    found = filters(vectors, torch.tensor([5, 3]))
    assert found.tolist() == [[6.0, 1.0, 2.0], [0.0, 0.0, 0.0]]
    short = filters(vectors[:, :2], torch.tensor([2, 2]))  # 1 + 2, filled up with zeros
    assert short.tolist() == [[3.0, 3.0, 3.0], [0.0, 0.0, 0.0]]


def test_bilstm_is_two_lstms_step_by_step(tmp_path: Path) -> None:
    """An independent implementation: cells run forwards and backwards over one text alone."""
    model, tokenizer = student("bilstm", tmp_path)
    text = "白沙灣的北岸"
    ids = torch.tensor(tokenizer(text, add_special_tokens=False)["input_ids"])
    ends = []
    for suffix, order in (("", ids), ("_reverse", ids.flip(0))):
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        into, across, bias, other = (getattr(model.lstm, name + suffix) for name in names)
        state, memory = torch.zeros(6), torch.zeros(6)
        for token in order:
            gates = into @ model.embeddings.weight[token] + bias + across @ state + other
            write, forget, content, read = gates.chunk(4)
            memory = forget.sigmoid() * memory + write.sigmoid() * content.tanh()
            state = read.sigmoid() * memory.tanh()
        ends.append(state)
    expected = model.classifier(model.inner(torch.cat(ends)).relu())
    torch.testing.assert_close(logits(model, tokenizer, [text, "海"])[0], expected)


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_order_do_not_matter(kind: str, pair: bool, tmp_path: Path) -> None:
    model, tokenizer = student(kind, tmp_path, pair=pair)
    first, second = (
        ["海", "燈塔高42公尺，位於白沙灣的北岸。", "港口的孩子"],
        ["港口", "茶葉與糖", "今天的港口每年有旅客"],
    )
    texts = (first, second) if pair else (first,)
    together = logits(model, tokenizer, *texts)
    alone = torch.cat([logits(model, tokenizer, *([each[row]] for each in texts)) for row in range(3)])
    wider = logits(model, tokenizer, *texts, pad_to_multiple_of=64)
    turned = logits(model, tokenizer, *(each[::-1] for each in texts)).flip(0)
    for other in (alone, wider, turned):
        torch.testing.assert_close(together, other)
    together.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_without_tokens_is_finite(kind: str, tmp_path: Path) -> None:
    model, tokenizer = student(kind, tmp_path, pair=True)
    assert logits(model, tokenizer, ["", "海"], ["海", ""]).isfinite().all()


def test_equal_texts_are_encoded_equally(tmp_path: Path) -> None:
    """Siamese: of a pair of equal texts |a - b| is 0."""
    model, tokenizer = student("bilstm", tmp_path, pair=True)
    rows = tokenizer(["港口"], ["港口"], return_tensors="pt")
    one, other = (model.encoded(*text) for text in texts_of(model.config, **rows))
    assert torch.equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_loaded_as_it_was_saved(kind: str, tmp_path: Path) -> None:
    model, tokenizer = student(kind, tmp_path)
    model.save_pretrained(tmp_path / "saved")
    register_students()
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved")
    saved, read = model.state_dict(), loaded.state_dict()
    assert saved.keys() == read.keys()
    assert all(torch.equal(weight, read[name]) for name, weight in saved.items())
    # An LSTM's sums depend on how its weights lie in memory: the last bit may differ.
    torch.testing.assert_close(logits(model, tokenizer, ["港口"]), logits(loaded, tokenizer, ["港口"]))
    assert kind_of(loaded) == {"bilstm": "BiLSTM", "textcnn": "TextCNN"}[kind]
    assert (encoder_shape(loaded).layers, encoder_shape(loaded).outputs) == (0, 3)
    with recording(loaded, Needs(logits=True)) as recorded:
        assert recorded.capture(torch.zeros(1)).hidden_states is None


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ON_LOGITS])
def test_methods_on_layers_are_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    shape = encoder_shape(student("bilstm", tmp_path)[0])
    teacher = encoder_shape_of_encoder()
    with pytest.raises(UserError, match="encoder layers to compare"):
        objectives_of(check_method({"name": name}), shape, teacher)


def encoder_shape_of_encoder():
    from qgkd.checkpoints.encoder import EncoderShape

    return EncoderShape(layers=12, width=8, heads=2, outputs=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("students")
    save_encoder(made / "base")
    save_encoder(made / "large", layers=4, seed=1)
    write_task(made / "single")
    write_task(made / "pair", pair=True, train=90)
    write_scores(made / "scores")
    return made


@pytest.fixture(scope="module")
def teachers(folder: Path) -> dict[str, list[str]]:
    """Of each task two encoders, the smaller first."""
    found: dict[str, list[str]] = {}
    for data in ("single", "pair"):
        for base in ("base", "large"):
            out = folder / f"{data}-{base}"
            epochs = {"num_train_epochs": 16 if data == "pair" else 8}
            assert run_classification(run_config(out, folder / data, folder / base, train=epochs)).value() > 0.7
            found.setdefault(data, []).append(str(out / "model"))
    return found


@pytest.mark.parametrize("data", ["single", "pair"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ON_LOGITS)
def test_every_method_on_logits_teaches(
    name: str, kind: str, data: str, teachers: dict[str, list[str]], folder: Path, tmp_path: Path
) -> None:
    """Three classes, chance is a third; singles and pairs."""
    taught = [] if name == "fine-tune" else teachers[data] if "teacher" in name else teachers[data][1:]
    sizes = {"kind": kind, "embedding_size": 16, "hidden_size": 12, "teachers": taught}
    config = run_config(
        tmp_path / "run", folder / data, folder / "base", method={"name": name}, model=sizes, train=FAST
    )
    found = run_classification(config)
    assert found.value() > 0.5
    assert (found.kind, found.layers) == ({"bilstm": "BiLSTM", "textcnn": "TextCNN"}[kind], 0)
    assert read_result(tmp_path / "run") == found


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_is_learnt(kind: str, folder: Path, tmp_path: Path) -> None:
    config = run_config(
        tmp_path / "run", folder / "scores", folder / "base", task={"regression": True},
        model={"kind": kind, "embedding_size": 16, "hidden_size": 12}, train=FAST,
    )  # fmt: skip
    assert run_classification(config).value() > 0.5  # Pearson's correlation; chance is 0


def test_a_student_can_be_begun_from_and_teach(folder: Path, tmp_path: Path) -> None:
    sizes = {"kind": "textcnn", "embedding_size": 16, "hidden_size": 12}
    run_classification(run_config(tmp_path / "one", folder / "single", folder / "base", model=sizes, train=FAST))
    first = tmp_path / "one" / "model"
    again = run_config(tmp_path / "two", folder / "single", first, train={"num_train_epochs": 1, "learning_rate": 1e-6})
    assert run_classification(again).value() > 0.5
    method = {"name": "kd"}
    taught = run_config(
        tmp_path / "three", folder / "single", folder / "base", method=method,
        model={"kind": "bilstm", "embedding_size": 16, "hidden_size": 12, "teachers": [str(first)]}, train=FAST,
    )  # fmt: skip
    assert run_classification(taught).value() > 0.5


def test_layers_of_a_bilstm_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leave it out of a bilstm"):
        run_config(tmp_path / "run", folder / "single", folder / "base", model={"kind": "bilstm", "layers": 2})
    assert sorted(WORDS) == ["building", "person", "place"]
