"""Objectives: the parts of a distillation loss, one idea per file.

Comes in: the captures of student and teacher and a batch. Goes out: `LossTerm`s.
Others use: the objectives, listed by a method; `objective.loss_terms`, `needs_of`, `projections_of`, `teacher_rows`.
"""
