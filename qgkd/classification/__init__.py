"""Classification: GLUE and other tasks of one or two texts, fine-tuned and distilled.

Comes in: a `config.ClassificationConfig`. Goes out: a run folder and `result.ClassificationResult`.
Others use: `config.make_classification_config`, `run.run_classification`, `result.read_result`; methods are in
`distillation`.
"""
