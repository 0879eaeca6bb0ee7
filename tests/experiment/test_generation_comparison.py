"""`qgkd recipe` and `qgkd compare`, end to end at the smallest size."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from distill_runs import save_model
from training_examples import records, write_questions
from training_runs import assert_same_weights, spawn

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.record import read_record
from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.experiment.engine.step import make_step, steps_before
from qgkd.experiment.generation.comparison import Comparison
from qgkd.experiment.generation.measure import KEYS
from qgkd.experiment.generation.questions import draw_questions
from qgkd.experiment.generation.report import all_rows
from qgkd.experiment.generation.settings import CompareSettings, QuestionOptions, load_compare
from qgkd.experiment.generation.systems import BASELINES, chosen_names, step_of, tree_names
from qgkd.experiment.generation.tables import lines_of
from qgkd.experiment.recipe.training_step import TrainingStep
from qgkd.experiment.recipe.two_stage import load_recipe
from qgkd.files.json_files import read_json

CONFIGS = Path(__file__).resolve().parents[2] / "eval" / "configs"
TRAIN = "train.use_cpu=true", "train.report_to=[]", "train.per_device_train_batch_size=8", "train.logging_steps=1"
SIZE = ("student.layers=2", "train.max_steps=2", "train.save_steps=1", "evaluation.every_steps=2",
        "evaluation.metric=loss", "train.learning_rate=1e-3")  # fmt: skip
LONG = "distill.train.max_steps=16", "distill.train.save_steps=2"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base of four layers, questions on three passages, two of them to train on."""
    folder = tmp_path_factory.mktemp("data")
    save_model(folder / "base", layers=4)
    write_questions(folder / "train.jsonl", [r for r in records() if r["title"] != "passage 3"])
    write_questions(folder / "validation.jsonl", [r for r in records() if r["title"] == "passage 3"][:3])
    write_questions(folder / "seen.jsonl", records()[:1])
    return folder


def settings_of(data: Path, *more: str, validation: bool = True) -> list[str]:
    given = [f"model.base={data / 'base'}", f'data.train=["{data / "train.jsonl"}"]', *TRAIN, *SIZE]
    return [*given, *([f"data.validation={data / 'validation.jsonl'}"] if validation else []), *more]


def empty(folder: Path) -> Path:
    path = folder / "empty.toml"
    path.write_text("", "utf-8")
    return path


# The recipe


@pytest.fixture(scope="module")
def recipe_folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that nothing cut off."""
    folder = tmp_path_factory.mktemp("recipe")
    assert main(["recipe", str(empty(folder)), *settings_of(data, f"recipe.folder={folder / 'run'}"), *LONG]) == 0
    return folder / "run"


def test_recipe_is_the_reports(recipe_folder: Path, data: Path) -> None:
    """Teacher on everything; its lower layers; dropout .3; the first half by the teacher, everything by the labels."""
    models = {path.name[2:]: path / "model" for path in sorted(recipe_folder.glob("?-*"))}
    assert list(models) == ["teacher", "student", "distilled", "selftrained"]
    depth = {name: load_checkpoint(path).model.config.num_hidden_layers for name, path in models.items()}
    assert depth == {"teacher": 4, "student": 2, "distilled": 2, "selftrained": 2}
    configs = {name: read_record(str(path)).get("config", {}) for name, path in models.items()}
    dropouts = {name: config["model"]["dropout"] for name, config in configs.items() if config}
    assert dropouts == {"teacher": 0.1, "distilled": 0.3, "selftrained": 0.3}
    asked = {name: read_record(str(models[name]))["trained_on"]["questions"] for name in dropouts}
    assert asked == {"teacher": 15, "distilled": 7, "selftrained": 15}
    assert configs["distilled"]["distill"]["teacher"] == str(models["teacher"])
    assert configs["selftrained"]["model"]["base"] == str(models["distilled"])
    teacher, student = (load_checkpoint(models[name]).model for name in ("teacher", "student"))
    for name, tensor in student.state_dict().items():  # layers 1 and 2, and all that is no layer
        torch.testing.assert_close(tensor, teacher.state_dict()[name], rtol=0, atol=0)
    printed = json.loads((recipe_folder / "recipe.json").read_text("utf-8"))
    assert [row["step"] for row in printed] == list(models)
    assert not list(recipe_folder.glob("*/checkpoint-*"))


def test_recipe_done_is_done(
    recipe_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in recipe_folder.glob("*/model/*")}
    command = ["recipe", str(empty(tmp_path)), *settings_of(data, f"recipe.folder={recipe_folder}"), *LONG]
    assert main(command) == 0
    assert capsys.readouterr().out == f"{recipe_folder / '4-selftrained' / 'model'}\n"
    assert {path: path.stat().st_mtime_ns for path in recipe_folder.glob("*/model/*")} == before
    assert main([*command, "distill.fraction=0.8"]) == 1
    assert "3-distilled: expected step distilled with the same settings and data" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in recipe_folder.glob("*/model/*")} == before


def test_recipe_killed_in_the_third_step(recipe_folder: Path, data: Path, tmp_path: Path) -> None:
    """SIGKILL between two checkpoints; the same command gives the models of the recipe that was not cut."""
    folder, third = tmp_path / "cut", tmp_path / "cut" / "3-distilled"
    settings = settings_of(data, f"recipe.folder={folder}")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = spawn(["qgkd", "recipe", str(empty(tmp_path)), *settings, *LONG], **quiet)
    wait_for(lambda: (third / "checkpoint-2" / "trainer_state.json").exists() or process.poll() is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (folder / "1-teacher" / "done.json").exists()
    assert not (third / "done.json").exists(), "the step ended before it was killed"
    teacher = (folder / "1-teacher" / "model" / "model.safetensors").stat().st_mtime_ns
    assert main(["recipe", str(empty(tmp_path)), *settings, *LONG]) == 0
    assert (folder / "1-teacher" / "model" / "model.safetensors").stat().st_mtime_ns == teacher
    for name in ("1-teacher", "2-student", "3-distilled", "4-selftrained"):
        assert_same_weights(folder / name / "model", recipe_folder / name / "model")


def wait_for(there: Callable[[], bool], limit_s: float = 300.0) -> None:
    until = time.monotonic() + limit_s
    while not there():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_what_is_given_is_not_made(recipe_folder: Path, data: Path, tmp_path: Path) -> None:
    given = [f"given.teacher={recipe_folder / '1-teacher' / 'model'}",
             f"given.distilled={recipe_folder / '3-distilled' / 'model'}"]  # fmt: skip
    config = empty(tmp_path)
    assert main(["recipe", str(config), *settings_of(data, *given, f"recipe.folder={tmp_path / 'run'}")]) == 0
    assert [path.name for path in (tmp_path / "run").glob("?-*")] == ["4-selftrained"]
    # A given model is known by its contents: the step is the one of the recipe that made it.
    assert_same_weights(tmp_path / "run" / "4-selftrained" / "model", recipe_folder / "4-selftrained" / "model")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (["distill.temprature=2"], "distill.temprature is unknown; did you mean distill.distill_temperature?"),
        (["model.dropout=0.1"], "model.dropout is not set here but by teacher.dropout"),
        (["data.fraction=0.5"], "data.fraction is not set here but by teacher.fraction"),
        (["distill.teacher=x"], "distill.teacher is not set here but by given.teacher"),
        (["teacher.schedule=layer-adding"], "teacher.schedule is unknown"),
        (["selftrain.train.max_stepz=3"], "train.max_stepz is unknown; did you mean train.max_steps?"),
        (["student.drop=middle"], "student.drop must be one of"),
        (["other.key=1"], "[other] is unknown"),
    ],
)
def test_recipe_mistakes_are_reported_before_anything_is_trained(
    settings: list[str], sentence: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    given = settings_of(data, f"recipe.folder={folder}", *settings)
    assert main(["recipe", str(empty(tmp_path)), *given]) == 1
    assert sentence in capsys.readouterr().err
    assert not folder.exists()


# The comparison


def compare_settings(data: Path, folder: Path, *more: str) -> CompareSettings:
    (folder / "compare.toml").write_text("", "utf-8")
    own = [f"compare.folder={folder / 'run'}", "compare.timing_questions=0"]
    return load_compare(folder / "compare.toml", settings_of(data, *own, *more))


def test_the_tree_is_the_reports(data: Path, tmp_path: Path) -> None:
    settings = compare_settings(data, tmp_path)
    names = tree_names(settings.options)
    assert len(names) == len(set(names)) == 2 + 2 * 2 * 2 * 3
    assert set(chosen_names(settings)) == {*names, *BASELINES} - {"other-base"}
    of_seed = settings.of(1, "prefix")
    step = step_of("t0.5-d1-p0.3-s0.5", of_seed)
    assert step is not None
    chain = steps_before(step)
    assert [(each.kind, each.sections.get("data", {}).get("fraction")) for each in chain] == [
        ("train", 0.5), ("student", None), ("distill", 1.0), ("selftrain", 0.5)
    ]  # fmt: skip
    assert [each.sections["model"]["dropout"] for each in chain if each.kind != "student"] == [0.1, 0.3, 0.3]


def test_rows_that_are_one_model_are_one_step(data: Path, tmp_path: Path) -> None:
    of_seed = compare_settings(data, tmp_path).of(1, "prefix")

    def digest(name: str) -> str:
        step = step_of(name, of_seed)
        assert step is not None
        return step.fingerprint

    assert digest("two-stage") == digest("t1-d0.5-p0.3-s1")
    assert digest("all-layer") == digest("t1-d1-p0.1-s0")
    assert digest("teacher") == digest("t1")
    names = [name for name in chosen_names(compare_settings(data, tmp_path)) if name != "rule"]
    assert len({digest(name) for name in names}) == len(names) - 3
    other = compare_settings(data, tmp_path).of(2, "prefix")
    assert step_of("two-stage", other).fingerprint != digest("two-stage")  # type: ignore[union-attr]
    assert compare_settings(data, tmp_path).of(1, "recurrent").chain.shared["model"]["attention"] == "recurrent"


def test_a_fingerprint_is_of_what_changes_weights(data: Path, tmp_path: Path) -> None:
    def digest(*more: str) -> str:
        step = step_of("two-stage", compare_settings(data, tmp_path, *more).of(1, "prefix"))
        assert step is not None
        return step.fingerprint

    first = digest()
    assert digest("train.logging_steps=7", "compare.folder=elsewhere") == first
    assert digest("teacher.train.learning_rate=0.01") != first  # of a step before it
    train = data / "train.jsonl"
    loaded = train.read_text("utf-8")
    try:
        train.write_text(loaded.replace("燈塔高多少公尺", "燈塔有多高"), "utf-8")
        assert digest() != first
    finally:
        train.write_text(loaded, "utf-8")


def test_direct_long_takes_the_steps_of_both_stages(data: Path, tmp_path: Path) -> None:
    both = compare_settings(data, tmp_path, "distill.train.max_steps=5", "selftrain.train.max_steps=3")
    step = step_of("direct-long", both.of(1, "prefix"))
    assert step is not None
    assert step.sections["train"]["max_steps"] == 8
    direct = step_of("direct", both.of(1, "prefix"))
    assert direct is not None
    assert direct.sections["train"]["max_steps"] == 5  # the distillation's, where [direct] says nothing


def test_comparison_end_to_end(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Baselines and tree, two modes, tables, plots; parts made apart, shared steps made once; the test set last."""
    config = tmp_path / "compare.toml"
    config.write_text("", "utf-8")
    systems = ["teacher", "direct", "hinton", "all-layer", "layer-adding", "two-stage", "rule",
               "t1", "t1-d1-p0.1-s0", "t1-d0.5-p0.3-s1", "t0.5-d0.5-p0.1-s0.5"]  # fmt: skip
    command = ["compare", str(config), *settings_of(
        data, f"compare.folder={tmp_path / 'run'}", "compare.seeds=[1]", f"compare.systems={json.dumps(systems)}",
        'compare.recurrent=["teacher", "two-stage"]', "compare.recurrent_questions=2", "compare.timing_questions=1",
        "compare.timing_rounds=1", f"test.data={data / 'validation.jsonl'}", "train.max_steps=1",
        f"test.exclude_articles_of={data / 'seen.jsonl'}", "recurrent.rows.positions_per_question=2",
    )]  # fmt: skip
    assert main([*command, "--only", "two-stage", "--seed", "1"]) == 0
    steps = tmp_path / "run" / "steps"
    made = {path: path.stat().st_mtime_ns for path in steps.glob("*/model/model.safetensors")}
    assert len(made) == 8  # teacher, student, distilled, self-trained in two modes
    assert "of 13 rows were not made" in capsys.readouterr().out
    assert main([*command, "--final"]) == 1
    assert "expected every row on validation before the test set is looked at" in capsys.readouterr().err
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert len(list(steps.glob("train-*"))) == 2 + 1 + 1  # teachers of both modes and on a half, direct
    table = capsys.readouterr().out
    assert "rows were not made" not in table
    assert "The test set was not looked at." in table
    assert main([*command, "--final"]) == 0
    check_results(tmp_path / "run", systems)
    assert main([*command, "train.learning_rate=5e-4", "--tables"]) == 0
    assert "12 of 13 rows were not made" in capsys.readouterr().out


def check_results(folder: Path, systems: list[str]) -> None:
    rows = json.loads((folder / "qg_compare.json").read_text("utf-8"))
    assert set(rows[0]) == {"name", "mode", "seed", *KEYS, "trained_on", "evaluated_on", "command", "commit"}
    found = {(row["name"], row["mode"], row["evaluated_on"]) for row in rows}
    assert {name for name, mode, _ in found if mode == "prefix"} == {*systems} - {"rule"}
    assert {name for name, mode, _ in found if mode == "recurrent"} == {"teacher", "two-stage"}
    assert {where for _, mode, where in found if mode == "recurrent"} == {
        f"validation.jsonl, the first 2, {subset}, 2 questions" for subset in ("all", "new articles")
    }  # fmt: skip
    two_stage = next(row for row in rows if row["name"] == "two-stage")
    assert two_stage["trained_on"] == "train.jsonl: teacher 15, distilled 7, selftrained 15 questions"
    assert two_stage["command"].endswith("--only two-stage --seed 1")
    assert read_json(folder / "final.json")["times_looked_at"] == 1
    with (folder / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert {line["name"] for line in table} == {*systems}
    timing = read_json(folder / "timing.json")
    assert {"prefix", "recurrent"} == set(timing)
    assert timing["prefix"]["student_parameters"] < timing["prefix"]["teacher_parameters"]
    pytest.importorskip("matplotlib", reason="the plots need matplotlib")
    assert all((folder / name).read_bytes()[:4] == b"\x89PNG" for name in ("tree.png", "quality.png"))


def test_the_tree_may_have_fewer_seeds(data: Path, tmp_path: Path) -> None:
    """But not a row of it that is named by itself."""
    settings = compare_settings(data, tmp_path, 'compare.systems=["t1", "tree"]', "compare.seeds=[1, 2]",
                                "compare.tree_seeds=[2]")  # fmt: skip
    tree = tree_names(settings.options)
    found = [(cell.name, cell.seed) for cell in Comparison(settings).cells()]
    assert sorted(found) == sorted([("t1", 1), *((name, 2) for name in tree)])
    with pytest.raises(UserError, match="no row has that name and seed"):
        Comparison(settings).cells(["t0.5"], [1])


def test_tree_stands_for_all_of_its_rows(data: Path, tmp_path: Path) -> None:
    comparison = Comparison(compare_settings(data, tmp_path, 'compare.systems=["rule", "tree"]', "compare.seeds=[1]"))
    tree = tree_names(comparison.settings.options)
    assert comparison.names == ["rule", *tree]
    assert [cell.name for cell in comparison.cells(["tree"])] == tree


def test_the_test_set_is_for_the_rows_named(data: Path, tmp_path: Path) -> None:
    comparison = Comparison(compare_settings(
        data, tmp_path, 'compare.systems=["rule", "t1", "teacher"]', "compare.seeds=[1]", "train.max_steps=1",
        'compare.recurrent=["teacher"]', f"test.data={data / 'seen.jsonl'}", 'test.systems=["rule", "teacher"]',
        'test.modes=["prefix"]', "recurrent.rows.positions_per_question=2",
    ))  # fmt: skip
    comparison.run(comparison.cells())
    comparison.final()
    rows = [(row["name"], row["mode"], row["evaluated_on"].partition(",")[0]) for row in all_rows(comparison)]
    assert sorted(name for name in rows if name[2] == "seen.jsonl") == [
        ("rule", "rule", "seen.jsonl"), ("teacher", "prefix", "seen.jsonl"),
    ]  # fmt: skip
    assert len([name for name in rows if name[2] == "validation.jsonl"]) == 4


def test_other_models_may_not_see_the_test_set_again(data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    settings = compare_settings(data, tmp_path, 'compare.systems=["rule"]', "compare.seeds=[1]",
                                f"test.data={data / 'validation.jsonl'}")  # fmt: skip
    comparison = Comparison(settings)
    comparison.run(comparison.cells())
    comparison.final()
    comparison.final()
    monkeypatch.setattr("qgkd.experiment.generation.comparison.rule_digest", lambda: "0" * 64)
    changed = Comparison(settings)
    changed.run(changed.cells())
    with pytest.raises(UserError, match="what is chosen by the test set is no result"):
        changed.final()
    changed.final(force=True)
    assert read_json(settings.folder / "final.json")["times_looked_at"] == 2


def test_means_and_shares_by_hand() -> None:
    def row(name: str, seed: int, value: float, mode: str = "prefix") -> dict[str, Any]:
        return {"name": name, "mode": mode, "seed": seed, "evaluated_on": "x", **dict.fromkeys(KEYS, value)}

    rows = [row("teacher", 1, 0.4), row("teacher", 2, 0.5), row("direct", 1, 0.3), row("direct", 2, 0.4),
            row("rule", 1, 0.2, "rule")]  # fmt: skip
    teacher, direct, rule = lines_of(rows)
    assert direct.mean["avg_score"] == pytest.approx(0.35)
    assert direct.std["avg_score"] == pytest.approx(0.0707107, rel=1e-5)
    assert direct.percent["avg_score"] == pytest.approx((75 + 80) / 2)  # each seed by its own teacher
    assert direct.percent_std["avg_score"] == pytest.approx(3.5355339, rel=1e-5)
    assert (teacher.percent["avg_score"], teacher.seeds) == (pytest.approx(100), (1, 2))
    assert (rule.percent["avg_score"], rule.std["avg_score"]) == (pytest.approx((50 + 40) / 2), None)


def test_two_processes_make_a_step_once(data: Path, tmp_path: Path) -> None:
    """The second waits for the lock of the first, and finds the step done."""
    fcntl = pytest.importorskip("fcntl")
    import threading

    student = step_of("direct", compare_settings(data, tmp_path).of(1, "prefix"))
    assert student is not None
    assert isinstance(student.base, TrainingStep)
    step = replace(student.base, base=str(data / "base"))
    folder = tmp_path / "step"
    folder.mkdir()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other = threading.Thread(target=make_step, args=(step, lambda _: folder))
        other.start()
        time.sleep(0.2)
        assert not (folder / "step.json").exists()
        fcntl.flock(lock, fcntl.LOCK_UN)
        other.join(timeout=30)
    assert (folder / "done.json").exists()


def test_questions_are_drawn_once(tmp_path: Path) -> None:
    broad = [
        {**r, "id": f"b-{r['id']}", "context": f"{r['context']}又。"} for r in records() if r["title"] != "passage 3"
    ]
    write_questions(tmp_path / "broad.jsonl", broad)
    final = [{**r, "seen": r["title"] != "passage 3"} for r in records()]
    write_questions(tmp_path / "final.jsonl", final)
    options = QuestionOptions(folder=str(tmp_path), train=("broad.jsonl",), final="final.jsonl",
                              held_out_field="seen", number=15)  # fmt: skip
    train, validation = draw_questions(options, tmp_path / "out")
    ids = [json.loads(line)["id"] for line in train.read_text("utf-8").splitlines()]
    assert sorted(ids) == sorted(r["id"] for r in final if r["seen"])  # of the final file first
    assert [json.loads(line)["id"] for line in validation.read_text("utf-8").splitlines()] == [
        r["id"] for r in final if not r["seen"]
    ]
    before = train.stat().st_mtime_ns
    assert draw_questions(options, tmp_path / "out") == (train, validation)
    assert train.stat().st_mtime_ns == before
    with pytest.raises(UserError, match="expected questions drawn with these settings"):
        draw_questions(replace(options, seed=5), tmp_path / "out")
    with pytest.raises(UserError, match=r"questions\.number: expected at most"):
        draw_questions(replace(options, number=500), tmp_path / "more")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (['compare.systems=["two-stge"]'], "system 'two-stge' is unknown; did you mean two-stage?"),
        (['compare.systems=["other-base"]'], "other-base needs other_base.base"),
        (["given.teacher=x"], "remove [given]"),
        (["compare.dropouts=[1.0]"], "compare.dropouts must be from 0 to below 1"),
        (["questions.final=a.jsonl"], "must name the questions, not both"),
        (["compare.seeds=[]"], "compare.seeds must name at least one seed"),
        (["compare.tree_seeds=[7]"], "compare.tree_seeds must be some of compare.seeds"),
        (['test.systems=["two-stge"]'], "system 'two-stge' is unknown; did you mean two-stage?"),
        (['test.systems=["direct"]', 'compare.systems=["rule"]'], "test.systems names 'direct', which is no row"),
        (['test.modes=["prefx"]'], "test.modes must be of prefix and recurrent"),
    ],
)
def test_compare_mistakes_are_one_sentence(
    settings: list[str], sentence: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compare", str(empty(tmp_path)), *settings_of(data, f"compare.folder={tmp_path / 'run'}", *settings)]
    assert main(command) == 1
    assert sentence in capsys.readouterr().err
    assert main([*command[:2], *settings_of(data), "--only", "teacher", "--final"]) == 2


def test_shipped_configs_load() -> None:
    recipe = load_recipe(CONFIGS / "two_stage.toml")
    assert (recipe.chain.distill.fraction, recipe.chain.distill.dropout, recipe.chain.selftrain.dropout) == (
        0.5,
        0.3,
        0.3,
    )
    assert (recipe.chain.student.layers, recipe.chain.student.drop) == (6, "top")
    compared = load_compare(CONFIGS / "compare_cpu.toml")
    assert len(compared.options.seeds) >= 3
    assert compared.options.recurrent == ("teacher", "direct", "all-layer", "two-stage")
    assert len(chosen_names(compared)) == 8 + 26
    assert set(compared.test.systems) <= set(chosen_names(compared))


def test_result_files_of_older_runs_are_read() -> None:
    """The rows that are shipped with their table, three seeds of most systems; the rule has one."""
    lines = lines_of(json.loads((CONFIGS.parent / "results" / "qg_compare.json").read_text("utf-8")))
    validation = {line.name: line for line in lines if line.evaluated_on == lines[0].evaluated_on}
    assert (len(validation["teacher"].seeds), len(validation["rule"].seeds)) == (3, 1)
    assert all(line.percent["avg_score"] > 0 for line in validation.values())
