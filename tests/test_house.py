"""The house itself: the README's commands run, the sample data is sound, what is imported is declared."""

from __future__ import annotations

import ast
import graphlib
import re
import shlex
import shutil
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from qgkd import __version__
from qgkd.cli import main
from qgkd.reading.readers import PassageRow, read_examples, read_passages
from qgkd.text.script import Script, detect_script

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")
GUIDES = [REPOSITORY / name for name in ("README.md", "data/README.md", "apps/README.md", "eval/README.md")]
PASSAGES = sorted((REPOSITORY / "data" / "passages").glob("*.txt"))
SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
SOURCES = [*REPOSITORY.glob("qgkd/**/*.py"), *REPOSITORY.glob("eval/**/*.py"), *REPOSITORY.glob("tests/**/*.py")]
TEXTS = [
    *SOURCES,
    *GUIDES,
    *(REPOSITORY / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml")),
    *(REPOSITORY / name for name in (".ci/run", ".pre-commit-config.yaml", ".editorconfig", ".gitignore")),
    *REPOSITORY.glob("data/**/*.*"),
]


def readme_commands() -> list[list[str]]:
    texts = [path.read_text("utf-8") for path in GUIDES]
    blocks = [block for text in texts for block in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.S)]
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if re.match(r"(\.venv/bin/)?qgkd ", line)]
    return [words[1:] for words in commands]


def test_readme_commands_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands of the README and the folders' READMEs on the sample data run as they stand, in their order."""
    shutil.copytree(REPOSITORY / "data", tmp_path / "data", ignore=shutil.ignore_patterns("drcd"))
    monkeypatch.chdir(tmp_path)
    # Files that do not come with the project, or hours of training: the rest has to run.
    training = {"train", "model", "student", "distill", "selftrain", "recipe", "compare", "glue", "general", "encoder"}
    apart = {"drcd", "PATH", "--resume", "--exclude-articles-of", "app"} | training
    runnable = [words for words in readme_commands() if not apart & set(words)]
    assert {words[0] for words in runnable} == {"generate", "answers", "inspect", "evaluate", "score", "data"}
    for words in runnable:
        code = main(words)
        printed = capsys.readouterr()
        assert code == ("data/absent.json" in words), (words, printed.err)
        written = [file for option, file in pairwise(words) if option in ("--output", "--export")]
        assert printed.out or code or (written and all((tmp_path / file).exists() for file in written))


def test_readme_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    for words in readme_commands():
        command = words[:2] if words[0] in ("data", "glue") else words[:1]
        assert main([*command, "--help"]) == 0
        help_text = " ".join(capsys.readouterr().out.split())
        for option in (word for word in words if word.startswith("--")):
            assert option in help_text, words


def test_readme_names_every_folder() -> None:
    """One line per folder of the package and per module beside them."""
    tree = README.rpartition("## File tree")[2]
    root = REPOSITORY / "qgkd"
    modules = [path.name for path in root.glob("*.py") if path.stem != "__init__"]
    folders = [f"{path.parent.name}/" for path in root.glob("*/__init__.py")]
    assert sorted(re.findall(r"^  (\w+(?:\.py|/)) ", tree, re.M)) == sorted((*modules, *folders, "model/"))


def test_readme_is_short() -> None:
    assert len(README.split()) <= 1500


def test_the_root_holds_what_everybody_uses() -> None:
    assert len(list((REPOSITORY / "qgkd").glob("*.py"))) <= 6


def test_every_folder_says_what_it_is_for() -> None:
    """Three lines: what comes in, what goes out, what others may use."""
    for path in (REPOSITORY / "qgkd").rglob("*/__init__.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        missing = [words for words in ("Comes in:", "Goes out:", "Others use:") if words not in docstring]
        assert missing == [], path


def test_tests_lie_in_folders_of_the_same_names() -> None:
    stages = {path.parent.name for path in (REPOSITORY / "qgkd").glob("*/__init__.py")}
    tested = {path.parent.name for path in (REPOSITORY / "tests").glob("*/test_*.py")}
    assert tested - {"browser"} == stages


def test_no_circle_of_imports() -> None:
    """Also none that is hidden inside a function; imports for annotations alone do not count."""
    paths = {_module_name(path): path for path in (REPOSITORY / "qgkd").rglob("*.py")}
    imports = {name: _imported(path, set(paths)) - {name} for name, path in paths.items()}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, known: set[str]) -> set[str]:
    """The package's modules that a file imports, wherever the import stands in it."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known if names & known else {node.module}
    return found & known


def test_version_is_in_the_changelog() -> None:
    assert f"\n## {__version__}" in (REPOSITORY / "CHANGELOG.md").read_text("utf-8")


def test_contributing_is_short() -> None:
    assert len((REPOSITORY / "CONTRIBUTING.md").read_text("utf-8").splitlines()) < 60


def test_licence_is_whole() -> None:
    text = (REPOSITORY / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_what_is_imported_is_declared() -> None:
    declared = {re.match(r"[\w-]+", line).group().replace("-", "_") for line in SETTINGS["project"]["dependencies"]}
    optional = {"datasets", "matplotlib", "psutil", "pycocoevalcap", "ray"}
    optional |= {
        "docx",
        "genanki",
        "markdown_it",
        "lxml",
        "mdit_py_plugins",
        "openpyxl",
        "pptx",
        "pypdf",
        "pypdfium2",
        "selenium",
        "streamlit",
    }
    imported = set()
    for path in (path for path in SOURCES if path.parts[len(REPOSITORY.parts)] != "tests"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.partition(".")[0])
    beside = {path.stem for folder in ("eval", "tests/browser") for path in (REPOSITORY / folder).glob("*.py")}
    third_party = imported - set(sys.stdlib_module_names) - beside - {"qgkd", "__future__"}
    assert third_party - declared - optional == set()
    assert declared - third_party == set()


def test_torch_is_pinned_in_the_makefile_only() -> None:
    assert re.search(r"^TORCH := torch==[\d.]+$", (REPOSITORY / "Makefile").read_text("utf-8"), re.M)
    assert any(line.startswith("torch>=") for line in SETTINGS["project"]["dependencies"])


def test_nothing_names_the_machine_it_was_written_on() -> None:
    machine_path = re.compile(r"(?<![\w.])/(?:root|work|opt|srv|Users|home)/\w")
    found = [f"{path.name}: {line}" for path in TEXTS for line in path.read_text("utf-8").splitlines()
             if machine_path.search(line)]  # fmt: skip
    assert found == []


def test_passages_are_as_their_readme_says() -> None:
    card = (REPOSITORY / "data" / "passages" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\S+)` \| .* \| (\w+) \| ([\d,]+) \|$", card, re.M)
    texts = {path.name: path.read_text("utf-8") for path in PASSAGES}
    assert [(name, detect_script(texts[name]), int(count.replace(",", ""))) for name, _, count in rows] == [
        (name, Script(script.lower()), len(texts[name])) for name, script, _ in rows
    ]
    assert {name for name, _, _ in rows} == set(texts)
    assert sorted(script for _, script, _ in rows) == ["Simplified"] * 4 + ["Traditional"] * 4


@pytest.mark.parametrize("path", PASSAGES, ids=lambda path: path.stem)
def test_every_passage_can_be_read(path: Path) -> None:
    (row,) = read_passages(path)
    assert isinstance(row, PassageRow)
    assert row.row_id == path.stem


def test_sample_questions_are_about_the_passages() -> None:
    report = read_examples(REPOSITORY / "data" / "sample_questions.json")
    assert (report.repaired, report.problems) == (0, [])
    assert len(report.examples) >= 20
    assert len({example.example_id for example in report.examples}) == len(report.examples)
    assert {example.context for example in report.examples} == {path.read_text("utf-8") for path in PASSAGES}
    for example in report.examples:
        assert example.question.endswith("？")
        assert detect_script(example.question) in {detect_script(example.context), Script.NEUTRAL}
