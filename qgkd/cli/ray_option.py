"""The options of `generate` that spread a batch over the machines of a Ray cluster.

Comes in: what typer read. Goes out: the `RayBatches` that `generate_file` takes, with the cluster joined.

A literal example: `Cluster(address="local", workers=2).batches(SystemChoice(system="rule"), BatchOptions())`
"""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qgkd.errors import UserError

if TYPE_CHECKING:
    from qgkd.cli.generator_options import SystemChoice
    from qgkd.generator import Generator
    from qgkd.quiz.question_rows import BatchOptions
    from qgkd.quiz.ray_batches import RayBatches

_PANEL = "Many machines (needs the extra ray)"
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Generate on a Ray cluster: HOST:PORT, `auto` for the one this machine is in, `local` to begin one here.",
        rich_help_panel=_PANEL,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Workers, each with its own model; without it one per CPU core, or GPU.", rich_help_panel=_PANEL
    ),
]


def check_options(ray: str | None, workers: int | None, *, to_file: bool) -> None:
    """Refuse what does not go together.

    Raises:
        typer.BadParameter: `--ray` without `--output`, or `--workers` without `--ray`.
    """
    if ray is not None and not to_file:
        raise typer.BadParameter("--ray needs --output")
    if workers is not None and ray is None:
        raise typer.BadParameter("--workers needs --ray")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Which cluster, and how much of it."""

    address: str
    workers: int | None

    def batches(self, choice: SystemChoice, wanted: BatchOptions) -> RayBatches:
        """Join the cluster; a system on `cuda` gets workers with a GPU each.

        Raises:
            UserError: Ray is not installed, or there is no such cluster.
        """
        if importlib.util.find_spec("ray") is None:
            raise UserError("--ray needs a package that is not installed; run: pip install 'qgkd[ray]'")
        from qgkd.quiz.ray_batches import RayBatches, connect

        connect(self.address)
        on_gpu = choice.device.startswith("cuda")
        if choice.model is not None and Path(choice.model).exists():  # a worker has another working folder
            choice = replace(choice, model=str(Path(choice.model).resolve()))
        settings = choice.settings()
        if settings:  # every machine writes in the precision of this one, whatever is fastest there
            choice = replace(choice, precision=settings["precision"])
        load = partial(_load_the_same, choice, settings)
        return RayBatches(load=load, options=wanted, workers=self.workers, on_gpu=on_gpu)


def _load_the_same(choice: SystemChoice, settings: dict[str, Any]) -> Generator:
    """Load the system in a worker.

    Raises:
        UserError: It is another one than on the machine that began the run.
    """
    if (found := choice.settings()) != settings:
        differing = ", ".join(f"{key} {found[key]}" for key in settings if settings[key] != found.get(key))
        raise UserError(
            f"{platform.node()}: expected the model of the machine that began the run, found another one "
            f"({differing}); put the same files at the same path on every machine"
        )
    return choice.load()
