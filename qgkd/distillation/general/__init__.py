"""The general stage: a student learns from a pretrained teacher on raw text, before any task.

Comes in: a `config.GeneralRun`. Goes out: a run folder whose `model` is a masked language model.
Others use: `config.make_general_run`, `run.general_stage`.
"""
