"""A quiz taken home: Word, HTML, GIFT, Moodle XML, QTI 1.2, Kahoot, Anki, CSV, TSV, and our own JSON.

One module per format; `formats` chooses among them, `file_names` names the file.
"""

from qgkd.exports.export import Export, Sheet
from qgkd.exports.file_names import safe_file_name
from qgkd.exports.formats import ExportFormat, export_quiz, format_of
from qgkd.exports.own_json import OpenedQuiz, open_json

__all__ = [
    "Export",
    "ExportFormat",
    "OpenedQuiz",
    "Sheet",
    "export_quiz",
    "format_of",
    "open_json",
    "safe_file_name",
]
