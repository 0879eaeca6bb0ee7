"""Decoding: steppers run the model, searches choose tokens under constraints, `surface` turns them into text.

Comes in: generation requests and a `Checkpoint`. Goes out: `Question`s.
Others use: `generator.ModelGenerator`, `settings.DecodingSettings`, `settings.decoding_of`, `greedy.decode_rows`.
"""
