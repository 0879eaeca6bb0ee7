"""Documents that teachers bring, read as text: .txt .md .docx .pdf .pptx.

Comes in: a file's name and bytes, limits of size and time. Goes out: its text in reading order, and what was left out.
Others use: `read_document`, `Document`, `DocumentError`, `DocumentLimits`, `SUFFIXES`.
"""

from qgkd.documents.document import Document, DocumentError, DocumentLimits
from qgkd.documents.read import SUFFIXES, read_document

__all__ = ["SUFFIXES", "Document", "DocumentError", "DocumentLimits", "read_document"]
