"""Transfer sets: changes by hand and by their shares, a masked LM's candidates, files, a run that learns from one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from classification_runs import run_config, save_encoder, write_task
from jsonl_rows import write_rows
from tiny_model import tiny_bert, tiny_tokenizer
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from qgkd.classification.augmentation import run as augmenting
from qgkd.classification.augmentation.config import AugmentConfig, AugmentRun, make_augment_run
from qgkd.classification.augmentation.masked_lm_changes import MaskedLMChanges, ReadText, Replaceable
from qgkd.classification.augmentation.run import write_augmented
from qgkd.classification.augmentation.variants import variants
from qgkd.classification.augmentation.word_changes import TaggedWords, WordChanges, word_changes
from qgkd.classification.run import run_classification
from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.transfer_set import open_transfer_set
from qgkd.classification.tasks.words import MASK, Piece, cut, joined, language_of
from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.text.characters import is_han

TEXTS = ("燈塔建於白沙灣。", "港口 每年 有旅客", "It isn't bad, he said.", f"今天{MASK}很好", "  ", "")


class Draws(Random):
    """Draws that are written down beforehand."""

    def __init__(self, *values: float) -> None:
        super().__init__(0)
        self.values = list(values)

    def random(self) -> float:
        return self.values.pop(0)

    def randint(self, a: int, b: int) -> int:
        return int(a + self.values.pop(0) * (b - a + 1))


def pieces(*words: str) -> list[Piece]:
    return [Piece(word, "n") for word in words]


def changes(**settings: Any) -> WordChanges:
    return WordChanges(AugmentConfig(**settings), "chinese", {"n": TaggedWords(("x", "y"), (1, 4))})


@pytest.mark.parametrize("language", ["chinese", "english"])
def test_words_give_the_text_back(language: str) -> None:
    for text in TEXTS:
        assert joined(cut(text, language)) == text.strip()
        assert "" not in [piece.text for piece in cut(text, language)]
    assert [piece.text for piece in cut(f"今天{MASK}很好", language)].count(MASK) == 1


def test_words_have_parts_of_speech() -> None:
    assert [(piece.text, piece.tag) for piece in cut("設計燈塔。", "chinese", tagged=True)][-1] == ("。", "x")
    assert [piece.text for piece in cut("It isn't bad.", "english")] == ["It", "is", "n't", "bad", "."]
    assert [piece.after for piece in cut("It isn't bad.", "english")] == [" ", "", " ", "", ""]
    assert (language_of(["早餐", "OK"]), language_of(["so", "so", "好"])) == ("chinese", "english")


def test_words_by_hand() -> None:
    """Below .1 hidden, below .2 replaced (of four counted words x is the first), else kept; then the n-gram's draw."""
    four = pieces("a", "b", "c", "d")
    assert changes().changed(four, Draws(0.05, 0.15, 0.1, 0.3, 0.2, 0.25)) == f"{MASK}xcd"
    plain = changes(same_tag_share=0.0)
    assert plain.changed(four, Draws(0.09, 0.1, 0.5, 0.9, 0.25)) == f"{MASK}bcd"
    # An n-gram: 2 of 1 to 5 words from the last place that has two.
    assert plain.changed(four, Draws(0.09, 0.1, 0.5, 0.9, 0.24, 0.25, 0.99)) == "cd"
    assert plain.changed(four, Draws(0.5, 0.5, 0.5, 0.5, 0.24, 0.99, 0.5)) == "abcd"  # 5 words of 4
    assert plain.changed(pieces("a", "b"), Draws(0.01, 0.02)) == ""  # nothing of the text is left


def test_shares_are_those_of_the_paper() -> None:
    """Over 2,000 texts of ten words: a tenth hidden, a tenth replaced, a quarter shorter; replacements by count."""
    random, text = Random(1), pieces(*"abcdefghij")
    found = [changes().changed(text, random) for _ in range(2000)]
    whole = [each for each in found if len(each.replace(MASK, "m")) == 10]
    shorter = 1 - len(whole) / len(found)
    assert shorter == pytest.approx(0.25, abs=0.04)
    letters = Counter("".join(whole).replace(MASK, "m"))
    total = sum(letters.values())
    assert letters["m"] / total == pytest.approx(0.1, abs=0.01)
    assert (letters["x"] + letters["y"]) / total == pytest.approx(0.1, abs=0.01)
    assert letters["y"] / letters["x"] == pytest.approx(3, abs=0.5)
    lengths = Counter(len(each.replace(MASK, "m")) for each in found)
    assert all(lengths[words] / len(found) == pytest.approx(0.05, abs=0.02) for words in range(1, 6))


def test_words_are_counted_by_their_part_of_speech() -> None:
    texts = ["設計燈塔。", "設計港口。", "設計港口！"]
    found = word_changes(AugmentConfig(), "chinese", texts)
    assert found == word_changes(AugmentConfig(), "chinese", texts[::-1])
    tag = next(piece.tag for piece in cut("設計港口。", "chinese", tagged=True) if piece.text == "港口")
    of_tag = dict(zip(found.by_tag[tag].words, np.diff(found.by_tag[tag].cumulative_counts, prepend=0), strict=True))
    assert of_tag["港口"] == 2
    assert word_changes(AugmentConfig(same_tag_share=0.0), "chinese", texts).by_tag == {}


def test_english_without_a_tagger_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk

    def absent(words: list[str]) -> None:
        raise LookupError("Resource not found")

    monkeypatch.setattr(nltk, "pos_tag", absent)
    with pytest.raises(UserError, match="found no data for it"):
        word_changes(AugmentConfig(), "english", ["It isn't bad."])
    monkeypatch.setattr(nltk, "pos_tag", lambda words: [(word, "T") for word in words])
    assert word_changes(AugmentConfig(), "english", ["so good"]).by_tag["T"].words == ("good", "so")


class Upper:
    """A way to change texts that can be read off."""

    def read(self, text: str) -> str:
        return text

    def changed(self, read: str, random: Random) -> str:
        return f"{read}{random.choice('123')}"


@pytest.mark.parametrize(
    ("texts", "expected"), [("a", {"a"}), ("b", {"b"}), ("both", {"ab"}), ("cycle", {"a", "b", "ab"})]
)
def test_pairs_are_changed_on_either_side_or_both(texts: str, expected: set[str]) -> None:
    example = ClassificationExample(example_id="", text_a="p", text_b="q")
    found = list(variants(example, Upper(), AugmentConfig(pair_texts=texts, variants=300)))
    assert {"a" * (text_a != "p") + "b" * (text_b != "q") for text_a, text_b in found} == expected
    assert len(found) == len(set(found)) == {"a": 3, "b": 3, "both": 9, "cycle": 15}[texts]
    assert AugmentConfig().variants_of(pair=True) == 30
    assert AugmentConfig().variants_of(pair=False) == 20


def test_variants_do_not_depend_on_the_place_and_are_no_originals() -> None:
    settings = AugmentConfig(variants=30)
    example = ClassificationExample(example_id="1", text_a="燈塔建於白沙灣。", label=1)
    found = list(variants(example, changes(), settings))
    again = list(variants(ClassificationExample(example_id="9", text_a="燈塔建於白沙灣。"), changes(), settings))
    assert found == again
    assert ("燈塔建於白沙灣。", None) not in found
    assert found != list(variants(example, changes(), AugmentConfig(variants=30, seed=1)))


def test_candidates_are_the_models_likeliest(tmp_path: Path) -> None:
    """An independent implementation: one row at a time, logits of the whole row, the text as second segment."""
    tokenizer = tiny_tokenizer(tmp_path)
    model = tiny_bert(len(tokenizer))
    text = "海岸 18 的港口，42"
    read = MaskedLMChanges(AugmentConfig(candidates=6), model, tokenizer, 64).read(text)
    assert read.text == text
    encoded = tokenizer(text, text, return_tensors="pt")
    expected = []
    for place, character in enumerate(text):
        if character not in "海岸的港口":
            continue
        rows = {name: value.clone() for name, value in encoded.items()}
        rows["input_ids"][0, encoded.char_to_token(0, place)] = tokenizer.mask_token_id
        with torch.no_grad():
            best = model(**rows).logits[0, encoded.char_to_token(0, place)].argsort(descending=True)[:6]
        fitting = [token for token in tokenizer.convert_ids_to_tokens(best) if is_han(token)]
        if fitting:
            expected.append(Replaceable(place, place + 1, tuple(fitting)))
    assert len(expected) >= 3
    assert list(read.places) == expected


def test_masked_lm_replaces_by_its_share() -> None:
    changing = MaskedLMChanges.__new__(MaskedLMChanges)
    changing._settings = AugmentConfig()
    read = ReadText("a bc d", (Replaceable(0, 1, ("X",)), Replaceable(2, 4, ("YY",))))
    assert changing.changed(read, Draws(0.39, 0.0, 0.4)) == "X bc d"  # the second draw chooses among candidates
    assert changing.changed(read, Draws(0.4, 0.1, 0.0)) == "a YY d"
    assert changing.changed(read, Draws(0.9, 0.9)) == "a bc d"
    random, count = Random(0), 2000
    replaced = sum("X" in changing.changed(read, random) for _ in range(count))
    assert replaced / count == pytest.approx(0.4, abs=0.04)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("augmentation")
    save_encoder(made / "base")
    write_task(made / "single")
    write_task(made / "pair", pair=True, train=12)
    return made


@pytest.fixture(scope="module")
def teacher(folder: Path) -> str:
    config = run_config(folder / "teacher", folder / "single", folder / "base", train={"num_train_epochs": 8})
    assert run_classification(config).value() > 0.8
    return str(folder / "teacher" / "model")


def augment_run(data: Path, **augment: Any) -> AugmentRun:
    task = {"name": "toy", "train": [str(data / "train.jsonl")], "max_tokens": 24}
    return make_augment_run({"task": task, "augment": {"variants": 4, **augment}})


def as_lists(folder: Path) -> dict[str, list[Any]]:
    return open_transfer_set(folder).data.to_dict()


def test_a_set_holds_texts_variants_and_logits(teacher: str, folder: Path, tmp_path: Path) -> None:
    write_augmented(augment_run(folder / "single", teacher=teacher), tmp_path / "set")
    found = open_transfer_set(tmp_path / "set")
    texts = [json.loads(line)["text_a"] for line in (folder / "single" / "train.jsonl").read_text("utf-8").splitlines()]
    columns = as_lists(tmp_path / "set")
    originals = list(dict.fromkeys(texts))
    first_of = [columns["row"].index(place) for place in range(len(originals))]
    assert [columns["text_a"][place] for place in first_of] == originals
    assert 2 * len(originals) < len(found) <= 5 * len(originals)
    assert found[:2] == [found[0], found[1]]
    assert found[0] == ClassificationExample(example_id="0", text_a=originals[0])
    model = AutoModelForSequenceClassification.from_pretrained(teacher).eval()
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    with torch.no_grad():
        rows = tokenizer(columns["text_a"], return_tensors="pt", padding=True, truncation=True, max_length=24)
        expected = model(**rows).logits
    torch.testing.assert_close(torch.from_numpy(found.logits), expected, atol=1e-4, rtol=1e-4)
    assert found.about["labels"] == ["building", "person", "place"]


def test_pairs_and_a_masked_lm(folder: Path, tmp_path: Path) -> None:
    run = augment_run(folder / "pair", method="masked-lm", model=str(folder / "base"), originals=False)
    write_augmented(run, tmp_path / "set")
    columns = as_lists(tmp_path / "set")
    assert set(columns) == {"row", "text_a", "text_b"}
    rows = [json.loads(line) for line in (folder / "pair" / "train.jsonl").read_text("utf-8").splitlines()]
    for place, text_a, text_b in zip(columns["row"], columns["text_a"], columns["text_b"], strict=True):
        was = rows[place]
        assert (text_a, text_b) != (was["text_a"], was["text_b"])
        assert (len(text_a), len(text_b)) == (len(was["text_a"]), len(was["text_b"]))


def test_an_interrupted_command_goes_on(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that are written are kept, and blocks do not matter."""
    write_augmented(augment_run(folder / "single"), tmp_path / "whole")
    monkeypatch.setattr(augmenting, "_BLOCK_EXAMPLES", 20)
    written: list[str] = []
    write_part = augmenting.write_part

    def stopping(part: Path, *arguments: Any) -> None:
        if len(written) == 1:
            raise KeyboardInterrupt
        written.append(part.name)
        write_part(part, *arguments)

    monkeypatch.setattr(augmenting, "write_part", stopping)
    with pytest.raises(KeyboardInterrupt):
        write_augmented(augment_run(folder / "single"), tmp_path / "parts")
    assert not (tmp_path / "parts").exists()
    monkeypatch.setattr(
        augmenting, "write_part", lambda part, *rest: (written.append(part.name), write_part(part, *rest))
    )
    write_augmented(augment_run(folder / "single"), tmp_path / "parts")
    assert len(written) == len(set(written)) == 3
    assert as_lists(tmp_path / "parts") == as_lists(tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir() if "parts" in path.name] == ["parts"]
    write_augmented(augment_run(folder / "single"), tmp_path / "parts")  # is there
    with pytest.raises(UserError, match="expected no folder, or a transfer set of this config"):
        write_augmented(augment_run(folder / "single", seed=3), tmp_path / "parts")
    write_augmented(augment_run(folder / "single", seed=3), tmp_path / "parts", force=True)
    assert as_lists(tmp_path / "parts") != as_lists(tmp_path / "whole")


def test_row_order_does_not_matter(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "single" / "train.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "turned").mkdir()
    write_rows(tmp_path / "turned" / "train.jsonl", [json.loads(line) for line in reversed(lines)])
    found = []
    for data in (folder / "single", tmp_path / "turned"):
        write_augmented(augment_run(data), tmp_path / f"set-{data.name}")
        found.append(sorted(as_lists(tmp_path / f"set-{data.name}")["text_a"]))
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["encoder", "textcnn"])
def test_a_run_learns_from_the_logits_of_a_set(
    kind: str, teacher: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine labelled texts are few; the teacher runs on those alone."""
    write_augmented(augment_run(folder / "single", teacher=teacher), tmp_path / "set")
    from qgkd.classification import kept_logits

    rows: list[int] = []
    inner = kept_logits.Predictor.logits

    def counted(self: Any, model: Any, store: Any, places: Any = None) -> Any:
        rows.append(len(store) if places is None else len(places))
        return inner(self, model, store, places)

    monkeypatch.setattr(kept_logits.Predictor, "logits", counted)
    model = {"kind": kind, "embedding_size": 16, "hidden_size": 12, "teachers": [teacher]}
    config = run_config(
        tmp_path / "run", folder / "single", folder / "base", method={"name": "kd", "alpha": 1.0}, model=model,
        task={"train_limit": 9, "transfer": [str(tmp_path / "set")]},
        train={"num_train_epochs": 4, "learning_rate": 2e-2 if kind == "textcnn" else 8e-3},
    )  # fmt: skip
    assert run_classification(config).value() > 0.6
    assert rows[0] == 9
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text("utf-8").splitlines()]
    assert any("teacher_accuracy" in entry for entry in log)


def test_sets_that_do_not_fit_are_refused(teacher: str, folder: Path, tmp_path: Path) -> None:
    write_augmented(augment_run(folder / "single", teacher=teacher, variants=1), tmp_path / "set")
    (tmp_path / "none").mkdir()

    def refused(name: str, sentence: str, *, data: str = "single", set_name: str = "set", **settings: Any) -> None:
        teachers = settings.pop("teachers", [teacher])
        task = {"transfer": [str(tmp_path / set_name)], **settings}
        config = run_config(
            tmp_path / name, folder / data, folder / "base", method={"name": "kd"}, task=task,
            model={"teachers": teachers},
        )  # fmt: skip
        with pytest.raises(UserError, match=sentence):
            run_classification(config)

    refused("pairs", "expected a transfer set of toy", data="pair")
    refused("script", r"expected texts of task\.script='simplified'", script="simplified")
    refused("no-set", "expected a transfer set", set_name="none")
    refused("teachers", "found those of another teacher", teachers=[teacher, teacher])


def test_cached_logits_train_as_a_live_teacher(teacher: str, folder: Path, tmp_path: Path) -> None:
    """Also where the teacher reads some rows of a batch alone, or two teachers are merged."""
    for name, teachers in (("kd", [teacher]), ("dynamic-data", [teacher]), ("kd", [teacher, teacher])):
        losses = []
        for cached in (False, True):
            out = tmp_path / f"{name}-{len(teachers)}-{cached}"
            model = {"kind": "textcnn", "embedding_size": 8, "hidden_size": 6, "teachers": teachers}
            config = run_config(
                out, folder / "single", folder / "base", method={"name": name},
                model={**model, "cached_logits": cached}, train={"num_train_epochs": 1},
            )  # fmt: skip
            run_classification(config)
            log = [json.loads(line) for line in (out / "log.jsonl").read_text("utf-8").splitlines()]
            losses.append([entry["loss"] for entry in log if "loss" in entry])
        assert losses[1] == pytest.approx(losses[0], rel=1e-4, abs=2e-4)
    layers = run_config(
        tmp_path / "layers", folder / "single", folder / "base", method={"name": "pkd-skip"},
        model={"layers": 2, "teachers": [teacher], "cached_logits": True},
    )  # fmt: skip
    with pytest.raises(UserError, match="expected a method on logits alone"):
        run_classification(layers)


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folder / "single" / "train.jsonl"
    command = ["glue", "augment", "--task", "toy", "--variants", "2", "--out", str(tmp_path / "set")]
    assert main([*command, f"task.train={data}", "augment.language=chinese"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'set'}\n"
    assert "of " in printed.err
    assert main([*command, f"task.train={data}", "augment.mask_shares=0.2"]) == 1
    assert "did you mean augment.mask_share?" in capsys.readouterr().err
    assert main([*command, f"task.train={data}", "--method", "masked-lm"]) == 1
    assert "method masked-lm needs augment.model" in capsys.readouterr().err
