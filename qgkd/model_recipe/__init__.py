"""Trains the package's own model from scratch: vocabulary, masked text, copying, questions, reward.

Comes in: a TOML file and text and question files. Goes out: prepared data, a folder per stage, a model folder.
Others use: `settings.load_recipe`, `recipe.prepare_model` and `make_model`; also `sources`, `documents`, `synthetic`.
"""
