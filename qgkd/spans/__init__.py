"""The span model: what of a passage people ask about, and what of it answers a question.

Comes in: a passage, or a question and a passage. Goes out: proposed `AnswerSpan`s; the answer read, or none.
Others use: `propose.propose`, `span_model.SpanModel` and `load_span_model`; training `heads`, `rows` and `windows`.
"""
