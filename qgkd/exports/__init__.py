"""A quiz as a file to take home: Word, HTML, Moodle, QTI, Google Forms, Kahoot, Anki, spreadsheets, and our own JSON.

Comes in: `QuizItem`s, a title and `ExportSettings`. Goes out: `Export`, the file's bytes and what it could not hold.
Others use: `formats` (`FORMATS`, `export_quiz`, `format_of`), `export`, `file_names`, and `own_json.open_json`.
"""
