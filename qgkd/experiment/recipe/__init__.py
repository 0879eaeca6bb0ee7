"""The two-stage recipe: teacher, student, distillation and self-training as steps that need one another.

Comes in: a TOML file. Goes out: a folder per step.
Others use: `two_stage.load_recipe` and `run_recipe`; `student.write_student`; `chain.Chain` builds the steps of the
question generation comparison.
"""
