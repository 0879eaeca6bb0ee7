"""The classification path: GLUE and other tasks of one or two texts, fine-tuned, distilled and compared.

`glue_tasks` and `readers` turn files into `ClassificationExample`, `store` turns those into token arrays; the trainer
and the objectives are those of `qgkd.distillation`.
"""
