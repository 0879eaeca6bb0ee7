"""The options that say which system writes the questions and how it searches, shared by `generate` and `evaluate`.

Comes in: what typer read. Goes out: a loaded `Generator`, and the settings that decide its output as JSON values.

A literal example: `SystemChoice(model="runs/student", num_beams=4).settings()["num_beams"]` is 4.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qgkd.errors import UserError

if TYPE_CHECKING:
    from qgkd.generator import Generator

_SYSTEM, _SEARCH = "System", "Search (models only)"

System = Annotated[
    str | None,
    typer.Option(help="`model`, the default, or `rule`.", rich_help_panel=_SYSTEM),
]
Model = Annotated[
    str | None,
    typer.Option(
        help="A model folder, or a name of the hub; without it the package's own.",
        rich_help_panel=_SYSTEM,
    ),
]
Attention = Annotated[
    str | None,
    typer.Option(help="`recurrent` or `prefix`, for a checkpoint that does not say.", rich_help_panel=_SYSTEM),
]
Layout = Annotated[
    str | None,
    typer.Option(help="`plain`, `marked` or `shared`, for a checkpoint that does not say.", rich_help_panel=_SYSTEM),
]
Precision = Annotated[str, typer.Option(help="`fp32`, `bf16` or `int8`.", rich_help_panel=_SYSTEM)]
Device = Annotated[str, typer.Option(help="`cpu`, `cuda`, `cuda:1` …", rich_help_panel=_SYSTEM)]
NumBeams = Annotated[
    int | None, typer.Option(help="Beam width; 1 is greedy. Default: the model's own.", rich_help_panel=_SEARCH)
]
LengthPenalty = Annotated[
    float | None, typer.Option(help="Beams are divided by their length to this power.", rich_help_panel=_SEARCH)
]
TopK = Annotated[int, typer.Option(help="Draw among the k likeliest tokens; 0 for all.", rich_help_panel=_SEARCH)]
TopP = Annotated[float, typer.Option(help="Draw among the tokens that make up this share.", rich_help_panel=_SEARCH)]
Temperature = Annotated[float, typer.Option(help="Sampling temperature.", rich_help_panel=_SEARCH)]
Sample = Annotated[
    bool,
    typer.Option("--sample", help="Draw tokens; --top-k, --top-p and --temperature imply it.", rich_help_panel=_SEARCH),
]
Seed = Annotated[int, typer.Option(help="Seed of the draws.", rich_help_panel=_SEARCH)]
MinTokens = Annotated[int, typer.Option(help="Shortest question, in tokens.", rich_help_panel=_SEARCH)]
MaxTokens = Annotated[
    int | None, typer.Option(help="Longest question, in tokens; the checkpoint's cap.", rich_help_panel=_SEARCH)
]
NoRepeatNgram = Annotated[
    int | None,
    typer.Option(
        help="No n-gram of so many tokens twice if the passage has not; 0 for no such rule. Default: the model's own.",
        rich_help_panel=_SEARCH,
    ),
]
NoSplices = Annotated[
    bool | None,
    typer.Option(
        "--no-splices/--splices",
        help="Whether a quotation may jump to another place of the passage in mid-word. Default: the model's own.",
        rich_help_panel=_SEARCH,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemChoice:
    """The options' values; defaults as on the command line."""

    system: str | None = None
    model: str | None = None
    attention: str | None = None
    layout: str | None = None
    precision: str = "fp32"
    device: str = "cpu"
    num_beams: int | None = None
    length_penalty: float | None = None
    sample: bool = False
    top_k: int = 0
    top_p: float = 1.0
    temperature: float = 1.0
    seed: int = 0
    min_tokens: int = 3
    max_tokens: int | None = None
    no_repeat_ngram: int | None = None
    no_splices: bool | None = None

    def __post_init__(self) -> None:
        if self.resolved_system == "rule":
            given = [
                field.name
                for field in fields(self)
                if field.name != "system" and getattr(self, field.name) != field.default
            ]
            if given:
                option = given[0].replace("_", "-")
                raise UserError(
                    f"--{option} is for models, the rule takes no such option; leave it out or choose --system model"
                )

    @property
    def resolved_system(self) -> str:
        """The system asked for, else a model; the rule in a source tree without the package's model."""
        return self.system or ("rule" if self.resolved_model is None else "model")

    @property
    def resolved_model(self) -> str | None:
        """The model asked for, else the package's own."""
        from qgkd.checkpoints.packaged_model import packaged_model

        return self.model or (str(packaged_model()) if packaged_model() else None)

    def load(self) -> Generator:
        """Load the system.

        Raises:
            UserError: No such system or model, or settings that contradict each other.
        """
        from qgkd.decoding.settings import DecodingSettings
        from qgkd.quiz.load_generator import load_generator

        if self.resolved_system == "rule":
            return load_generator(system="rule")
        DecodingSettings(**self.search())  # a slip is told before a model is looked for
        return load_generator(
            system=self.resolved_system,
            model=self.resolved_model,
            attention=self.attention,
            layout=self.layout,
            precision=self.precision,
            device=self.device,
            search=self.search(),
        )

    def search(self) -> dict[str, Any]:
        """The search options as `DecodingSettings` names them; what is not given is the model's to say."""
        values = {
            "num_beams": self.num_beams,
            "length_penalty": self.length_penalty,
            "sample": self.sample or self.top_k > 0 or self.top_p < 1 or self.temperature != 1,
            "sampling_temperature": self.temperature,
            "top_k": self.top_k,
            "top_p": self.top_p,
            "seed": self.seed,
            "min_question_tokens": self.min_tokens,
            "max_question_tokens": self.max_tokens,
            "no_repeat_ngram_tokens": self.no_repeat_ngram,
            "no_splices": self.no_splices,
        }
        return {name: value for name, value in values.items() if value is not None}

    def settings(self) -> dict[str, Any]:
        """Everything that decides the questions, as JSON values: the model by what is in it, not by where it lies."""
        from qgkd.files.fingerprint import model_sha256

        if self.resolved_system == "rule":
            return {}
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        del values["system"], values["model"], values["device"]
        return {**values, "model_sha256": model_sha256(str(self.resolved_model))}
