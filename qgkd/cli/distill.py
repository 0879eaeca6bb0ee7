"""`qgkd distill`: a small question generator that learns from a large one.

Comes in: a TOML file and overrides. Goes out: a run folder; its name on stdout, progress on stderr.

A literal example: `qgkd distill distill_all_layer.toml distill.teacher=runs/teacher/model student.layers=6`; on eight
GPUs `torchrun --nproc_per_node 8 -m qgkd distill ...`. Methods and their settings: `qgkd glue methods`.
"""

from __future__ import annotations

from typing import Annotated

from qgkd.cli.run_options import ConfigFile, Force, PrepareOnly, Resume, overrides_like, print_once, refuse_both


def distill(
    config: ConfigFile,
    overrides: Annotated[
        list[str] | None, overrides_like("distill.method=pkd-skip; `qgkd glue methods` lists all")
    ] = None,
    resume: Resume = False,
    force: Force = False,
    prepare_only: PrepareOnly = False,
) -> None:
    """Teach a student by a teacher."""
    refuse_both(resume=resume, force=force)
    from qgkd.distillation.config import load_distill_run

    run = load_distill_run(config, tuple(overrides or ()))
    from qgkd.distillation import run as distillation

    prepare, learn = distillation.prepare_distillation, distillation.distill
    folder = prepare(run) if prepare_only else learn(run, resume=resume, force=force)
    print_once(f"{folder}\n")
