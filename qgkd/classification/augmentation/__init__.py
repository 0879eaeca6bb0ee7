"""Augmentation: a transfer set of changed texts, for students that learn more from a teacher than labels can say.

Comes in: a task's training and unlabelled texts. Goes out: a folder of Arrow files, with the teacher's logits where one
is given; `task.transfer` of `qgkd glue run` reads it.
Others use: `config.make_augment_run`, `run.write_augmented`.
"""
