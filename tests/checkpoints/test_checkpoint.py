"""Checkpoints: the record is saved and loaded with the weights, and every mistake is refused in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_model import PASSAGES, save_tiny_checkpoint, tiny_tokenizer
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    GPT2Config,
    RobertaConfig,
    RobertaForMaskedLM,
)

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import load_checkpoint, short_name
from qgkd.checkpoints.masked_lm import mask_logits, masked_lm_head
from qgkd.checkpoints.precision import parameter_count, place, resolve_precision
from qgkd.checkpoints.record import RECORD_NAME, read_record, save_record
from qgkd.decoding.generator import ModelGenerator
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.model_input.batch import pad_rows
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.rows import recurrent_row
from qgkd.model_input.source import PassageEncoder

TINY = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_checkpoint(tmp_path_factory.mktemp("saved") / "tiny", attention="prefix", layout="shared")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def refusal(load: Callable[[], object]) -> str:
    with pytest.raises(UserError) as error:
        load()
    sentence = str(error.value)
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


def test_a_model_in_a_run_folder_is_named_after_the_run(tmp_path: Path) -> None:
    (tmp_path / "teacher" / "model").mkdir(parents=True)
    assert short_name(str(tmp_path / "teacher" / "model")) == "model"
    (tmp_path / "teacher" / "config.toml").touch()
    assert short_name(str(tmp_path / "teacher" / "model")) == "teacher"
    assert short_name(str(tmp_path / "teacher")) == "teacher"
    assert short_name("bert-base-chinese") == "bert-base-chinese"


def test_a_saved_checkpoint_comes_back(saved: Path, capfd: pytest.CaptureFixture[str]) -> None:
    checkpoint = load_checkpoint(saved)
    assert checkpoint.name == "tiny"
    assert checkpoint.input_format == InputFormat(
        attention="prefix", layout="shared", max_total_tokens=160, max_question_tokens=12, max_answer_tokens=10
    )
    assert not checkpoint.model.training
    assert checkpoint.model.dtype is torch.float32
    assert capfd.readouterr() == ("", "")
    assert load_checkpoint(str(saved), attention="prefix", layout="shared").record == checkpoint.record


@pytest.mark.parametrize(
    "shape",
    [
        InputFormat(),
        InputFormat(attention="recurrent", layout="plain", max_context_tokens=450, max_answer_tokens=16),
        InputFormat(layout="shared", question_position=400),
    ],
)
def test_the_record_round_trips(tmp_path: Path, shape: InputFormat) -> None:
    save_record(tmp_path, shape, lineage=["老師"], data={"rows": 3})
    record = read_record(str(tmp_path))
    assert InputFormat.from_json(record["format"]) == shape
    assert record["lineage"] == ["老師"]
    assert "老師" in (tmp_path / RECORD_NAME).read_text(encoding="utf-8")


def test_without_a_record_the_attention_must_be_given(folder: Path) -> None:
    (folder / RECORD_NAME).unlink()
    assert "--attention" in refusal(lambda: load_checkpoint(folder))
    checkpoint = load_checkpoint(folder, attention="recurrent")
    assert (checkpoint.input_format.attention, checkpoint.input_format.layout) == ("recurrent", "marked")
    assert checkpoint.input_format.max_total_tokens == 160  # as many as it has positions
    assert checkpoint.record == {}
    assert "expected one of" in refusal(lambda: load_checkpoint(folder, attention="sideways"))
    assert "expected one of" in refusal(lambda: load_checkpoint(folder, attention="prefix", layout="round"))
    assert "needs attention 'prefix'" in refusal(
        lambda: load_checkpoint(folder, attention="recurrent", layout="shared")
    )


def test_options_that_contradict_the_record_are_refused(saved: Path) -> None:
    assert "trained with attention 'prefix'" in refusal(lambda: load_checkpoint(saved, attention="recurrent"))
    assert "trained with layout 'shared'" in refusal(lambda: load_checkpoint(saved, layout="marked"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "expected the JSON"),
        ("\xff", "JSON"),
        ("[1]", "expected a JSON object"),
        ('{"format": 3}', "expected a JSON object"),
        ('{"format": {"attention": "prefix", "speed": 3}}', "'speed'"),
        ('{"format": {"attention": "sideways"}}', "sideways"),
        ('{"format": {"max_total_tokens": "many"}}', "max_total_tokens"),
        ('{"format": {"max_total_tokens": 512}}', "160 positions"),
        ('{"format": {"max_total_tokens": 160, "question_position": 150}}', "question_position"),
    ],
)
def test_broken_records(folder: Path, text: str, complaint: str) -> None:
    (folder / RECORD_NAME).write_bytes(text.encode("latin-1"))
    assert complaint in refusal(lambda: load_checkpoint(folder))


def damage_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"not weights" * 20)


def cut_weights(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def drop_head(folder: Path) -> None:
    BertModel.from_pretrained(folder).save_pretrained(folder)


def other_size(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_size": 32}))


def other_architecture(folder: Path) -> None:
    GPT2Config(vocab_size=100, n_embd=8, n_layer=1, n_head=1).save_pretrained(folder)


def drop_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)


def break_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"a": 1}')


def foreign_tokenizer(folder: Path) -> None:
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary.update({f"extra{n}": len(vocabulary) + n for n in range(50)})
    path.write_text(json.dumps(tokenizer), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "does not load"),
        (lambda folder: (folder / "model.safetensors").unlink(), "does not load"),
        (damage_weights, "does not load"),
        (cut_weights, "does not load"),
        (drop_head, "none for cls.predictions"),
        (other_size, "other sizes than its config.json says"),
        (other_architecture, "does not load"),
        (drop_tokenizer, "expected a tokenizer for the model's 101 tokens"),
        (break_tokenizer, "does not load"),
        (foreign_tokenizer, "expected a tokenizer for the model's 101 tokens, found 151"),
    ],
)
def test_damaged_folders(folder: Path, damage: Callable[[Path], object], complaint: str) -> None:
    damage(folder)
    assert complaint in refusal(lambda: load_checkpoint(folder))


def test_weights_named_as_in_the_first_releases_are_complete(folder: Path) -> None:
    """bert-base-chinese on the hub names weights gamma and beta, repeats tied ones, and has unneeded heads."""
    from safetensors.torch import load_file, save_file

    expected = load_checkpoint(folder).model.state_dict()
    weights = load_file(folder / "model.safetensors")
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in weights.items()
        if name != "cls.predictions.decoder.bias"
    }
    old["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"].clone()
    old["cls.seq_relationship.weight"] = torch.zeros(2, 16)
    old["bert.pooler.dense.weight"] = torch.zeros(16, 16)
    old["bert.embeddings.position_ids"] = torch.arange(160)[None]
    save_file(old, folder / "model.safetensors", metadata={"format": "pt"})
    found = load_checkpoint(folder).model.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/model", "a/b/c", ""])
def test_missing_folders_are_refused(name: str) -> None:
    assert "no such folder" in refusal(lambda: load_checkpoint(name))


def test_a_file_is_refused_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"1")
    assert "config.json" in refusal(lambda: load_checkpoint(tmp_path / "model.bin"))


def save_other(folder: Path, kind: str) -> Path:
    """A tiny DistilBERT or RoBERTa with the tiny tokenizer."""
    tokenizer = tiny_tokenizer(folder)
    shape = {"vocab_size": len(tokenizer), "max_position_embeddings": 130, "initializer_range": 0.3}
    torch.manual_seed(0)
    if kind == "distilbert":
        model = DistilBertForMaskedLM(DistilBertConfig(dim=16, hidden_dim=32, n_layers=2, n_heads=2, **shape))
    else:
        model = RobertaForMaskedLM(RobertaConfig(**TINY, **shape, pad_token_id=0, type_vocab_size=1))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["distilbert", "roberta"])
def test_other_architectures_work_in_attention_recurrent_only(tmp_path: Path, kind: str) -> None:
    folder = save_other(tmp_path, kind)
    assert "needs a BertForMaskedLM" in refusal(lambda: load_checkpoint(folder, attention="prefix"))
    checkpoint = load_checkpoint(folder, attention="recurrent")
    # RoBERTa's positions start after its padding index (0 here): one of the 130 cannot be used.
    assert checkpoint.input_format.max_total_tokens == {"distilbert": 130, "roberta": 129}[kind]
    text = "".join(PASSAGES) * 3  # to the very last position
    at = text.index("三百人")
    (found,) = ModelGenerator(checkpoint).generate(
        [GenerationRequest(context=text, answer=AnswerSpan(text="三百人", start_char=at))]
    )
    assert found[0].text
    assert found[0].context_was_cut


@pytest.mark.parametrize("kind", ["distilbert", "roberta", "bert"])
def test_logits_at_the_masks_are_the_models_own(saved: Path, tmp_path: Path, kind: str) -> None:
    """The head found by `masked_lm_head` gives the logits of the model's forward, with padding in the batch."""
    folder = saved if kind == "bert" else save_other(tmp_path, kind)
    checkpoint = load_checkpoint(folder, **({} if kind == "bert" else {"attention": "recurrent"}))
    shape = InputFormat(attention="recurrent", max_total_tokens=120, max_question_tokens=12, max_answer_tokens=10)
    tokenizer, model = checkpoint.tokenizer, checkpoint.model
    assert masked_lm_head(model) is not None
    rows = []
    for passage, step in zip(PASSAGES, (1, 3, 2, 4), strict=True):
        source = PassageEncoder(tokenizer, shape, passage).source(0, 2)
        rows.append(recurrent_row(source, (20, 21, 22, 3), step, tokenizer.mask_token_id))
    with torch.inference_mode():
        found = mask_logits(model, pad_rows(rows, tokenizer.pad_token_id))
        for row, logits in zip(rows, found, strict=True):
            inputs = {"input_ids": torch.tensor([row.input_ids])}
            if kind == "bert":
                inputs["token_type_ids"] = torch.tensor([row.token_types])
            torch.testing.assert_close(logits, model(**inputs).logits[0, -1], atol=1e-5, rtol=1e-5)


def test_an_unknown_architecture_runs_the_whole_forward(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = load_checkpoint(saved)
    shape = InputFormat(attention="recurrent", max_total_tokens=120, max_question_tokens=12, max_answer_tokens=10)
    source = PassageEncoder(checkpoint.tokenizer, shape, PASSAGES[0]).source(0, 2)
    batch = pad_rows([recurrent_row(source, (20, 3), 2, checkpoint.tokenizer.mask_token_id)], 0)
    with torch.inference_mode():
        quick = mask_logits(checkpoint.model, batch)
        monkeypatch.setattr("qgkd.checkpoints.masked_lm.masked_lm_head", lambda model: None)
        torch.testing.assert_close(mask_logits(checkpoint.model, batch), quick, atol=1e-5, rtol=1e-5)


def test_a_fixed_question_position_reaches_the_model(saved: Path) -> None:
    """Recurrent rows with a gap in their positions give the model's logits for those positions."""
    checkpoint = load_checkpoint(saved)
    shape = InputFormat(
        attention="recurrent",
        max_total_tokens=160,
        max_question_tokens=12,
        max_answer_tokens=10,
        question_position=120,
    )
    tokenizer, model = checkpoint.tokenizer, checkpoint.model
    rows = [
        recurrent_row(PassageEncoder(tokenizer, shape, p).source(0, 2), (20, 21, 3), 2, tokenizer.mask_token_id)
        for p in PASSAGES[:3]
    ]
    with torch.inference_mode():
        found = mask_logits(model, pad_rows(rows, tokenizer.pad_token_id))
        for row, logits in zip(rows, found, strict=True):
            assert row.positions[-2:] == (120, 121)
            inputs = {
                "input_ids": [row.input_ids],
                "token_type_ids": [row.token_types],
                "position_ids": [row.positions],
            }
            expected = model(**{name: torch.tensor(value) for name, value in inputs.items()}).logits[0, -1]
            torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)


def test_prefix_needs_two_token_types(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    config = BertConfig(**TINY, vocab_size=len(tokenizer), type_vocab_size=1)
    BertForMaskedLM(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert "two token types" in refusal(lambda: load_checkpoint(tmp_path, attention="prefix"))


@pytest.mark.parametrize(("layers", "expected"), [(12, 102_290_312), (6, 59_763_080)])
def test_bert_base_chinese_has_its_parameters(layers: int, expected: int) -> None:
    with torch.device("meta"):
        model = BertForMaskedLM(BertConfig(vocab_size=21_128, num_hidden_layers=layers))
    assert sum(weights.numel() for weights in model.parameters()) == expected
    assert parameter_count(model) == expected


def test_parameter_count_does_not_depend_on_the_precision(saved: Path) -> None:
    expected = sum(weights.numel() for weights in load_checkpoint(saved).model.parameters())
    for precision in ("fp32", "bf16", "int8"):
        checkpoint = place(load_checkpoint(saved), precision=precision, device="cpu")
        assert ModelGenerator(checkpoint).parameters == expected, precision


def test_auto_is_bf16_where_the_processor_has_it(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for has_bf16, expected, dtype in ((False, "fp32", torch.float32), (True, "bf16", torch.bfloat16)):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda has=has_bf16: has)
        assert resolve_precision("auto", "cpu") == expected
        assert place(load_checkpoint(saved), precision="auto", device="cpu").model.dtype is dtype
        assert [resolve_precision(each, "cpu") for each in ("fp32", "int8")] == ["fp32", "int8"]
        assert resolve_precision("auto", "cuda:1") == "fp32"
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported")  # private: another torch may not have it
    assert resolve_precision("auto", "cpu") == "fp32"


def test_unknown_precisions_and_devices_are_refused(saved: Path) -> None:
    checkpoint = load_checkpoint(saved)
    assert "--precision" in refusal(lambda: place(checkpoint, precision="fp8", device="cpu"))
    assert "--device" in refusal(lambda: place(checkpoint, precision="fp32", device="quantum"))
    if not torch.cuda.is_available():
        assert "use --device cpu" in refusal(lambda: place(checkpoint, precision="fp32", device="cuda"))
