"""`qgkd selftrain`: a distilled student trains on with the labels alone.

Comes in: a TOML file as of `qgkd train`, `model.base` a distilled student. Goes out: a run folder; its name on stdout.

A literal example: `qgkd selftrain selftrain.toml model.base=runs/student/model model.dropout=0.3`
"""

from __future__ import annotations

from typing import Annotated

from qgkd.cli.run_options import ConfigFile, Force, Resume, overrides_like, print_once, refuse_both


def selftrain(
    config: ConfigFile,
    overrides: Annotated[list[str] | None, overrides_like("model.dropout=0.3")] = None,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Train a distilled student on the labels alone."""
    refuse_both(resume=resume, force=force)
    from qgkd.training.config import load_config

    settings = load_config(config, tuple(overrides or ()))
    from qgkd.distillation.run import self_train

    print_once(f"{self_train(settings, resume=resume, force=force)}\n")
