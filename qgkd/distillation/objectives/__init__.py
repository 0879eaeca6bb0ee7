"""Objectives: the parts of a distillation loss, one idea per file.

Comes in: the captures of student and teacher and a batch. Goes out: `LossTerm`s. A method lists objectives; the trainer
uses `objective.loss_terms`, `needs_of`, `projections_of`, `teacher_rows`.
"""
