"""`qgkd glue compare` on tiny models: the shipped configs, end to end for RTE."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from classification_runs import save_encoder

from qgkd.classification.compare_config import load_comparison
from qgkd.cli import main

CONFIGS = Path(__file__).resolve().parent.parent / "eval" / "configs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two encoders of eight layers, and an RTE of sixteen pairs: the second text is a part of the first, or not."""
    made = tmp_path_factory.mktemp("compare")
    save_encoder(made / "base", layers=8)
    save_encoder(made / "large", layers=8, seed=1)
    (made / "RTE").mkdir()
    chosen = random.Random(1)
    for name in ("train", "dev"):
        lines = ["index\tsentence1\tsentence2\tlabel"]
        for index in range(16):
            first = "".join(chosen.choices("燈塔年有的人了在海北岸歲來每今天", k=6))
            second, label = (first[:3], "entailment") if index % 2 else ("港務局", "not_entailment")
            lines.append(f"{index}\t{first}\t{second}\t{label}")
        (made / "RTE" / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


def settings(folder: Path) -> list[str]:
    small = ["compare.seeds=[1]", "task.max_tokens=24", "train.max_steps=2", "train.use_cpu=true", "train.report_to=[]"]
    return [
        str(CONFIGS / "glue_rte.toml"),
        f"compare.output_dir={folder / 'runs'}",
        f"compare.data_folder={folder}",
        f"model.base={folder / 'base'}",
        f"systems.large.model.base={folder / 'large'}",
        "evaluation.timing_repeats=1",
        *small,
    ]


def test_rte_from_end_to_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report's eight rows and CKD: a table on stdout, files beside the runs, nothing done twice."""
    assert main(["glue", "compare", *settings(folder), "--plan"]) == 0
    plan = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[1] for line in plan] == ["to do"] * 9
    assert main(["glue", "compare", *settings(folder)]) == 0
    told = capsys.readouterr()
    assert "run 9 of 9: rte/ckd/seed-1" in told.err
    assert told.out == (folder / "runs" / "table.md").read_text("utf-8")
    assert told.out.startswith("### rte, validation, accuracy (%)")
    titles = [line.split(" | ")[0].removeprefix("| ") for line in told.out.splitlines() if line.startswith("| ")][1:]
    assert titles == [
        "BERT large, fine-tuned", "BERT base, fine-tuned", "6 layers, fine-tuned", "KD (large)", "KD (base)",
        "Dynamic KD, teacher", "Dynamic KD, data", "Dynamic KD, supervision", "CKD",
    ]  # fmt: skip
    rows = json.loads((folder / "runs" / "rows.json").read_text("utf-8"))
    assert {row["system"]: row["student"] for row in rows}["ckd"] == "6 layers"
    assert all(0 <= row["value"] <= 1 and row["ms_per_example"] > 0 for row in rows)
    assert {row["command"].split()[:4][2] for row in rows} == {"compare"}
    stamps = {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("rte/*/seed-1/result.json")}
    assert main(["glue", "compare", *settings(folder)]) == 0
    assert len(stamps) == 9
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    capsys.readouterr()
    assert main(["glue", "compare", *settings(folder), "--tables-only"]) == 0
    assert capsys.readouterr().out == told.out


def test_nothing_to_tabulate_is_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["glue", "compare", *settings(folder), f"compare.output_dir={tmp_path / 'none'}", "--tables-only"]) == 1
    assert "expected complete runs, found none" in capsys.readouterr().err
    assert main(["glue", "compare", *settings(folder), "--tables-only", "--plan"]) == 2


def test_a_run_that_cannot_be_done_is_told_at_the_end(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An encoder that is absent: its rows fail, one sentence each, the others go on; exit code 1."""
    own = tmp_path / "own.toml"
    own.write_text(
        f"""
        [compare]
        output_dir = "{tmp_path / "runs"}"
        data_folder = "{folder}"
        seeds = [1]
        [tasks.rte]
        folder = "."
        max_tokens = 24
        [model]
        base = "{folder / "base"}"
        layers = 1
        [train]
        max_steps = 1
        use_cpu = true
        report_to = []
        [systems.absent]
        model.base = "{tmp_path / "absent"}"
        [systems.its-student]
        teachers = ["absent"]
        method.name = "kd"
        [systems.there]
        """,
        encoding="utf-8",
    )
    assert main(["glue", "compare", str(own)]) == 1
    told = capsys.readouterr()
    assert "2 of 3 runs could not be done; the first: rte/absent/seed-1: " in told.err.splitlines()[-1]
    assert "| there | 1 layers |" in told.out
    assert "absent" not in told.out


@pytest.mark.parametrize("config", sorted(CONFIGS.glob("glue_*.toml")), ids=lambda path: path.stem)
def test_every_shipped_comparison_is_planned(config: Path) -> None:
    comparison = load_comparison(config)
    assert len(comparison.runs) == len(comparison.tasks) * len(comparison.systems) * 5


def test_chinese_teachers_see_neither_test(shared_folder: Path) -> None:
    """No text of either set's test is trained on or transferred, in any script."""
    from qgkd.classification.data import load_task
    from qgkd.classification.overlap import letters_of

    data_folder = f"compare.data_folder={shared_folder / 'data'}"
    comparison = load_comparison(CONFIGS / "glue_chinese.toml", (data_folder, "task.test_limit=0"))
    taught = {run.task: load_task(run.config.task) for run in comparison.runs if run.system == "kd" and run.seed == 1}
    tests = {letters_of(example.text_a) for data in taught.values() for example in data.examples("test")}
    assert len(taught["hotel"].examples("test")) == 1000
    assert len(taught["chnsenticorp"].examples("test")) == 1200
    for data in taught.values():
        for split in ("train", "transfer"):
            assert len(data.examples(split)) > 900
            assert not tests & {letters_of(example.text_a) for example in data.examples(split)}
