"""Model input: from a passage, an answer and a question to padded tensors.

Comes in: text and a tokenizer. Goes out: `batch.Batch`.
Others use: `input_format.InputFormat`, `source.PassageEncoder`, `rows.packed_row`, `rows.recurrent_row`,
`batch.pad_rows` and `batch.collate`.
"""
