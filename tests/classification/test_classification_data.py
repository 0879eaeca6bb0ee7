"""Tasks and their examples: GLUE's nine by TSV and hub, tables of one's own, label order, overlaps."""

from __future__ import annotations

import gzip
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from qgkd.classification.config import TaskConfig
from qgkd.classification.tasks.data import load_task, read_glue_file
from qgkd.classification.tasks.examples import ClassificationExample
from qgkd.classification.tasks.glue_tasks import GLUE_TASKS, glue_task
from qgkd.classification.tasks.labels import check_label_order, id2label, ordered_labels
from qgkd.classification.tasks.overlap import TextsSeen
from qgkd.errors import UserError

# Two rows of each task as GLUE's files have them, `|` for a tab: quotes that nothing closes, a byte order mark, no
# header in CoLA, the columns that stand between.
GLUE_FILES = {
    "cola": ("CoLA", ('x01|1||She said "yes.', "x01|0|*|She yes said."), [1, 0]),
    "sst-2": ("SST-2", ("sentence|label", "bright and warm |1", "dull |0"), [1, 0]),
    "mrpc": (
        "MRPC",
        ("\ufeffQuality|#1 ID|#2 ID|#1 String|#2 String", '1|4|5|He said " go .|He said to go .', "0|6|7|A .|B ."),
        [1, 0],
    ),
    "sts-b": (
        "STS-B",
        (
            "index|genre|filename|year|old_index|source1|source2|sentence1|sentence2|score",
            "0|g|f|2012|1|n|n|A man eats.|A man is eating.|4.750",
            "1|g|f|2012|2|n|n|A dog.|A cat.|0.8",
        ),
        [4.75, 0.8],
    ),
    "qqp": (
        "QQP",
        ("id|qid1|qid2|question1|question2|is_duplicate", "7|1|2|Why?|Why so?|1", "8|3|4|Who?|When?|0"),
        [1, 0],
    ),
    "mnli": (
        "MNLI",
        (
            "index|promptID|pairID|genre|sentence1_binary_parse|sentence2_binary_parse|sentence1_parse|sentence2_parse"
            "|sentence1|sentence2|label1|gold_label",
            "0|1|1e|fiction|( a )|( b )|(S a)|(S b)|It rains.|It is wet.|entailment|entailment",
            "1|2|2c|fiction|( a )|( b )|(S a)|(S b)|It rains.|It is dry.|neutral|contradiction",
        ),
        [0, 2],
    ),
    "qnli": (
        "QNLI",
        ("index|question|sentence|label", "0|Who built it?|Lin.|entailment", "1|When?|It is red.|not_entailment"),
        [0, 1],
    ),
    "rte": (
        "RTE",
        ("index|sentence1|sentence2|label", "0|Lin built it.|It is.|entailment", "1|It fell.|No.|not_entailment"),
        [0, 1],
    ),
    "wnli": (
        "WNLI",
        ("index|sentence1|sentence2|label", "0|It fell.|The cup fell.|1", "1|It fell.|The table fell.|0"),
        [1, 0],
    ),
}


@pytest.fixture(scope="module")
def glue_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("glue")
    for name, (folder, lines, _) in GLUE_FILES.items():
        (root / folder).mkdir()
        text = "\n".join(lines).replace("|", "\t") + "\n"
        if name == "mnli":
            (root / folder / "dev_matched.tsv").write_text(text, encoding="utf-8")
            (root / folder / "dev_mismatched.tsv").write_text(text.replace("fiction", "letters"), encoding="utf-8")
        else:
            (root / folder / "dev.tsv").write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("name", GLUE_FILES)
def test_each_glue_task_from_its_tsv_file(name: str, glue_folder: Path) -> None:
    data = load_task(TaskConfig(name=name, folder=str(glue_folder)))
    examples = data.examples("validation")
    assert [example.label for example in examples] == GLUE_FILES[name][2]
    assert all((example.text_b is not None) == data.task.pair for example in examples)
    assert data.problems == ()
    own_folder = load_task(TaskConfig(name=name.upper(), folder=str(glue_folder / GLUE_FILES[name][0])))
    assert own_folder == data


def test_glue_texts_are_taken_as_they_stand(glue_folder: Path) -> None:
    """Nothing is unquoted; columns are found by name behind a byte order mark; MNLI's parses are no texts."""
    data = {name: load_task(TaskConfig(name=name, folder=str(glue_folder))) for name in ("cola", "mrpc", "mnli")}
    assert data["cola"].examples("validation")[0].text_a == 'She said "yes.'
    first = data["mrpc"].examples("validation")[0]
    assert (first.text_a, first.text_b) == ('He said " go .', "He said to go .")
    assert data["mnli"].task.splits == ("validation", "validation_mismatched")
    assert data["mnli"].examples("validation_mismatched")[1] == ClassificationExample(
        example_id="1", text_a="It rains.", text_b="It is dry.", label=2
    )


def test_glue_test_files_have_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"
    path.write_text("index\tsentence\n0\tBirds sing.\n1\tSing birds.\n", encoding="utf-8")
    assert list(read_glue_file(GLUE_TASKS["cola"], "test", path)) == [
        ClassificationExample(example_id="0", text_a="Birds sing."),
        ClassificationExample(example_id="1", text_a="Sing birds."),
    ]


def test_the_official_files_are_read_to_the_last_row(shared_folder: Path) -> None:
    """Counts as the hub states them; the first example of each task by hand."""
    expected = {
        "cola": (8551, 1043),
        "mrpc": (3668, 408),
        "sts-b": (5749, 1500),
        "rte": (2490, 277),
        "wnli": (635, 71),
    }
    for name, counts in expected.items():
        data = load_task(TaskConfig(name=name, folder=str(shared_folder / "data" / "glue")))
        assert (len(data.examples("train")), len(data.examples("validation")), data.problems) == (*counts, ())
    assert data.examples("train")[0].text_b == "The carrot had a hole."


def test_bad_rows_are_reported_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "reviews.tsv"
    path.write_bytes(
        "label\ttext\n1\t好吃。\n2\t好吃。\n\t难吃。\n0\t\n0\t难\t吃。\n0\t难吃。\n".encode()
        + b"0\t\xa7\xda\n"
        + "1\t又一次。\n".encode()
    )
    data = load_task(TaskConfig(name="reviews", train=(str(path),), labels=("0", "1")))
    assert [example.label for example in data.examples("train")] == [1, 0, 1]
    assert [(problem.line_number, problem.reason.partition(";")[0]) for problem in data.problems] == [
        (3, "expected a label of 0, 1, found '2'"),
        (4, "expected a label under 'label', found none"),
        (5, "expected a text under 'text', found none"),
        (6, "expected 2 fields (label, text), found 3"),
        (8, "expected UTF-8 under 'text', found bytes that are not (Big5, GBK?)"),
    ]


def test_own_tables_of_every_kind(tmp_path: Path) -> None:
    """CSV with quotes, semicolons, TSV without a header, JSONL, gzip: the same three examples."""
    rows = [("好, 很好", "pos"), ("坏", "neg"), ("一般", "neutral")]
    files = {
        "a.csv": "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows),
        "b.csv": "label;text\n" + "".join(f"{label};{text}\n" for text, label in rows),
        "c.jsonl": "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows),
        "d.json": json.dumps([{"text": text, "label": label} for text, label in rows]),
    }
    found = set()
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        found.add(examples_of(TaskConfig(name="own", train=(str(tmp_path / name),))))
    headless = "".join(f"{label}\t{text}\n" for text, label in rows)
    (tmp_path / "e.txt").write_text(headless, encoding="utf-8")
    (tmp_path / "f.tsv.gz").write_bytes(gzip.compress(headless.encode()))
    for name in ("e.txt", "f.tsv.gz"):
        found.add(examples_of(TaskConfig(name="own", train=(str(tmp_path / name),), columns=("label", "text"))))
    assert found == {((("好, 很好", 2), ("坏", 0), ("一般", 1)), ("neg", "neutral", "pos"))}


def examples_of(config: TaskConfig) -> tuple[Any, ...]:
    data = load_task(config)
    return tuple((example.text_a, example.label) for example in data.examples("train")), data.task.labels


def test_own_pairs_and_scores(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("sentence1,sentence2,score\na,b,1.5\nc,d,much\ne,f,-2\n", encoding="utf-8")
    data = load_task(TaskConfig(name="own", train=(str(path),), test=(str(path),), regression=True))
    assert (data.task.labels, data.task.pair, data.task.main_metric) == (None, True, "pearson")
    assert [(e.text_a, e.text_b, e.label) for e in data.examples("test")] == [("a", "b", 1.5), ("e", "f", -2.0)]
    assert "expected a number as the label, found 'much'" in data.problems[0].reason
    named = load_task(TaskConfig(name="own", train=(str(path),), text_a="sentence2", label="score", regression=True))
    assert (named.task.pair, named.examples("train")[0].text_a) == (False, "b")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"name": "sentiment"}, "expected one of GLUE's nine, or files of your own, found neither"),
        ({"train": ("absent.tsv",)}, "absent.tsv: expected a file, found nothing of that name"),
        ({"train": ("a.tsv",), "text_a": "body"}, "expected a column 'body', found 'label', 'text'; set task.text_a"),
        ({"train": ("odd.tsv",)}, "expected a column of texts, such as 'text_a', found 'x', 'y'; name it as"),
        ({"train": ("one.tsv",)}, "expected from 2 to 100 classes, found 1 different labels; give task.labels"),
        ({"train": ("a.tsv",), "metrics": ("bleu",)}, "task.metrics must be of accuracy"),
        ({"train": ("a.tsv",), "script": "latin"}, "task.script must be traditional or simplified"),
        ({"train": ("wide.tsv",)}, "utf-16.*save it as UTF-8"),
        ({"train": ("a.tsv",), "labels": ("x", "y")}, "to train on, found none that can be read; the first problem"),
        ({"name": "rte", "folder": "."}, "expected RTE with train.tsv"),
    ],
)  # fmt: skip
def test_mistakes_are_reported(
    settings: dict[str, Any], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.tsv").write_text("label\ttext\n0\ta\n1\tb\n", encoding="utf-8")
    Path("odd.tsv").write_text("x\ty\n0\ta\n", encoding="utf-8")
    Path("one.tsv").write_text("label\ttext\n0\ta\n", encoding="utf-8")
    Path("wide.tsv").write_text("label\ttext\n0\ta\n", encoding="utf-16")
    with pytest.raises(UserError, match=f"(?i){sentence}"):
        load_task(TaskConfig(**{"name": "own", **settings}))


def test_transfer_labels_are_never_read(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text("label\ttext\n0\ta\n1\tb\n", encoding="utf-8")
    (tmp_path / "more.tsv").write_text("label\ttext\n9\tc\n\td\n1\te\n", encoding="utf-8")
    config = TaskConfig(
        name="own", train=(str(tmp_path / "train.tsv"),), transfer=(str(tmp_path / "more.tsv"),), transfer_limit=2
    )
    data = load_task(config)
    assert data.task.splits == ("train", "transfer")
    assert [(example.text_a, example.label) for example in data.examples("transfer")] == [("c", None), ("d", None)]


def test_overlapping_texts_are_left_out(tmp_path: Path) -> None:
    """In the other script, with other punctuation, with a sentence more: all the same text."""
    loaded = "這個賓館比較陳舊了，特價的房間也很一般。總體來說一般，下次不會再來。"
    same = ("这个宾馆比较陈旧了 特价的房间也很一般 总体来说一般 下次不会再来！！", loaded + "早餐倒是不錯。")
    other = "這個賓館很新，早餐很好，下次還會再來，服務員也很熱情。"
    seen = TextsSeen([loaded, "好。"])
    assert [text in seen for text in (*same, loaded, "好！", other, "")] == [True, True, True, True, False, False]
    (tmp_path / "train.tsv").write_text(f"label\ttext\n0\t{same[0]}\n1\t{other}\n0\t差\n", encoding="utf-8")
    (tmp_path / "test.txt").write_text(f"0\t0\n0\t{loaded}\n", encoding="utf-8")
    data = load_task(
        TaskConfig(name="own", train=(str(tmp_path / "train.tsv"),), exclude_texts_of=(str(tmp_path / "test.txt"),))
    )
    assert [example.text_a for example in data.examples("train")] == [other, "差"]
    assert data.left_out == {"train": 1}


def test_texts_are_converted_where_asked(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("label\ttext\n0\t头发\n1\t发现\n", encoding="utf-8")
    data = load_task(TaskConfig(name="own", train=(str(tmp_path / "a.tsv"),), script="traditional"))
    assert [example.text_a for example in data.examples("train")] == ["頭髮", "發現"]


def test_label_order_is_checked() -> None:
    mnli, sts = GLUE_TASKS["mnli"].task, GLUE_TASKS["sts-b"].task
    assert id2label(mnli) == {0: "entailment", 1: "neutral", 2: "contradiction"}
    assert check_label_order(mnli, {"2": "CONTRADICTION", "0": "Entailment", "1": "neutral"}, 3, "the teacher t")
    assert not check_label_order(mnli, {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, 3, "the teacher t")
    assert not check_label_order(mnli, None, 3, "the teacher t")
    assert check_label_order(sts, {0: "LABEL_0"}, 1, "the teacher t")
    with pytest.raises(UserError, match=r"the order entailment, neutral, contradiction .* found contradiction, ent"):
        check_label_order(mnli, {0: "contradiction", 1: "entailment", 2: "neutral"}, 3, "the teacher t")
    with pytest.raises(UserError, match=r"the teacher t: expected 3 logits for mnli .*, found 2"):
        check_label_order(mnli, {0: "entailment", 1: "not_entailment"}, 2, "the teacher t")
    with pytest.raises(UserError, match="expected the classes entailment, not_entailment of rte, found negative"):
        check_label_order(GLUE_TASKS["rte"].task, {0: "negative", 1: "positive"}, 2, "the teacher t")
    assert ordered_labels({"10", "9", "-1"}) == ("-1", "9", "10")


def test_swapped_numbers_are_another_order(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("label\ttext\n0\ta\n1\tb\n", encoding="utf-8")
    task = load_task(TaskConfig(name="own", train=(str(tmp_path / "a.tsv"),))).task
    assert check_label_order(task, {0: "0", 1: "1"}, 2, "the student s")
    assert not check_label_order(task, {0: "LABEL_0", 1: "LABEL_1"}, 2, "the student s")
    with pytest.raises(UserError, match="in the order 0, 1"):
        check_label_order(task, {0: "1", 1: "0"}, 2, "the student s")


class HubSplit(list[dict[str, Any]]):
    """What `datasets.load_dataset` returns, as far as it is read."""

    def __init__(self, records: list[dict[str, Any]], names: tuple[str, ...] | None) -> None:
        super().__init__(records)
        self.features = {"label": types.SimpleNamespace(names=list(names)) if names else types.SimpleNamespace()}


def hub(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[str, str, str]]:
    """Put a loader in the place of the library's; the calls it gets."""
    calls: list[tuple[str, str, str]] = []

    def load_dataset(path: str, name: str, *, split: str) -> Any:
        calls.append((path, name, split))
        return answer(name, split)

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=load_dataset))
    return calls


def test_glue_from_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        {"premise": "It rains.", "hypothesis": "It is wet.", "label": 0, "idx": 10},
        {"premise": "It rains.", "hypothesis": "It is dry.", "label": -1, "idx": 11},
    ]
    calls = hub(monkeypatch, lambda name, split: HubSplit(records, GLUE_TASKS["mnli"].task.labels))
    data = load_task(TaskConfig(name="mnli"))
    assert calls == [
        ("nyu-mll/glue", "mnli", "train"),
        ("nyu-mll/glue", "mnli", "validation_matched"),
        ("nyu-mll/glue", "mnli", "validation_mismatched"),
    ]
    assert data.examples("train") == (
        ClassificationExample(example_id="10", text_a="It rains.", text_b="It is wet.", label=0),
    )
    assert len(data.problems) == 3
    assert "expected a label under 'label', found none" in data.problems[0].reason


def test_scores_and_other_names_from_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"sentence1": "a", "sentence2": "b", "label": 4.2, "idx": 0}
    calls = hub(monkeypatch, lambda name, split: HubSplit([record], None))
    assert load_task(TaskConfig(name="sts-b")).examples("train")[0].label == 4.2
    assert calls[0] == ("nyu-mll/glue", "stsb", "train")


def test_hub_classes_of_another_order_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, lambda name, split: HubSplit([], ("not_entailment", "entailment")))
    with pytest.raises(UserError, match="expected the classes entailment, not_entailment, found not_entailment"):
        load_task(TaskConfig(name="rte"))


def test_without_network_or_library_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(name: str, split: str) -> Any:
        raise ConnectionError("Couldn't reach 'nyu-mll/glue' on the Hub\nmore")

    hub(monkeypatch, offline)
    with pytest.raises(UserError, match=r"rte, train: could not be loaded .*Couldn't reach .* give GLUE's TSV folder"):
        load_task(TaskConfig(name="rte"))
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"expected the library datasets, found none; .* -m pip install '.\[glue\]'"):
        load_task(TaskConfig(name="rte"))


def test_other_names_of_a_task() -> None:
    assert glue_task("SST2") is GLUE_TASKS["sst-2"]
    assert glue_task("STS_B") is glue_task("stsb") is GLUE_TASKS["sts-b"]
    assert glue_task("hotel") is None
