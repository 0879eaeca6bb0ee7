"""Training on question rows with transformers' Trainer.

Comes in: a `config.TrainConfig`. Goes out: a run folder with the model.
Others use: `config.make_config`, `run.run_training`, and `trainer.QGTrainer`, `loss`, `batches` for methods of their
own.
"""
