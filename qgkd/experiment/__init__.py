"""Experiments: `qgkd recipe`, `qgkd compare` and `qgkd glue compare` over one engine.

Comes in: a TOML file of runs. Goes out: a folder with every training made once, tables, plots and result files.
Others use: `recipe.two_stage`, `generation.comparison`, `classification.comparison`; `engine` is what they share.
"""
