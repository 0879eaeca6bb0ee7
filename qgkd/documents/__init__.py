"""Documents of teachers, read as text within limits: .txt .md .docx .pdf .pptx.

Comes in: a file's name and bytes. Goes out: `Document`, or a `DocumentError` that explains why it cannot be read.
Others use: the names below.
"""

from qgkd.documents.document import Document, DocumentError, DocumentLimits
from qgkd.documents.read import SUFFIXES, read_document

__all__ = ["SUFFIXES", "Document", "DocumentError", "DocumentLimits", "read_document"]
