"""The recipe of the package's model: its steps fit together, and they run in order, resumably."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from qgkd.distillation.config import load_distill_run
from qgkd.errors import UserError
from qgkd.experiment.recipe import two_stage
from qgkd.model_recipe.prepared_record import part_settings
from qgkd.model_recipe.settings import load_recipe

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPE = REPOSITORY / "eval" / "configs" / "package_model.toml"
NEXT = RECIPE.with_name("package_model_pretrained.toml")


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
    steps = script.load_steps(RECIPE, "the data", "runs/model")
    assert len({step.name for step, _ in steps}) == len(steps) == 22
    for step, arguments in steps:
        overrides = overrides_of(arguments)
        if arguments[:2] == ["qgkd", "model"]:
            settings = load_recipe(REPOSITORY / arguments[2], overrides)
            assert settings.data.folder == "the data"
            reward_only = "reward-only" in step.settings
            assert (settings.reward.max_minutes > 0, settings.questions.max_minutes == 0) == (reward_only, reward_only)
        elif arguments[:2] == ["qgkd", "recipe"]:
            assert two_stage.load_recipe(REPOSITORY / arguments[2], overrides).folder == Path("runs/model/student")
        elif arguments[0] == "python":
            assert (REPOSITORY / arguments[1]).is_file()
    teacher = next(arguments for step, arguments in steps if step.name == "teacher: questions")
    assert {"questions.frozen_layers=4", "questions.synthetic=130000", "copying.max_minutes=0"} <= set(teacher)


def test_every_step_of_the_next_model_loads(script: ModuleType) -> None:
    """The reward is trained on what the step before its student prepared."""
    steps = [arguments for _, arguments in script.load_steps(NEXT, "the data", "OUT")]
    recipes = {
        Path(each[each.index("--out") + 1]).name: load_recipe(REPOSITORY / each[2], overrides_of(each))
        for each in steps
        if each[:2] == ["qgkd", "model"]
    }
    assert all(each.data.folder == "the data" for each in recipes.values())
    assert [bool(each.transplant.encoder) for each in recipes.values()] == [True, False, False, False]
    assert [each.questions.max_steps for each in recipes.values()][:3] == [2200, 760, 400]
    assert part_settings(recipes["3"]) == part_settings(recipes["5"])
    assert (recipes["5"].reward.max_minutes, recipes["5"].questions.max_minutes) == (300, 0)
    distilled = next(each for each in steps if each[:2] == ["qgkd", "distill"])
    run = load_distill_run(REPOSITORY / distilled[2], overrides_of(distilled))
    assert (run.student.layers, run.distill.teacher) == (6, "OUT/3/model")
    assert all((REPOSITORY / each[1]).is_file() for each in steps if each[0] == "python")


@pytest.mark.parametrize("recipe", [RECIPE, NEXT], ids=lambda path: path.stem)
def test_every_step_takes_what_an_earlier_one_made(script: ModuleType, recipe: Path) -> None:
    made: set[str] = set()
    for step, arguments in script.load_steps(recipe, "data", "OUT"):
        names = [re.sub(r"^\S+?=", "", each) for each in arguments]
        own = {
            names[place + ("=" not in each)]
            for place, each in enumerate(arguments)
            if each in ("--out", "--output", "--human-written") or each.startswith("train.output_dir=")
        }
        if arguments[:2] == ["qgkd", "recipe"]:
            own.add("OUT/student")
        needed = {each.split("/")[1] for each in names if each.startswith("OUT/") and each not in own}
        assert needed <= made, step.name
        made |= {each.split("/")[1] for each in own}


def run(script: ModuleType, recipe: Path, out: Path) -> None:
    script.main(recipe=recipe, data=Path("data"), out=out, plan=False)


def test_steps_run_in_order_and_go_on(script: ModuleType, tmp_path: Path) -> None:
    """Files by `*`, a folder made anew, a step left out, an exit code allowed, another one not."""
    (tmp_path / "append.py").write_text(
        "import sys\nfrom pathlib import Path\n"
        "with open(sys.argv[1], 'a') as log: print(*[Path(each).name for each in sys.argv[3:]], file=log)\n"
        "sys.exit(int(sys.argv[2]))\n",
        encoding="utf-8",
    )
    (tmp_path / "old").mkdir()
    append = f"python '{tmp_path / 'append.py'}' '{tmp_path / 'log'}'"
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f"[settings.a]\nrows.x = 1\nrows.y = false\n[settings.b]\nrows.x = 2\n"
        f'[[steps]]\nname = "first"\nrun = "{append} 1 {{out}}/*.toml"\nsettings = ["a", "b"]\nmay_exit = 1\n'
        f'fresh = "{{out}}/old"\n'
        f'[[steps]]\nname = "second"\nrun = "{append} 0 second"\nunless = "{{out}}/there"\n'
        f'[[steps]]\nname = "third"\nrun = "{append} 3 third"\n',
        encoding="utf-8",
    )
    for _ in range(2):
        with pytest.raises(SystemExit, match="step 'third' ended with exit code 3"):
            run(script, recipe, tmp_path)
        (tmp_path / "there").touch()
    lines = (tmp_path / "log").read_text("utf-8").splitlines()
    first = "recipe.toml rows.x=2 rows.y=false"
    assert lines == [first, "second", "third", first, "third"]
    assert not (tmp_path / "old").exists()


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
        script.load_steps(recipe, "data", "out")
