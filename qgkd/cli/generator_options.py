"""Options for the system that writes questions and for its search, shared by `generate` and `evaluate`.

Comes in: what typer read. Goes out: a loaded `Generator`, and the settings that decide its output as JSON values.

A literal example: `SystemChoice(model="runs/student", search={"num_beams": 4}).settings()["num_beams"]` is 4.

The search options are read off `qgkd.decoding.settings`; this module names none of them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from qgkd.decoding.settings import DecodingSettings, search_options
from qgkd.errors import UserError

if TYPE_CHECKING:
    from qgkd.generator import Generator


def _system_option(help_text: str) -> Any:
    return typer.Option(help=help_text, rich_help_panel="System")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemChoice:
    """The options' values; defaults as on the command line."""

    system: Annotated[str | None, _system_option("`model`, the default, or `rule`.")] = None
    model: Annotated[
        str | None, _system_option("A model folder, or a name of the hub; without it the package's own.")
    ] = None
    attention: Annotated[str | None, _system_option("`recurrent` or `prefix`, for a checkpoint that does not say.")] = (
        None
    )
    layout: Annotated[
        str | None, _system_option("`plain`, `marked` or `shared`, for a checkpoint that does not say.")
    ] = None
    precision: Annotated[
        str,
        _system_option(
            "`fp32`, `bf16`, `int8`, or `auto`: the fastest that writes as well on this machine (for scores fp32)."
        ),
    ] = "auto"
    device: Annotated[str, _system_option("`cpu`, `cuda`, `cuda:1` …")] = "cpu"
    search: Mapping[str, Any] = field(default_factory=dict)
    """Search options by name; those left out have their defaults."""

    def __post_init__(self) -> None:
        if self.resolved_system == "rule":
            defaults = {each.name: each.default for each in _system_fields()} | _search_defaults()
            values = self._values()
            given = [name for name in defaults if name != "system" and values[name] != defaults[name]]
            if given:
                option = given[0].replace("_", "-")
                raise UserError(
                    f"--{option} is for models, the rule takes no such option; leave it out or choose --system model"
                )

    @property
    def resolved_system(self) -> str:
        """The given system, else a model; the rule in a source tree without the package's model."""
        return self.system or ("rule" if self.resolved_model is None else "model")

    @property
    def resolved_model(self) -> str | None:
        """The given model, else the package's own."""
        from qgkd.checkpoints.packaged_model import packaged_model

        return self.model or (str(packaged_model()) if packaged_model() else None)

    def load(self) -> Generator:
        """Load the system.

        Raises:
            UserError: No such system or model, or settings that contradict each other.
        """
        from qgkd.quiz.load_generator import load_generator

        if self.resolved_system == "rule":
            return load_generator(system="rule")
        DecodingSettings(**self.search_settings())  # wrong values are reported before a model is looked for
        return load_generator(
            system=self.resolved_system,
            model=self.resolved_model,
            attention=self.attention,
            layout=self.layout,
            precision=self.precision,
            device=self.device,
            search=self.search_settings(),
        )

    def search_settings(self) -> dict[str, Any]:
        """The search options as fields of `DecodingSettings`; what is left to the model is not in it."""
        options, values = search_options(), self._values()
        settings = {each.name: values[name] for name, each in options.items() if values[name] is not None}
        draws = any(
            each.metadata["needs_sampling"] and settings[each.name] != each.default for each in options.values()
        )
        return {**settings, "sample": settings["sample"] or draws}

    def settings(self) -> dict[str, Any]:
        """Everything that decides the questions, as JSON values; the model as its digest."""
        from qgkd.files.fingerprint import model_sha256

        if self.resolved_system == "rule":
            return {}
        from qgkd.checkpoints.precision import resolve_precision

        values = self._values() | {"precision": resolve_precision(self.precision, self.device)}
        del values["system"], values["model"], values["device"]
        return {**values, "model_sha256": model_sha256(str(self.resolved_model))}

    def comparable(self) -> SystemChoice:
        """The same choice with fp32 for `auto`: scores must not depend on the machine."""
        return replace(self, precision="fp32") if self.precision == "auto" and self.resolved_system != "rule" else self

    def _values(self) -> dict[str, Any]:
        """All options' values, by the options' names."""
        system = {each.name: getattr(self, each.name) for each in _system_fields()}
        return {**system, **_search_defaults(), **self.search}


def takes_system(command: Callable[..., None], *, without: Collection[str] = ()) -> Callable[..., None]:
    """Give a command the options above but those in `without`, last and gathered in its parameter `choice`."""
    system = [each.name for each in _system_fields() if each.name not in without]
    added = [each for each in _parameters() if each.name not in without]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        given = {each.name: values.pop(each.name) for each in added}
        chosen = {name: given.pop(name) for name in system}
        command(**values, choice=SystemChoice(**chosen, search=given))

    signature = inspect.signature(command, eval_str=True)
    own = [each for each in signature.parameters.values() if each.name != "choice"]
    vars(run).update(__signature__=signature.replace(parameters=[*own, *added]))
    run.__annotations__ = {}  # typer reads the signature
    del vars(run)["__wrapped__"]
    return run


def _system_fields() -> list[Any]:
    return [each for each in fields(SystemChoice) if each.name != "search"]


def _search_defaults() -> dict[str, Any]:
    return {name: each.metadata["option_default"] for name, each in search_options().items()}


def _parameters() -> list[inspect.Parameter]:
    """Every option as a parameter of a command."""
    hints = get_type_hints(SystemChoice, include_extras=True)
    found = [(each.name, each.default, hints[each.name]) for each in _system_fields()]
    hints = get_type_hints(DecodingSettings)
    for name, each in search_options().items():
        about, default = each.metadata, each.metadata["option_default"]
        hint = hints[each.name] if default is not None else hints[each.name] | None
        option = typer.Option(*about["flags"], help=about["help"], rich_help_panel="Search (models only)")
        found.append((name, default, Annotated[hint, option]))
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [inspect.Parameter(name, keyword, default=default, annotation=hint) for name, default, hint in found]
