"""Teachers, and what is captured of a forward pass.

Comes in: a model and a batch. Goes out: `capture.DistillCapture`.
Others use: `teacher.Teacher`, `several_teachers`, `capturing_model.CapturingModel` and `hooks.recording`.
"""
