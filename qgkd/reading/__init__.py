"""Reading: every input format to passages and questions, each given answer at its place.

Comes in: a path (DRCD/SQuAD JSON, JSONL, CSV, Parquet, plain text) or stdin. Goes out: `PassageRow`, `QGExample`,
`Problem`.
Others use: `readers.read_passages`, `readers.read_examples`, `examples.QGExample`, `drcd.OFFICIAL_FILES`.
"""
