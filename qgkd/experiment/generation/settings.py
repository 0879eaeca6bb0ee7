"""Settings of the comparison of question generation systems.

Comes in: a TOML file and overrides. Goes out: `CompareSettings`.

A literal example, beside the sections of a recipe (`qgkd.experiment.recipe.settings`):

    [compare]
    folder = "runs/compare"
    seeds = [1, 2, 3]
    recurrent = ["teacher", "direct", "all-layer", "two-stage"]
    [questions]                     # files to draw training and validation questions from
    train = ["cmrc2018_train.jsonl.gz"]
    final = "drcd_dev.jsonl.gz"
    number = 5000
    [test]                          # looked at by `--final` alone
    data = "drcd_test.jsonl.gz"
    exclude_articles_of = "drcd_dev.jsonl.gz"
    [direct.train]                  # runs on labels alone; defaults to [distill.train], as [hinton.train] does
    max_steps = 600
    [recurrent.rows]                # overrides of all runs in that mode
    positions_per_question = 4
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from qgkd.experiment.recipe.settings import (
    CHAIN_SECTIONS,
    OVERLAYS,
    ChainSettings,
    RunSettings,
    chain_settings,
    run_settings,
)
from qgkd.files.toml_values import check_section, read_sections
from qgkd.training.config import require


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """`[compare]`."""

    folder: str = "runs/compare"
    """Where steps, tables and plots go."""
    results: str = ""
    """The JSON of all rows; empty is `qg_compare.json` in the folder."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Each is a whole experiment, its teacher included."""
    tree_seeds: tuple[int, ...] = ()
    """Seeds of the systems that `tree` stands for, some of `seeds`, as the tree takes three times as long as everything
    else; empty takes all. A system of the tree that `systems` names is made with all seeds."""
    systems: tuple[str, ...] = ()
    """Names of `systems`; `tree` stands for all systems of the tree; empty takes the baselines and the tree."""
    recurrent: tuple[str, ...] = ()
    """Systems that are made in `recurrent` mode as well."""
    fractions: tuple[float, ...] = (0.5, 1.0)
    """Shares of the questions that teacher, distillation and self-training take in the tree."""
    dropouts: tuple[float, ...] = (0.1, 0.3)
    """Dropouts of the student in the tree."""
    precision: str = "fp32"
    """Precision of decoding: fp32, bf16 or int8."""
    device: str = "auto"
    """Device of decoding; `auto` is cuda where there is one."""
    validation_questions: int = 0
    """Decode the first N validation questions for the table; 0 takes all."""
    recurrent_questions: int = 0
    """Decode the first N questions in `recurrent` mode, of validation and test alike; 0 takes all."""
    timing_questions: int = 64
    """Student and teacher write the first N validation questions in turns, to compare their times; 0 leaves it out."""
    timing_rounds: int = 3


@dataclass(frozen=True, kw_only=True)
class QuestionOptions:
    """`[questions]`: files to draw training and validation questions from, where `[data]` names none."""

    folder: str = ""
    """Where the files lie."""
    train: tuple[str, ...] = ()
    """Files to draw from, after all training questions of `final`."""
    final: str = ""
    """The file whose questions validate where `held_out_field` is false, and train elsewhere."""
    held_out_field: str = "article_in_test"
    number: int = 0
    """Training questions in all; 0 takes all."""
    seed: int = 0
    """Seed of the drawing and of the order of passages, which makes the first half like the second."""


@dataclass(frozen=True, kw_only=True)
class TestOptions:
    """`[test]`: the test set, which `--final` alone reads."""

    __test__ = False  # no test of pytest's

    data: str = ""
    systems: tuple[str, ...] = ()
    """Systems that are scored on it; empty takes all. The tree chooses a system, which the test set must not do."""
    modes: tuple[str, ...] = ()
    """Attention modes that are scored on it; empty takes all."""
    exclude_articles_of: str = ""
    """Adds rows for the questions about articles that do not occur in this file."""


@dataclass(frozen=True, kw_only=True)
class OtherBase:
    """`[other_base]`: another distilled model, fine-tuned; left out where no base is named."""

    base: str = ""
    """A folder or hub name, e.g. `distilbert-base-multilingual-cased`."""
    attention: str = "recurrent"
    """`prefix` needs a BERT with two token types."""
    layout: str = "marked"


@dataclass(frozen=True, kw_only=True)
class CompareSettings:
    """A whole comparison."""

    source: str
    """The TOML file's name, for messages and rows."""
    overrides: tuple[str, ...]
    """Overrides of the file, for rows."""
    chain: ChainSettings
    options: CompareOptions
    questions: QuestionOptions
    test: TestOptions
    other_base: OtherBase
    direct: RunSettings
    hinton: RunSettings
    recurrent: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Tables that override every run in `recurrent` mode."""

    @property
    def folder(self) -> Path:
        """The folder of everything."""
        return Path(self.options.folder)

    @property
    def results(self) -> Path:
        """The JSON of all rows."""
        return Path(self.options.results) if self.options.results else self.folder / "qg_compare.json"

    @property
    def validation(self) -> Path:
        """The validation questions."""
        return Path(self.chain.shared["data"]["validation"])

    @property
    def mode(self) -> str:
        """The attention mode of `[model]`, in which every system is made."""
        return str(self.chain.shared["model"].get("attention", "prefix"))

    def with_data(self, train: Path, validation: Path) -> CompareSettings:
        """Return the same settings on these files."""
        data = {**self.chain.shared["data"], "train": [str(train)], "validation": str(validation)}
        return replace(self, chain=replace(self.chain, shared={**self.chain.shared, "data": data}))

    def of(self, seed: int, mode: str) -> CompareSettings:
        """Return the same settings for one seed and mode."""
        shared = {name: dict(values) for name, values in self.chain.shared.items()}
        shared["train"]["seed"] = seed
        if mode == self.mode:
            return replace(self, chain=replace(self.chain, shared=shared))
        shared["model"]["attention"] = mode
        runs: dict[str, Any] = {
            name: self._in_recurrent(getattr(self.chain, name)) for name in ("teacher", "distill", "selftrain")
        }
        chain = replace(self.chain, shared=shared, **runs)
        direct, hinton = self._in_recurrent(self.direct), self._in_recurrent(self.hinton)
        return replace(self, chain=chain, direct=direct, hinton=hinton)

    def _in_recurrent(self, run: RunSettings) -> RunSettings:
        tables: dict[str, Any] = {name: {**getattr(run, name), **self.recurrent.get(name, {})} for name in OVERLAYS}
        return replace(run, **tables)


def load_compare(path: str | Path, overrides: Iterable[str] = ()) -> CompareSettings:
    """Read a TOML file and apply `section.key=value` overrides.

    Raises:
        UserError: An unreadable file, an unknown section or key, or a value of the wrong type or out of range.
    """
    source, overrides = str(path), tuple(overrides)
    values = read_sections(path, overrides)
    own = {"compare": CompareOptions, "questions": QuestionOptions, "test": TestOptions, "other_base": OtherBase}
    check_section(source, "", values, (*own, "direct", "hinton", "recurrent", *CHAIN_SECTIONS))
    parts: dict[str, Any] = {
        name: kind(**_section(source, name, values.get(name, {}), kind)) for name, kind in own.items()
    }
    # The defaults of [direct] and [hinton] are what [distill] sets.
    budget = {key: table for key, table in values.get("distill", {}).items() if key in OVERLAYS}
    settings = CompareSettings(
        source=source,
        overrides=overrides,
        chain=chain_settings(values, source),
        options=parts.pop("compare"),
        **parts,
        direct=run_settings(values, "direct", source, budget),
        hinton=run_settings(values, "hinton", source, budget, takes_method=True),
        recurrent=check_section(source, "recurrent", values.get("recurrent", {}), OVERLAYS),
    )
    _check(settings)
    return settings


def _check(settings: CompareSettings) -> None:
    options, data = settings.options, settings.chain.shared["data"]
    given = [name for name, value in asdict(settings.chain.given).items() if value]
    requirements = [
        (not given, "every seed makes its own teacher and students: remove [given]"),
        (bool(options.seeds), "compare.seeds must name at least one seed"),
        (set(options.tree_seeds) <= set(options.seeds), "compare.tree_seeds must be some of compare.seeds"),
        (all(0 < fraction <= 1 for fraction in options.fractions), "compare.fractions must be above 0 and at most 1"),
        (all(0 <= share < 1 for share in options.dropouts), "compare.dropouts must be from 0 to below 1"),
        (options.timing_rounds >= 1, "compare.timing_rounds must be at least 1"),
        (bool(settings.questions.final) != bool(data.get("validation")), "either data.train and data.validation or "
         "[questions] must name the questions, not both"),
        (set(settings.test.modes) <= {"prefix", "recurrent"}, "test.modes must be of prefix and recurrent"),
        (settings.mode in ("prefix", "recurrent"), "model.attention must be prefix or recurrent"),
    ]  # fmt: skip
    require(settings.source, requirements)


def _section(source: str, name: str, values: Any, kind: type) -> dict[str, Any]:
    """Check a section; `seeds` may be a single whole number."""
    if isinstance(values, dict) and type(values.get("seeds")) is int:
        values = {**values, "seeds": [values["seeds"]]}
    return check_section(source, name, values, kind)
