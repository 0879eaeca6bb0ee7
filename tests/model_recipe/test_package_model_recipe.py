"""The recipe of the package's model: its steps fit together, and they run in order."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from qgkd.distillation.config import load_distill_run
from qgkd.errors import UserError
from qgkd.model_recipe.prepared_record import part_settings
from qgkd.model_recipe.settings import load_recipe

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPE = REPOSITORY / "eval" / "configs" / "package_model.toml"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`eval/make_package_model.py`."""
    path = REPOSITORY / "eval" / "make_package_model.py"
    spec = importlib.util.spec_from_file_location("make_package_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def overrides_of(arguments: list[str]) -> tuple[str, ...]:
    return tuple(each for each in arguments if re.match(r"[a-z_]+\.[a-z_]+=", each))


def test_every_step_loads(script: ModuleType) -> None:
    """Each command's file and settings; named settings reach it."""
    steps = script.load_steps(RECIPE, "the data", "runs/model", "an encoder")
    assert len({step.name for step, _ in steps}) == len(steps)
    for step, arguments in steps:
        overrides = overrides_of(arguments)
        if arguments[:2] == ["qgkd", "model"]:
            settings = load_recipe(REPOSITORY / arguments[2], overrides)
            assert settings.data.folder == "the data"
            assert bool(settings.transplant.encoder) != bool(settings.model.base)
            reward_only = "reward-only" in step.settings
            assert (settings.reward.max_minutes > 0, settings.questions.max_minutes == 0) == (reward_only, reward_only)
        elif arguments[:2] == ["qgkd", "distill"]:
            run = load_distill_run(REPOSITORY / arguments[2], overrides)
            assert (run.student.layers, run.distill.teacher) == (6, "runs/model/2/model")
        elif arguments[0] == "python":
            assert (REPOSITORY / arguments[1]).is_file()
    first = load_recipe(REPOSITORY / steps[0][1][2], overrides_of(steps[0][1]))
    assert (first.transplant.encoder, first.questions.max_steps) == ("an encoder", 2200)


def test_stages_on_one_folder_of_prepared_data_agree_about_it(script: ModuleType) -> None:
    """The reward is trained on what the step before its student prepared."""
    steps = [arguments for _, arguments in script.load_steps(RECIPE, "data", "OUT", "encoder")]
    made = next(each for each in steps if "OUT/2" in each)
    used = next(each for each in steps if "OUT/2/prepared" in each)
    one, other = (load_recipe(REPOSITORY / each[2], overrides_of(each)) for each in (made, used))
    assert part_settings(one) == part_settings(other)


def test_every_step_takes_what_an_earlier_one_made(script: ModuleType) -> None:
    made: set[str] = set()
    for step, arguments in script.load_steps(RECIPE, "data", "OUT", "encoder"):
        names = [re.sub(r"^\S+?=", "", each) for each in arguments]
        own = {
            names[place + (0 if "=" in each else 1)]
            for place, each in enumerate(arguments)
            if each in ("--out", "--human-written", "--predictions") or each.startswith("train.output_dir=")
        }
        needed = {each.split("/")[1] for each in names if each.startswith("OUT/") and each not in own}
        assert needed <= made, step.name
        made |= {each.split("/")[1] for each in own}


def run(script: ModuleType, recipe: Path, out: Path) -> None:
    script.main(recipe=recipe, data=Path("data"), out=out, encoder="encoder", plan=False)


def test_steps_run_in_order_until_one_fails(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "append.py").write_text(
        "import sys\nwith open(sys.argv[1], 'a') as log: print(*sys.argv[3:], file=log)\nsys.exit(int(sys.argv[2]))\n",
        encoding="utf-8",
    )
    append = f"python '{tmp_path / 'append.py'}' '{tmp_path / 'log'}'"
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f"[settings.a]\nrows.x = 1\nrows.y = false\n[settings.b]\nrows.x = 2\n"
        f'[[steps]]\nname = "first"\nrun = "{append} 0 {{data}} {{encoder}}"\nsettings = ["a", "b"]\n'
        f'[[steps]]\nname = "second"\nrun = "{append} 3 second"\n'
        f'[[steps]]\nname = "third"\nrun = "{append} 0 third"\n',
        encoding="utf-8",
    )
    with pytest.raises(SystemExit, match="step 'second' ended with exit code 3"):
        run(script, recipe, tmp_path)
    assert (tmp_path / "log").read_text("utf-8").splitlines() == ["data encoder rows.x=2 rows.y=false", "second"]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ('settings = ["absent"]', r"expected \[settings.absent\], found none"),
        ('setings = ["a"]', "did you mean steps 1.settings"),
        ("", "recipe.toml: expected"),
    ],
)
def test_mistakes_are_one_sentence(script: ModuleType, tmp_path: Path, step: str, sentence: str) -> None:
    recipe = tmp_path / "recipe.toml"
    if step:
        recipe.write_text(f'[[steps]]\nname = "one"\nrun = "qgkd model x.toml"\n{step}\n', encoding="utf-8")
    with pytest.raises(UserError, match=sentence):
        script.load_steps(recipe, "data", "out", "encoder")
