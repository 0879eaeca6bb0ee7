"""Comparisons: which runs, in which order, once each; and the tables they come to."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path
from typing import Any

import pytest

from qgkd.classification import run as run_module
from qgkd.classification.config import ClassificationConfig
from qgkd.classification.result import ClassificationResult, write_result
from qgkd.errors import UserError
from qgkd.experiment.classification.comparison import finished_rows, run_comparison, write_report
from qgkd.experiment.classification.plan import Comparison, load_comparison, make_comparison
from qgkd.experiment.classification.tables import ComparisonRow, markdown, table_lines

RESULTS = Path(__file__).resolve().parents[2] / "eval" / "results"


@pytest.fixture
def sections(tmp_path: Path) -> dict[str, Any]:
    """Two tasks, a teacher and three students, two seeds; the order in the file is not that of the runs."""
    (tmp_path / "train.tsv").write_text("label\ttext\n0\ta\n1\tb\n", encoding="utf-8")
    (tmp_path / "more.tsv").write_text("label\ttext\n0\tc\n", encoding="utf-8")
    files = {"train": [str(tmp_path / "train.tsv")], "test": [str(tmp_path / "train.tsv")]}
    return {
        "compare": {"output_dir": str(tmp_path / "runs"), "seeds": [3, 4], "results": str(tmp_path / "results.json")},
        "tasks": {"one": {**files, "transfer": [str(tmp_path / "more.tsv")]}, "two": files},
        "model": {"base": "a-model"},
        "train": {"num_train_epochs": 2},
        "systems": {
            "pkd": {"teachers": ["teacher"], "method": {"name": "pkd-skip"}, "model": {"layers": 2}},
            "chosen": {
                "title": "small or large",
                "teachers": ["small", "teacher"],
                "method": {"name": "dynamic-teacher-hard"},
                "model": {"layers": 2},
                "train": {"num_train_epochs": 5},
            },
            "small": {"model": {"layers": 3}, "seeds": [9]},
            "teacher": {},
        },
    }


class Trainings:
    """In the place of training: a result by a formula, and what was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.resumed: list[bool] = []
        self.data: list[Any] = []
        self.killed_in = self.refused_in = ""
        monkeypatch.setattr(run_module, "run_classification", self.run)

    def run(self, config: ClassificationConfig, *, resume: bool, data: Any) -> ClassificationResult:
        name = "/".join(config.run_folder.parts[-3:])
        for teacher in config.model.teachers:
            assert Path(teacher).is_dir(), f"{name} before {teacher}"
        self.resumed.append(resume)
        self.data.append(data)
        config.run_folder.mkdir(parents=True, exist_ok=True)
        if name == self.killed_in:
            raise KeyboardInterrupt
        if name == self.refused_in:
            raise UserError("expected classes, found a score")
        (config.run_folder / "model").mkdir()
        seed, depth = config.train["seed"], config.model.layers or 4
        figures = {
            "validation": {"accuracy": 0.1},
            "test": {"accuracy": 0.5 + depth / 100 + seed / 1000, "macro_f1": 0.4},
        }
        result = ClassificationResult(
            task=config.task.name,
            method=config.method_name,
            seed=seed,
            figures=figures,
            main_metric="accuracy",
            parameters=1000 * depth,
            ms_per_example=1.0 + seed,
            layers=depth,
            folder=config.run_folder,
        )
        write_result(result)
        self.done.append(name)
        return result


def names(comparison: Comparison) -> list[str]:
    return [run.name for run in comparison.runs]


def test_plan(sections: dict[str, Any]) -> None:
    """Seed by seed, teachers first and of the student's seed; a system's own seeds; sections over the shared one."""
    comparison = make_comparison(sections)
    assert names(comparison) == [
        "one/teacher/seed-3", "one/pkd/seed-3", "one/small/seed-9", "one/chosen/seed-3",
        "two/teacher/seed-3", "two/pkd/seed-3", "two/small/seed-9", "two/chosen/seed-3",
        "one/teacher/seed-4", "one/pkd/seed-4", "one/chosen/seed-4",
        "two/teacher/seed-4", "two/pkd/seed-4", "two/chosen/seed-4",
    ]  # fmt: skip
    chosen = comparison.runs[3]
    folder = comparison.folder / "one"
    assert chosen.config.model.teachers == (str(folder / "small/seed-9/model"), str(folder / "teacher/seed-3/model"))
    later = comparison.runs[10]  # `small` has no seed 4
    assert later.config.model.teachers == (str(folder / "small/seed-9/model"), str(folder / "teacher/seed-4/model"))
    assert (chosen.config.train["num_train_epochs"], chosen.config.train["seed"]) == (5, 3)
    assert chosen.config.model.base == "a-model"
    assert (chosen.config.task.name, len(chosen.config.task.transfer)) == ("one", 1)
    teacher = comparison.runs[0]
    assert teacher.config.task.transfer == ()
    assert teacher.config.train["num_train_epochs"] == 2


def test_a_system_may_begin_from_another(sections: dict[str, Any]) -> None:
    """TinyBERT's two stages: the second after the first, of the same seed, from its model with all layers."""
    second = {"teachers": ["teacher"], "start": "first", "method": {"name": "tinybert-prediction"}}
    first = {"teachers": ["teacher"], "method": {"name": "tinybert-layers"}, "model": {"layers": 2}}
    systems = {"second": second, "first": first, "teacher": sections["systems"]["teacher"]}
    comparison = make_comparison({**sections, "systems": systems, "model": {**sections["model"], "layers": 2}})
    assert names(comparison)[:3] == ["one/teacher/seed-3", "one/first/seed-3", "one/second/seed-3"]
    run, folder = comparison.runs[2], comparison.folder / "one"
    assert run.teachers == (folder / "teacher/seed-3", folder / "first/seed-3")
    assert run.config.model.base == str(folder / "first/seed-3/model")
    assert run.config.model.layers is None
    with pytest.raises(UserError, match=r"systems\.second\.start: 'frist' is no system; did you mean first"):
        make_comparison({**sections, "systems": {**systems, "second": {**second, "start": "frist"}}})


def test_tasks_can_be_run_apart(sections: dict[str, Any]) -> None:
    """Each part's runs are those of the whole, so that their folders meet."""
    whole = make_comparison(sections)
    loaded = []
    for task in ("two", "one"):
        part = make_comparison({**sections, "compare": {**sections["compare"], "tasks": [task]}})
        assert part.tasks == (task,)
        loaded += part.runs
    assert sorted(loaded, key=whole.runs.index) == list(whole.runs)


def test_overrides_reach_every_level(sections: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "compare.toml"
    path.write_text(
        '[tasks.rte]\nfolder = "glue"\n[model]\nbase = "b"\n[systems.ft]\n[systems.kd]\nteachers = ["ft"]\n'
        'method.name = "kd"\n[compare]\noutput_dir = "out"\n',
        encoding="utf-8",
    )
    settings = (
        "compare.seeds=[7]",
        "systems.kd.method.alpha=0.25",
        "tasks.rte.max_tokens=64",
        "train.learning_rate=1e-4",
    )
    comparison = load_comparison(path, settings)
    assert names(comparison) == ["rte/ft/seed-7", "rte/kd/seed-7"]
    config = comparison.runs[1].config
    assert (config.method["alpha"], config.task.max_tokens, config.train["learning_rate"]) == (0.25, 64, 1e-4)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"systems": {"kd": {"teachers": ["teachr"]}}}, "teacher 'teachr' is neither a system nor a folder"),
        ({"systems": {"a": {"teachers": ["b"]}, "b": {"teachers": ["a"]}}}, "teachers that do not learn from their"),
        ({"systems": {"a": {"methods": {}}}}, r"systems\.a\.methods is unknown; did you mean systems\.a\.method\?"),
        ({"systems": {}}, r"systems\.NAME must name at least one system"),
        ({"tasks": {}}, r"tasks\.NAME must name at least one task"),
        ({"compare": {"seeds": [1]}}, "compare.output_dir must name"),
        ({"compare": {"output_dir": "o", "seeds": 3}}, "compare.seeds must be a list of whole numbers, was 3"),
        (
            {"compare": {"output_dir": "o", "tasks": ["tow"]}},
            r"compare\.tasks: 'tow' is none of \[tasks\]; did you mean two\?",
        ),
        ({"systems": {"a": {"model": {"layer": 2}}}}, r"systems\.a on one: model\.layer is unknown; did you mean"),
        ({"system": {}}, r"\[system\] is unknown; did you mean systems\?"),
    ],
)
def test_mistakes_are_reported(sections: dict[str, Any], change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make_comparison({**sections, **change})


def test_every_run_is_done_once(sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed within a run, started again: that run is resumed, the complete ones are not touched."""
    comparison = make_comparison(sections)
    trainings = Trainings(monkeypatch)
    trainings.killed_in = "two/teacher/seed-3"
    with pytest.raises(KeyboardInterrupt):
        run_comparison(comparison, command="the first")
    assert trainings.done == names(comparison)[:4]
    trainings.killed_in = ""
    assert run_comparison(comparison, command="the second") == []
    assert trainings.done == names(comparison)
    assert trainings.resumed == [False] * 5 + [True] + [False] * 9
    assert run_comparison(comparison, command="the third") == []
    assert len(trainings.done) == len(comparison.runs)
    rows = json.loads((comparison.folder.parent / "results.json").read_text("utf-8"))
    assert rows == json.loads((comparison.folder / "rows.json").read_text("utf-8"))
    # The run the first command was killed in, and the others by which command they were begun.
    commands = {(row["task"], row["system"], row["seed"]): row["command"] for row in rows}
    assert (commands["one", "chosen", 3], commands["two", "teacher", 3], commands["two", "pkd", 3]) == (
        "the first", "the first", "the second",
    )  # fmt: skip


def test_a_tasks_texts_are_read_once_in_a_row(sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of task one: once for those that learn from texts without labels, once for the others."""
    trainings = Trainings(monkeypatch)
    run_comparison(make_comparison(sections), command="c")
    first = trainings.data[:4]
    assert [len(data.examples("transfer")) for data in first] == [0, 1, 0, 1]
    assert first[0] is first[2]
    assert first[1] is first[3]


def test_a_refused_run_stops_its_students_alone(
    sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trainings = Trainings(monkeypatch)
    trainings.refused_in = "one/teacher/seed-3"
    failures = run_comparison(make_comparison(sections), command="c")
    printed = capsys.readouterr().err.splitlines()
    assert [failure.partition(":")[0] for failure in failures] == [
        "one/teacher/seed-3", "one/pkd/seed-3", "one/chosen/seed-3",
    ]  # fmt: skip
    assert failures[0].endswith("expected classes, found a score")
    assert "could not be trained" in failures[1]
    assert {"one/pkd/seed-4", "two/chosen/seed-4"} <= set(trainings.done)
    assert set(failures) < set(printed)


def test_other_settings_are_not_mixed(sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    Trainings(monkeypatch)
    run_comparison(make_comparison(sections), command="c")
    sections["train"]["num_train_epochs"] = 9
    with pytest.raises(UserError, match=r"expected a run with train\.num_train_epochs = 9, found one with 2; remove"):
        run_comparison(make_comparison(sections), command="c")


def test_settings_that_came_later_are_taken_as_their_defaults(
    sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record of before `evaluation.patience` existed; one with a setting that is no longer given is another run."""
    Trainings(monkeypatch)
    comparison = make_comparison(sections)
    run_comparison(comparison, command="c")
    record = comparison.folder / "one" / "teacher" / "seed-3.json"
    loaded = json.loads(record.read_text("utf-8"))
    del loaded["config"]["evaluation"]["patience"]
    record.write_text(json.dumps(loaded), encoding="utf-8")
    assert run_comparison(comparison, command="c") == []
    loaded["config"]["train"]["max_steps"] = 3
    record.write_text(json.dumps(loaded), encoding="utf-8")
    with pytest.raises(UserError, match=r"expected a run with train\.max_steps = None, found one with 3"):
        run_comparison(comparison, command="c")


def test_rows_that_cannot_be_written_are_reported_first(
    sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings = Trainings(monkeypatch)
    sections["compare"]["results"] = "absent/results.json"
    with pytest.raises(UserError, match=r"absent/results\.json: could not be written: its folder does not exist"):
        run_comparison(make_comparison(sections), command="c")
    assert trainings.done == []


def test_rows_and_tables(sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure again from the formula the trainings go by."""
    Trainings(monkeypatch)
    comparison = make_comparison(sections)
    run_comparison(comparison, command="qgkd glue compare x.toml")
    rows = finished_rows(comparison)
    assert len(rows) == 2 * (2 + 2 + 1 + 2) * 2  # tasks, seeds of four systems, metrics of the test
    assert {row.split for row in rows} == {"test"}
    first = json.loads((comparison.folder / "rows.json").read_text("utf-8"))[0]
    wanted = {
        "task",
        "method",
        "student",
        "seed",
        "metric",
        "value",
        "parameters",
        "ms_per_example",
        "command",
        "commit",
    }
    assert wanted <= set(first)
    assert (first["method"], first["student"], first["seed"]) == ("pkd-skip", "2 layers", 3)
    lines = {line.system: line for line in table_lines(rows) if line.task == "one"}
    assert lines["teacher"].mean == pytest.approx(0.54 + 0.0035)
    assert lines["teacher"].std == pytest.approx(statistics.stdev((0.543, 0.544)))
    assert (lines["small"].std, lines["small"].best, lines["small"].seeds) == (None, pytest.approx(0.539), 1)
    assert {name: line.rank for name, line in lines.items()} == {"teacher": 1, "small": 2, "pkd": 3, "chosen": 3}
    assert (lines["pkd"].parameters, lines["pkd"].ms_per_example) == (2000, 4.5 + 0)
    text = (comparison.folder / "table.md").read_text("utf-8")
    assert text == markdown(table_lines(rows))
    assert "| small or large | 2 layers | 2 | 52.4 ± 0.1 | 52.4 | 3 | 2,000 | 4.50 |" in text
    assert "| teacher | 2 of 2 | 54.4 | 1.0 |" in text
    with (comparison.folder / "table.csv").open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [row["system"] for row in read] == ["pkd", "chosen", "small", "teacher"] * 2
    assert (comparison.folder / "table.png").read_bytes()[:4] == b"\x89PNG"


def test_without_matplotlib_the_tables_are_written(
    sections: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    Trainings(monkeypatch)
    comparison = make_comparison(sections)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    run_comparison(comparison, command="c")
    assert "table.png needs matplotlib" in capsys.readouterr().err
    assert (comparison.folder / "table.md").is_file()
    assert not (comparison.folder / "table.png").exists()


def test_nothing_complete_writes_nothing(sections: dict[str, Any]) -> None:
    comparison = make_comparison(sections)
    assert write_report(comparison) == []
    assert not comparison.folder.exists()


def test_ties_and_scores_below_zero() -> None:
    """Equal means share a rank and the next one is left out; Matthews may be negative."""

    def row(system: str, value: float, *, metric: str = "matthews", main: bool = True) -> ComparisonRow:
        return ComparisonRow(
            task="cola", split="validation", system=system, title=system, method="kd", student="2 layers", seed=1,
            metric=metric, is_main=main, value=value, parameters=1, ms_per_example=1.0, command="c", commit=None,
        )  # fmt: skip

    lines = table_lines(
        [row("a", -0.1), row("b", 0.2), row("c", 0.2), row("d", 0.1), row("d", 0.9, metric="x", main=False)]
    )
    assert [(line.system, line.rank) for line in lines] == [("a", 4), ("b", 1), ("c", 1), ("d", 3)]
    assert "| a | 2 layers | 1 | -10.0 | -10.0 | 4 |" in markdown(lines)


def test_result_files_of_older_runs_are_read() -> None:
    """The rows that are shipped with their table: two tasks, ten systems, five seeds, two metrics."""
    shipped = json.loads((RESULTS / "glue_compare.json").read_text("utf-8"))
    lines = {(line.task, line.system): line for line in table_lines(ComparisonRow(**row) for row in shipped)}
    assert len(lines) == 20
    assert {line.seeds for line in lines.values()} == {5}
