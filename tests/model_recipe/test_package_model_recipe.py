"""The recipe of the package's model: its steps fit together, and they run in order, resumably."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from qgkd.errors import UserError
from qgkd.experiment.recipe import two_stage
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


def test_every_step_takes_what_an_earlier_one_made(script: ModuleType) -> None:
    made: set[str] = set()
    for step, arguments in script.load_steps(RECIPE, "data", "OUT"):
        names = [re.sub(r"^\S+?=", "", each) for each in arguments]
        out = next((names[place + 1] for place, each in enumerate(names) if each in ("--out", "--output")), "")
        needed = {each.split("/")[1] for each in names if each.startswith("OUT/") and each != out}
        needed.discard("student" if arguments[:2] == ["qgkd", "recipe"] else "")  # the step's own folder
        assert needed <= made, step.name
        made |= {out.split("/")[1]} if out else {"student"} if arguments[:2] == ["qgkd", "recipe"] else set()


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
