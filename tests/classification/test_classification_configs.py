"""The classification configs that come with the project: they hold, and the RTE report's runs end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from classification_runs import save_encoder

from qgkd.cli import main
from qgkd.experiment.classification.plan import load_comparison

REPOSITORY = Path(__file__).resolve().parents[2]

CONFIGS = REPOSITORY / "eval" / "configs"
RTE = CONFIGS / "glue_rte.toml"
REPORT = {  # row: method, teachers, student's layers
    "large": ("fine-tune", [], None),
    "base": ("fine-tune", [], None),
    "student": ("fine-tune", [], 6),
    "kd-large": ("kd", ["large"], 6),
    "kd-base": ("kd", ["base"], 6),
    "dynamic-teacher": ("dynamic-teacher-soft", ["base", "large"], 6),
    "dynamic-data": ("dynamic-data", ["base"], 6),
    "dynamic-supervision": ("dynamic-supervision", ["base"], 6),
    "ckd": ("ckd", ["base"], 6),
}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("glue_*.toml")), ids=lambda path: path.stem)
def test_every_config_holds(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_comparison(path).runs


def test_the_rte_report_is_eight_rows_and_ckd_at_five_seeds() -> None:
    comparison = load_comparison(RTE)
    assert len(comparison.runs) == 9 * 5
    assert {run.seed for run in comparison.runs} == {1, 2, 3, 4, 5}
    for run in comparison.runs:
        method, teachers, layers = REPORT[run.system]
        model, train = run.config.model, run.config.train
        assert (run.config.method_name, model.layers) == (method, layers)
        assert [Path(each).parent.parent.name for each in model.teachers] == teachers
        assert model.base == ("bert-large-uncased" if run.system == "large" else "bert-base-uncased")
        assert (train["per_device_train_batch_size"], run.config.task.max_tokens) == (16, 128)
    ckd = next(run.config for run in comparison.runs if run.system == "ckd")
    assert (ckd.train["learning_rate"], ckd.train["num_train_epochs"]) == (5e-5, 6)
    weights = [ckd.method[f"{of}_weight"] for of in ("word_distance", "word_angle", "layer_distance", "layer_angle")]
    assert weights == [1, 16, 128, 64]
    assert (ckd.method["alpha"], ckd.method["distill_temperature"]) == (0.9, 3)
    teacher = next(run.config for run in comparison.runs if run.system == "large")
    assert teacher.train["learning_rate"] == 5e-5


def write_rte(folder: Path) -> Path:
    """RTE's columns, sentences of our own in the tiny tokenizer's letters."""
    folder.mkdir()
    texts = ("燈塔高42公尺", "港口每年有旅客", "詩人寫了海", "港務局的職員")
    for split, count in (("train", 24), ("dev", 8)):
        lines = ["index\tsentence1\tsentence2\tlabel"]
        for place in range(count):
            same = place % 2 == 0
            other = texts[(place // 2 + (0 if same else 1)) % 4]
            lines.append(f"{place}\t{texts[place // 2 % 4]}\t{other}\t{'entailment' if same else 'not_entailment'}")
        (folder / f"{split}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_the_rte_report_runs_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On tiny models of 7 and 8 layers, one seed, two steps each: all nine rows are in the table."""
    base, large = save_encoder(tmp_path / "base", layers=7), save_encoder(tmp_path / "large", layers=8, hidden_size=24)
    write_rte(tmp_path / "RTE")
    settings = [
        f"compare.output_dir={tmp_path / 'runs'}",
        f"compare.data_folder={tmp_path}",
        "compare.seeds=[1]",
        f"model.base={base}",
        f"systems.large.model.base={large}",
        "task.max_tokens=32",
        "train.max_steps=2",
        "train.use_cpu=true",
        "train.report_to=[]",
        "train.bf16=false",
        "evaluation.timing_repeats=1",
    ]
    assert main(["glue", "compare", str(RTE), *settings]) == 0
    table = capsys.readouterr().out
    for title in ("BERT large", "BERT base", "6 layers", "KD (large)", "KD (base)", "teacher", "data", "superv", "CKD"):
        assert title in table
    rows = json.loads((tmp_path / "runs" / "rows.json").read_text("utf-8"))
    assert {row["task"] for row in rows} == {"rte"}
    assert len(rows) == 9
    assert all(0 <= row["value"] <= 1 for row in rows)
