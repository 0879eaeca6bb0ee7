"""`qgkd train`: a question generator from a config file.

Comes in: a TOML file and overrides. Goes out: a run folder; its name on stdout, progress on stderr.

A literal example: `qgkd train train_bert_base.toml train.output_dir=runs/teacher train.num_train_epochs=5`; on eight
GPUs `torchrun --nproc_per_node 8 -m qgkd train ...`.
"""

from __future__ import annotations

from typing import Annotated

from qgkd.cli.run_options import ConfigFile, Force, PrepareOnly, Resume, overrides_like, print_once, refuse_both


def train(
    config: ConfigFile,
    overrides: Annotated[list[str] | None, overrides_like("train.learning_rate=7e-5")] = None,
    resume: Resume = False,
    force: Force = False,
    prepare_only: PrepareOnly = False,
) -> None:
    """Train a question generator."""
    refuse_both(resume=resume, force=force)
    from qgkd.training.config import load_config

    settings = load_config(config, tuple(overrides or ()))
    from qgkd.training.run import prepare_run, run_training

    folder = prepare_run(settings) if prepare_only else run_training(settings, resume=resume, force=force)
    print_once(f"{folder}\n")
