"""The recipe end to end at the smallest size: resumable within and between stages, and its model writes questions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from recipe_data import tiny_recipe
from safetensors.torch import load_file

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.cli import main
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.settings import decoding_of
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.model_recipe import stage, stages
from qgkd.model_recipe.policy_gradient import PolicyGradientTrainer
from qgkd.model_recipe.recipe import make_model, prepare_model
from qgkd.model_recipe.settings import RecipeSettings, load_recipe
from qgkd.training.trainer import QGTrainer

STAGES = ("1-text", "2-copying", "3-questions")
CONFIGS = sorted((Path(__file__).resolve().parents[2] / "eval" / "configs").glob("model_*.toml"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecipeSettings, Path]:
    folder = tmp_path_factory.mktemp("recipe")
    settings = tiny_recipe(folder)
    return settings, prepare_model(settings, folder / "run")


@pytest.fixture(scope="module")
def made(prepared: tuple[RecipeSettings, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings, data = prepared
    folder = tmp_path_factory.mktemp("made")
    make_model(settings, folder, prepared=data)
    return folder


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_model_loads_and_writes(made: Path) -> None:
    checkpoint = load_checkpoint(made / "model")
    assert checkpoint.input_format.question_position == 60
    assert checkpoint.record["script"] == "traditional"
    assert checkpoint.record["recipe"]["last_stage"] == "questions"
    assert set(checkpoint.record["trained_on"]["files"]) == {"text.txt.xz", "laws.txt", "broad.jsonl", "final.jsonl"}
    context = "燈塔建於1867年，由工程師林文海設計。"
    request = GenerationRequest(context=context, answer=AnswerSpan(text="林文海", start_char=14))
    ModelGenerator(checkpoint).generate([request])


def test_stages_follow_one_another(made: Path) -> None:
    for name in STAGES:
        plan = json.loads((made / name / "plan.json").read_text("utf-8"))
        state = json.loads((made / name / "done.json").read_text("utf-8"))
        assert plan["steps"] == 6 == state["plan"]["steps"]
        assert len([entry for entry in state["history"] if "eval_loss" in entry]) == 2


def test_done_is_not_done_again(
    made: Path, prepared: tuple[RecipeSettings, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a finished stage was trained again")

    monkeypatch.setattr(QGTrainer, "train", never)
    make_model(prepared[0], made, prepared=prepared[1])


def test_other_settings_are_refused_then_forced(made: Path, prepared: tuple[RecipeSettings, Path]) -> None:
    settings = tiny_recipe(Path(prepared[0].data.folder), "questions.learning_rate=1e-4")
    with pytest.raises(UserError, match="begun with others"):
        make_model(settings, made, prepared=prepared[1])
    before = {name: (made / name / "done.json").stat().st_mtime_ns for name in STAGES}
    make_model(settings, made, prepared=prepared[1], force=True)
    changed = [name for name in STAGES if (made / name / "done.json").stat().st_mtime_ns != before[name]]
    assert changed == ["3-questions"]
    make_model(prepared[0], made, prepared=prepared[1], force=True)  # as it was, for the other tests


@pytest.mark.parametrize(("killed_stage", "killed_step"), [("text", 3), ("copying", 4), ("questions", 1)])
def test_cut_and_taken_up_is_as_never_cut(
    killed_stage: str,
    killed_step: int,
    made: Path,
    prepared: tuple[RecipeSettings, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cut within a stage (after its only checkpoint, or before any), then gone on with."""
    settings, data = prepared
    step = QGTrainer.training_step
    done = [0]

    def cut(self: QGTrainer, *args: Any, **kwargs: Any) -> torch.Tensor:
        if killed_stage in str(self.args.output_dir):
            done[0] += 1
            if done[0] > killed_step:
                raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    monkeypatch.setattr(QGTrainer, "training_step", cut)
    with pytest.raises(KeyboardInterrupt):
        make_model(settings, tmp_path, prepared=data)
    monkeypatch.setattr(QGTrainer, "training_step", step)
    result = weights(make_model(settings, tmp_path, prepared=data))
    expected = weights(made / "model")
    assert all(torch.equal(result[name], expected[name]) for name in expected)


def test_killed_process_is_taken_up(tmp_path: Path) -> None:
    """A real kill, between the first stage and the second."""
    settings = tiny_recipe(tmp_path)
    data = prepare_model(settings, tmp_path / "run")
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "import torch; torch.set_num_threads(1)\n"
        "from pathlib import Path\n"
        "from recipe_data import tiny_recipe\n"
        "from qgkd.model_recipe import recipe\n"
        "recipe.copying_stage = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "folder = Path(sys.argv[2])\n"
        "recipe.make_model(tiny_recipe(folder), folder / 'run', prepared=folder / 'run' / 'prepared')\n"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parents[1]), str(tmp_path)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ))
    assert killed.returncode == -9, killed.stderr
    assert (tmp_path / "run" / "1-text" / "done.json").is_file()
    assert not (tmp_path / "run" / "model").exists()
    load_checkpoint(make_model(settings, tmp_path / "run", prepared=data))


def test_prepared_alone_is_enough(
    made: Path, prepared: tuple[RecipeSettings, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without data files, jieba, OpenCC, nltk and rouge_score: validation is by loss then."""
    for name in ("jieba", "opencc", "nltk", "rouge_score"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(stages.importlib.util, "find_spec", lambda name: None)
    settings = load_recipe(Path(prepared[0].data.folder) / "recipe.toml")
    folder = make_model(settings, tmp_path, prepared=prepared[1])
    history = json.loads((tmp_path / "3-questions" / "done.json").read_text("utf-8"))["history"]
    assert all("eval_avg_score" not in entry for entry in history)
    first, other = weights(tmp_path / "1-text" / "model"), weights(made / "1-text" / "model")
    assert all(torch.equal(first[name], other[name]) for name in other)
    assert (folder / "qgkd.json").is_file()


def test_prepared_with_other_settings_is_refused(prepared: tuple[RecipeSettings, Path], tmp_path: Path) -> None:
    settings = load_recipe(Path(prepared[0].data.folder) / "recipe.toml", ("copying.longest_chars=20",))
    with pytest.raises(UserError, match="expected copying prepared with this config's settings, found others"):
        make_model(settings, tmp_path, prepared=prepared[1])


def test_command(prepared: tuple[RecipeSettings, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(Path(prepared[0].data.folder) / "recipe.toml")
    short = [
        "text.max_minutes=0",
        "copying.max_steps=1",
        "questions.max_steps=1",
        f"data.folder={prepared[0].data.folder}",
    ]
    assert main(["model", config, *short, "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'model'}\n"
    assert not (tmp_path / "1-text").exists()
    assert main(["model", config, "--out", str(tmp_path / "other")]) == 1
    assert "add data.folder=" in capsys.readouterr().err


def test_goes_on_from_another_model(made: Path, prepared: tuple[RecipeSettings, Path], tmp_path: Path) -> None:
    options = (f"model.base={made / 'model'}", "text.max_minutes=0", "copying.max_minutes=0")
    still = tiny_recipe(Path(prepared[0].data.folder), *options, "questions.learning_rate=0")
    make_model(still, tmp_path / "still", prepared=prepared[1])
    before, after = weights(made / "model"), weights(tmp_path / "still" / "model")
    assert all(torch.equal(before[name], after[name]) for name in before)
    moving = tiny_recipe(Path(prepared[0].data.folder), *options)
    make_model(moving, tmp_path / "moving", prepared=prepared[1])
    after = weights(tmp_path / "moving" / "model")
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert [path.name for path in sorted((tmp_path / "moving").glob("[0-9]-*"))] == ["3-questions"]


def test_reward_stage_is_cut_and_taken_up(
    made: Path, prepared: tuple[RecipeSettings, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn questions: the same after a cut, embeddings left alone, the search in the model's record."""
    only = ("text.max_minutes=0", "copying.max_minutes=0", "questions.max_minutes=0", "reward.max_minutes=1")
    settings = tiny_recipe(Path(prepared[0].data.folder), f"model.base={made / 'model'}", *only)
    whole = make_model(settings, tmp_path / "whole", prepared=prepared[1])
    step, done = PolicyGradientTrainer.training_step, [0]

    def cut(self: PolicyGradientTrainer, *args: Any, **kwargs: Any) -> torch.Tensor:
        done[0] += 1
        if done[0] > 3:
            raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    monkeypatch.setattr(PolicyGradientTrainer, "training_step", cut)
    with pytest.raises(KeyboardInterrupt):
        make_model(settings, tmp_path / "cut", prepared=prepared[1])
    monkeypatch.setattr(PolicyGradientTrainer, "training_step", step)
    result, expected = weights(make_model(settings, tmp_path / "cut", prepared=prepared[1])), weights(whole)
    assert all(torch.equal(result[name], expected[name]) for name in expected)

    before = weights(made / "model")
    moved = {name for name in expected if not torch.equal(expected[name], before[name])}
    assert moved
    assert not any("word_embeddings" in name for name in moved)
    checkpoint = load_checkpoint(whole)
    assert checkpoint.record["recipe"]["last_stage"] == "reward"
    assert decoding_of(checkpoint, {}).copied_from_id == 900
    history = json.loads((tmp_path / "whole" / "4-reward" / "done.json").read_text("utf-8"))["history"]
    assert len([entry for entry in history if "eval_loss" in entry]) == 2


def test_frozen_embeddings_and_renamed_characters(
    made: Path, prepared: tuple[RecipeSettings, Path], tmp_path: Path
) -> None:
    only = ("text.max_minutes=0", "copying.max_minutes=0", "questions.frozen_embeddings=true",
            "questions.synthetic_share_first=0", "questions.synthetic_share_last=0",
            "questions.max_steps=24")  # fmt: skip
    models = []
    for number, share in enumerate((0.0, 0.9)):
        options = (*only, f"model.base={made / 'model'}", f"questions.renamed_share={share}")
        settings = tiny_recipe(Path(prepared[0].data.folder), *options)
        models.append(weights(make_model(settings, tmp_path / str(number), prepared=prepared[1])))
    before = weights(made / "model")
    moved = {name for name in before if not torch.equal(before[name], models[0][name])}
    assert moved
    assert not any("word_embeddings" in name or "decoder" in name for name in moved)
    assert any(
        not torch.equal(models[0][name], models[1][name]) for name in before
    )  # questions were seen again, with other names


def test_base_of_another_vocabulary_is_refused(
    made: Path, prepared: tuple[RecipeSettings, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(made / "model", other)
    tokenizer = json.loads((other / "tokenizer.json").read_text("utf-8"))
    words = tokenizer["model"]["vocab"]
    first, second = list(words)[-2:]
    words[first], words[second] = words[second], words[first]
    (other / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    settings = tiny_recipe(Path(prepared[0].data.folder), f"model.base={other}")
    with pytest.raises(UserError, match=r"model\.base: expected the vocabulary of the prepared data"):
        make_model(settings, tmp_path / "run", prepared=prepared[1])


def test_plan_follows_time_and_speed(
    prepared: tuple[RecipeSettings, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "step_seconds", lambda *_: 2.0)
    settings = load_recipe(
        Path(prepared[0].data.folder) / "recipe.toml", ("text.max_minutes=0.1", "copying.max_minutes=0",
                                                          "questions.max_minutes=0"),
    )  # fmt: skip
    make_model(settings, tmp_path, prepared=prepared[1])
    assert json.loads((tmp_path / "1-text" / "plan.json").read_text("utf-8"))["steps"] == 3


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_config_loads(path: Path) -> None:
    settings = load_recipe(path)
    assert settings.data.folder == ""
    assert 6000 <= settings.vocabulary.size <= 10_000
    assert settings.data.never


@pytest.mark.parametrize(
    ("override", "printed"),
    [
        ("copying.windoes=3", "copying.windoes is unknown; did you mean copying.windows"),
        ("text.mask_share=1.5", "text.mask_share must be above 0"),
        ("data.final_questions=[]", "data.final_questions must name"),
        ("questions.renamed_share=2", "questions.renamed_share must be from 0 to 1"),
        ("reward.renamed_share=-1", "reward.renamed_share must be from 0 to 1"),
        ("questions.synthetic=0", "questions.synthetic must be at least 1"),
        ("reward.samples=1", "reward.samples must be at least 2"),
        ("model.attention=recurrent", "[reward] needs model.attention"),
    ],
)
def test_settings_are_checked(override: str, printed: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(printed)):
        load_recipe(CONFIGS[0], ("reward.max_minutes=1", override))
