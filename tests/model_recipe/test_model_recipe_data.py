"""What the recipe trains on: vocabulary, masked words, copies, synthetic questions, and what is kept out of all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from recipe_data import REPOSITORY, tiny_recipe

from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.rows import IGNORED_LABEL
from qgkd.model_input.tokens import tokenize
from qgkd.model_recipe.copying import copying_examples, copying_store
from qgkd.model_recipe.documents import clean_documents
from qgkd.model_recipe.masked_text import MaskedTextRows, masked_words
from qgkd.model_recipe.mixture import MixedQuestions
from qgkd.model_recipe.prepare import Preparation
from qgkd.model_recipe.settings import RecipeSettings, VocabularySettings
from qgkd.model_recipe.sources import KeptOut, paragraphs, read_documents
from qgkd.model_recipe.stage_settings import CopyingSettings
from qgkd.model_recipe.stores import join_stores, load_parts, part_of, save_parts
from qgkd.model_recipe.synthetic import askable_paragraph, synthetic_examples
from qgkd.model_recipe.text_tokens import TextTokens, choose_laws, encode_documents, word_starts
from qgkd.model_recipe.vocabulary import save_tokenizer, train_vocabulary
from qgkd.reading.readers import PassageRow, read_examples, read_passages
from qgkd.text.script import to_simplified
from qgkd.training.dataset import Draw, Vocabulary
from qgkd.training.run import vocabulary_of

PASSAGES = [path.read_text("utf-8") for path in sorted((REPOSITORY / "data" / "passages").glob("*.txt"))]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("vocabulary")
    save_tokenizer(train_vocabulary(PASSAGES, VocabularySettings(size=1800)), folder)
    return load_tokenizer(folder)


def masked_rows(tokenizer, text: TextTokens, *, total: int = 40, seed: int = 5) -> MaskedTextRows:
    special = set(tokenizer.all_special_ids)
    ordinary = np.asarray([i for i in range(len(tokenizer)) if i not in special])
    vocabulary = Vocabulary(mask_id=tokenizer.mask_token_id, pad_id=tokenizer.pad_token_id, ordinary_ids=ordinary)
    return MaskedTextRows(
        text, total, window_tokens=64, mask_share=0.15, max_position=96, vocabulary=vocabulary,
        ends=(tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.unk_token_id), seed=seed,
    )  # fmt: skip


def test_vocabulary_covers_and_round_trips(tokenizer) -> None:
    for passage in PASSAGES:
        tokens = tokenize(tokenizer, passage)
        assert tokenizer.unk_token_id not in tokens.ids
        assert "".join(passage[a:b] for a, b in zip(tokens.start_chars, tokens.end_chars, strict=True)) == "".join(
            passage.split()
        )


@pytest.mark.parametrize("text", ["1867", "2013", "1999", "12", "7", "0", "99"])
def test_years_are_two_tokens_at_most(text: str, tokenizer) -> None:
    ids = tokenize(tokenizer, text).ids
    assert len(ids) <= 2
    assert tokenizer.unk_token_id not in ids


def test_vocabulary_keeps_to_its_size_and_prefers_frequent_characters(tmp_path: Path) -> None:
    tokens = train_vocabulary(["港港港口口灣 café CAFE cafe"], VocabularySettings(size=500, chinese_characters=2))
    assert "港" in tokens
    assert "口" in tokens
    assert "灣" not in tokens
    assert "cafe" in tokens
    assert len(tokens) == len(set(tokens)) <= 500
    save_tokenizer(tokens, tmp_path)
    assert (tmp_path / "vocab.txt").read_text("utf-8").split() == tokens
    assert len(load_tokenizer(tmp_path)) == len(tokens)


def test_text_tokens_know_words_and_come_back(tokenizer, tmp_path: Path) -> None:
    text = encode_documents(PASSAGES[:2], tokenizer)
    starts = set(word_starts(PASSAGES[0]))
    tokens = tokenize(tokenizer, PASSAGES[0])
    expected = [start in starts for start in tokens.start_chars]
    assert text.starts_word[: len(tokens)].tolist() == expected
    assert text.ids[: len(tokens)].tolist() == list(tokens.ids)
    assert int(text.ids[len(tokens)]) == tokenizer.sep_token_id
    assert 0.3 < np.mean(expected) < 0.9
    text.save(tmp_path, "text")
    assert (TextTokens.load(tmp_path, "text").marked_ids == text.marked_ids).all()


def test_masks_are_whole_words_at_the_right_rate(tokenizer) -> None:
    text = encode_documents(PASSAGES, tokenizer)
    rows = masked_rows(tokenizer, text)
    special = {tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.unk_token_id}
    shares = []
    for start in range(0, 400, 7):
        row = rows.row(start, np.random.default_rng(start))
        masked = np.asarray(row.labels[1:-1]) != IGNORED_LABEL
        starts = text.starts_word[start : start + 62]
        word = np.cumsum(starts)
        for number in set(word[masked].tolist()):
            assert masked[word == number].all()
            assert number > 0
        if not text.starts_word[start + 62]:  # the window cuts its last word
            assert not masked[word == word[-1]].any()
        truth = text.ids[start : start + 62]
        assert [label for label in row.labels[1:-1] if label != IGNORED_LABEL] == truth[masked].tolist()
        assert (np.asarray(row.input_ids[1:-1])[~masked] == truth[~masked]).all()
        assert not special & set(truth[masked].tolist())
        assert max(row.positions) < 96
        shares.append(masked.mean())
    assert abs(np.mean(shares) - 0.15) < 0.02


def test_masks_depend_on_the_draw_alone(tokenizer) -> None:
    text = encode_documents(PASSAGES, tokenizer)
    first, again, other = (masked_rows(tokenizer, text, seed=seed) for seed in (5, 5, 6))
    order = list(range(40))
    Random(1).shuffle(order)
    rows = {item: first[Draw(0, item)] for item in order}
    assert all(again[Draw(0, item)] == rows[item] for item in range(40))
    assert any(other[Draw(0, item)] != rows[item] for item in range(40))
    assert first[Draw(1, 3)] != rows[3]


def test_every_window_comes_once_a_turn(tokenizer) -> None:
    text = encode_documents(PASSAGES, tokenizer)
    windows = len(text) // 62
    rows = masked_rows(tokenizer, text, total=2 * windows)
    for turn in (0, 1):
        seen = []
        for item in range(turn * windows, (turn + 1) * windows):
            ((row, _),) = [(w.row, w.weight) for w in rows[Draw(0, item)]]
            truth = [i if label == IGNORED_LABEL else label for i, label in zip(row.input_ids, row.labels, strict=True)]
            seen.append(tuple(truth[1:-1]))
        assert len(set(seen)) == windows


def test_words_longer_than_the_share_are_passed_by() -> None:
    starts = np.asarray([True] + [False] * 9 + [True] * 10)
    chosen = masked_words(
        starts, eligible=np.ones(20, bool), next_starts=True, share=0.1, random=np.random.default_rng(0)
    )
    assert sum(word.stop - word.start for word in chosen) == 2
    assert all(word.stop - word.start == 1 for word in chosen)


def test_copying_examples(tokenizer) -> None:
    settings = CopyingSettings(window_chars=48, shortest_chars=5, longest_chars=12)
    examples = list(copying_examples(PASSAGES, 200, settings, seed=3))
    assert len(examples) > 100
    assert examples == list(copying_examples(PASSAGES, 200, settings, seed=3))
    for example in examples:
        start = example.answer_start_char
        assert len(example.context) <= 48
        assert 5 <= len(example.question) <= 12
        assert example.context[start : start + len(example.question)] == example.question
        assert example.answer_text == example.question[0]
    store = copying_store(examples, tokenizer, InputFormat(max_context_tokens=60))
    for number, example in enumerate(examples):
        source, target = store.source(number), store.target(number)
        marked = [i for i in range(len(source)) if source.token_types[i] and i < source.passage_length]
        assert len(marked) >= 1
        place = marked[0]
        assert source.token_ids[place : place + len(target)] == target, example.question
        assert tokenizer.sep_token_id not in target


def test_synthetic_questions() -> None:
    passages = [p for text in PASSAGES for p in paragraphs(text) if askable_paragraph(p, 400)][:3]
    first = list(synthetic_examples(passages, 8, 1, "a"))
    assert len(first) > 8
    assert first == list(synthetic_examples(passages, 8, 1, "a"))
    assert [e.question for e in first] != [e.question for e in synthetic_examples(passages, 8, 2, "a")]
    assert {example.context for example in first} <= set(passages)


def test_askable_paragraphs_end_with_a_sentence() -> None:
    long = "港口建於一八五〇年，位於白沙灣的北岸，由港務局管理，每年有五萬名旅客來訪，是全島最大的港。" * 3
    text = askable_paragraph(long, 100)
    assert text is not None
    assert text.endswith("。")
    assert len(text) <= 100
    assert askable_paragraph("目錄", 100) is None
    assert (
        askable_paragraph("The harbour was built in 1850 and it is administered by the port. " * 3 + "。", 300) is None
    )


def test_lines_cut_by_width_are_joined() -> None:
    width = "中華民國之主權屬於國民全體，具有中華民國國籍者為中華民國國"
    assert paragraphs(f"憲法\n{width}\n民。\n第二條") == ["憲法", f"{width}民。", "第二條"]


def test_laws_keep_to_their_share() -> None:
    laws = ["甲" * length for length in range(10, 400, 7)]
    chosen = choose_laws(laws, 1000, 1 / 3, seed=1)
    assert 400 < sum(map(len, chosen)) <= 500
    assert chosen == choose_laws(laws, 1000, 1 / 3, seed=1)


def test_kept_out_in_either_script() -> None:
    sentence = "燈塔建於一八六七年，由工程師林文海在白沙灣的北岸設計。"
    kept_out = KeptOut.of([f"序。{sentence}後記。"])
    assert kept_out.holds(f"別的文章。{sentence}")
    assert kept_out.holds(to_simplified(f"別的文章。{sentence}"))
    assert not kept_out.holds("序。別的文章，說的是港口與燈塔，和一八六七年沒有關係，也不提工程師。後記。")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecipeSettings, Path]:
    folder = tmp_path_factory.mktemp("recipe")
    settings = tiny_recipe(folder)
    Preparation(settings, folder / "run").run()
    return settings, folder


def test_validation_and_test_passages_enter_no_stage(recipe: tuple[RecipeSettings, Path]) -> None:
    """Text holds all eight passages; those of the held-out and the test questions are gone from every part."""
    settings, folder = recipe
    questions = Preparation(settings, folder / "again")._questions
    test = [e.context for e in read_examples(folder / "never.jsonl").examples]
    secret = {*test, *(e.context for e in questions.validation)}
    assert len(secret) == 3
    tokenizer = load_tokenizer(folder / "run" / "vocabulary")
    telling = [tokenize(tokenizer, context).ids[20:40] for context in secret]
    streams = [TextTokens.load(folder / "run", name).ids.tolist() for name in ("text", "held_out_text")]
    for name in ("copying", "held_out_copying", "synthetic", "broad", "final", "closest"):
        store = load_parts(folder / "run", name)
        streams += [list(store.source(number).token_ids) for number in range(len(store))]
    printed = [" ".join(map(str, ids)) for ids in telling]
    for stream in streams:
        text = f" {' '.join(map(str, stream))} "
        assert not any(f" {piece} " in text for piece in printed)
    assert any(document.text for document in clean_documents(settings, questions.kept_out))
    assert len(read_documents(folder / "text.txt.xz")) >= 8


def test_passages_for_a_teacher(recipe: tuple[RecipeSettings, Path], tmp_path: Path) -> None:
    """By the command: rows that `qgkd generate` takes, and none of them about a passage that is kept out."""
    settings, folder = recipe
    script = Path(__file__).resolve().parents[2] / "eval" / "recipe_passages.py"
    out = tmp_path / "passages.jsonl"
    command = [sys.executable, str(script), str(folder / "recipe.toml"), str(folder), "--out", str(out)]
    human = tmp_path / "human.jsonl"
    more = ["--questions", "3", "--human-written", str(human)]
    subprocess.run([*command, *more], check=True, capture_output=True, timeout=120)
    rows = [row for row in read_passages(out) if isinstance(row, PassageRow)]
    asked = [row for row in rows if row.answers]
    assert len(asked) == 3
    assert len(rows) > 5
    assert all(row.context[a.start_char : a.end_char] == a.text for row in asked for a in row.answers)
    kept_out = Preparation(settings, folder / "again")._questions.kept_out
    assert not any(kept_out.holds(row.context) for row in rows)
    written = read_examples(human).examples
    assert len(written) > 3
    assert all(example.question and not kept_out.holds(example.context) for example in written)
    first = out.read_bytes()
    subprocess.run([*command, "--questions", "3"], check=True, capture_output=True, timeout=120)
    assert out.read_bytes() == first


def test_nothing_is_prepared_twice(recipe: tuple[RecipeSettings, Path], capsys: pytest.CaptureFixture[str]) -> None:
    settings, folder = recipe
    Preparation(settings, folder / "run").run()
    assert capsys.readouterr().err == ""
    (folder / "laws.txt").write_text("第一條　本規則自發布日施行。\n", encoding="utf-8")
    Preparation(settings, folder / "run").run()
    assert "prepared text" in capsys.readouterr().err


def test_stores_in_parts(recipe: tuple[RecipeSettings, Path], tmp_path: Path) -> None:
    store = load_parts(recipe[1] / "run", "synthetic")
    parts = [part_of(store, 0, 5), part_of(store, 5, 6), part_of(store, 6, len(store))]
    joined = join_stores(parts)
    for number in range(len(store)):
        assert joined.source(number) == store.source(number)
        assert joined.target(number) == store.target(number)
    save_parts(store, tmp_path, "x")
    assert load_parts(tmp_path, "x").source(7) == store.source(7)


def test_mixture_follows_its_shares() -> None:
    class Kind:
        def __init__(self, items: int) -> None:
            self.items = [(number,) for number in range(items)]
            self.lengths = np.arange(items) + 1

        def __len__(self) -> int:
            return len(self.items)

        def __getitem__(self, draw: Draw) -> Draw:
            return draw

    kinds = [Kind(30), Kind(7), Kind(0)]
    mixed = MixedQuestions(kinds, (0.9, 0.1, 0.0), (0.1, 0.1, 0.8), 4000, 8, seed=1)  # type: ignore[arg-type]
    again = MixedQuestions(kinds, (0.9, 0.1, 0.0), (0.1, 0.1, 0.8), 4000, 8, seed=1)  # type: ignore[arg-type]
    assert (mixed.kind_of == again.kind_of).all()
    assert not (mixed.kind_of == 2).any()
    assert (mixed.kind_of[:400] == 0).mean() > 0.8
    assert (mixed.kind_of[-400:] == 0).mean() < 0.7
    seen = [mixed[Draw(0, item)] for item in range(4000)]
    draws = {(int(kind), draw.epoch, draw.item) for kind, draw in zip(mixed.kind_of, seen, strict=True)}
    assert len(draws) == 4000  # every turn over a kind is a draw of its own
    assert len(mixed) == len(mixed.lengths) == len(mixed.items)


def test_vocabulary_of_a_checkpoint(recipe: tuple[RecipeSettings, Path]) -> None:
    class Loaded:
        tokenizer = load_tokenizer(recipe[1] / "run" / "vocabulary")

    vocabulary = vocabulary_of(Loaded())  # type: ignore[arg-type]
    assert vocabulary.mask_id not in vocabulary.ordinary_ids
