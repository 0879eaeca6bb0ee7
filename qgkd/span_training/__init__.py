"""Trains the span model: which spans people ask about, and what answers a question.

Comes in: questions with their answers and passages. Goes out: prepared arrays; a span model's folder; its figures.
Others use: `settings.load_settings`, `run.train_spans`, `prepare.prepare_spans`, `figures.span_figures`.
"""
