"""`qgkd glue compare` on a tiny model: what is printed, what is written, what is not done twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from classification_runs import save_encoder, write_task

from qgkd.cli import main
from qgkd.experiment.classification.plan import load_comparison

CONFIGS = Path(__file__).resolve().parents[2] / "eval" / "configs"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher of two layers and its student of one, two steps each."""
    folder = tmp_path_factory.mktemp("compare")
    save_encoder(folder / "encoder")
    write_task(folder / "data", train=12, measured=6)
    path = folder / "own.toml"
    path.write_text(
        f"""
        [compare]
        output_dir = "{folder / "runs"}"
        data_folder = "{folder / "data"}"
        seeds = [1]
        [tasks.toy]
        train = "train.jsonl"
        validation = "dev.jsonl"
        max_tokens = 24
        [model]
        base = "{folder / "encoder"}"
        [train]
        max_steps = 2
        use_cpu = true
        report_to = []
        [systems.teacher]
        [systems.kd]
        title = "KD"
        teachers = ["teacher"]
        method.name = "kd"
        model.layers = 1
        """,
        encoding="utf-8",
    )
    return path


def test_from_end_to_end(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table on stdout and in the folder; the second time nothing is trained."""
    runs = config.parent / "runs"
    assert main(["glue", "compare", str(config), "--plan"]) == 0
    assert capsys.readouterr().out == "toy/teacher/seed-1\tto do\ntoy/kd/seed-1\tto do\n"
    assert main(["glue", "compare", str(config), "evaluation.timing_repeats=1"]) == 0
    printed = capsys.readouterr()
    assert "run 2 of 2: toy/kd/seed-1" in printed.err
    assert printed.out == (runs / "table.md").read_text("utf-8")
    assert printed.out.startswith("### toy, validation, accuracy (%)")
    rows = json.loads((runs / "rows.json").read_text("utf-8"))
    assert [(row["system"], row["title"], row["student"]) for row in rows if row["is_main"]] == [
        ("teacher", "teacher", "2 layers"), ("kd", "KD", "1 layer"),
    ]  # fmt: skip
    assert all(0 <= row["value"] <= 1 and row["ms_per_example"] > 0 and row["parameters"] > 1000 for row in rows)
    assert {row["command"] for row in rows} == {f"qgkd glue compare {config} evaluation.timing_repeats=1"}
    stamps = {path: path.stat().st_mtime_ns for path in runs.glob("toy/*/seed-1/result.json")}
    assert main(["glue", "compare", str(config), "evaluation.timing_repeats=1"]) == 0
    assert len(stamps) == 2
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    capsys.readouterr()
    assert main(["glue", "compare", str(config), "--tables-only"]) == 0
    assert capsys.readouterr().out == printed.out
    assert main(["glue", "compare", str(config), "--plan"]) == 0
    assert capsys.readouterr().out.count("complete") == 2
    assert main(["glue", "compare", str(config), "--time-again"]) == 0
    timing = json.loads((runs / "timing.json").read_text("utf-8"))["toy"]
    rows = json.loads((runs / "rows.json").read_text("utf-8"))
    assert {row["system"]: row["ms_per_example"] for row in rows} == timing
    assert set(timing) == {"teacher", "kd"}


def test_nothing_to_tabulate_is_reported(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = f"compare.output_dir={tmp_path / 'none'}"
    assert main(["glue", "compare", str(config), none, "--tables-only"]) == 1
    assert "expected complete runs, found none" in capsys.readouterr().err
    assert main(["glue", "compare", str(config), none, "--time-again"]) == 1
    assert "expected complete runs to time, found none" in capsys.readouterr().err
    assert main(["glue", "compare", str(config), "--tables-only", "--plan"]) == 2


def test_a_run_that_cannot_be_done_is_reported_at_the_end(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An encoder that is absent: its row and its student's fail, a sentence each; exit code 1."""
    absent = [f"compare.output_dir={tmp_path / 'runs'}", f"systems.teacher.model.base={tmp_path / 'absent'}"]
    assert main(["glue", "compare", str(config), *absent, "systems.other.model.layers=1"]) == 1
    printed = capsys.readouterr()
    assert "2 of 3 runs could not be done; the first: toy/teacher/seed-1: " in printed.err.splitlines()[-1]
    assert "| other | 1 layer |" in printed.out
    assert "KD" not in printed.out


def test_chinese_teachers_see_neither_test(shared_folder: Path) -> None:
    """No text of either set's test is trained on or transferred, in any script."""
    from qgkd.classification.tasks.data import load_task
    from qgkd.classification.tasks.overlap import letters_of

    data_folder = f"compare.data_folder={shared_folder / 'data'}"
    comparison = load_comparison(CONFIGS / "glue_chinese.toml", (data_folder, "task.test_limit=0"))
    taught = {run.task: load_task(run.config.task) for run in comparison.runs if run.system == "kd" and run.seed == 1}
    tests = {letters_of(example.text_a) for data in taught.values() for example in data.examples("test")}
    assert len(taught["hotel"].examples("test")) == 1000
    assert len(taught["chnsenticorp"].examples("test")) == 1200
    for data in taught.values():
        for split in ("train", "transfer"):
            assert len(data.examples(split)) >= 500
            assert not tests & {letters_of(example.text_a) for example in data.examples(split)}
