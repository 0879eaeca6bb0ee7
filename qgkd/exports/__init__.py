"""A quiz as a file to take home: Word, HTML, GIFT, Moodle XML, QTI 1.2, Kahoot, Anki, CSV, TSV, and our own JSON.

Comes in: `QuizItem`s and a title. Goes out: `Export`, the file's bytes and what it could not hold.
Others use: `formats` (`FORMATS`, `export_quiz`, `format_of`), `export`, `file_names`, and `own_json.open_json`.
"""
