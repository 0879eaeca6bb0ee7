"""Answers: the spans of a passage that can be asked about, and the type of each.

Comes in: a passage, or a span that a person chose. Goes out: `AnswerSpan`s with an `AnswerType`, best first.

Others use: `classify.classify`, `propose.propose_answers`, `given`, `heads` and `spread.SpreadAnswers`.
"""
