"""Distillation: a student learns from one or several teachers.

Comes in: a `config.DistillRun`. Goes out: a run folder with the student.
Others use: `config.make_distill_run`, `config.DISTILL_KEYS`, `run.distill`, `run.self_train`; classification also
`trainer` and the subfolders.
"""
