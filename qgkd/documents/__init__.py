"""Documents that teachers bring, read as text: .txt .md .docx .pdf .pptx, within limits."""

from qgkd.documents.document import Document, DocumentError, DocumentLimits
from qgkd.documents.read import SUFFIXES, read_document

__all__ = ["SUFFIXES", "Document", "DocumentError", "DocumentLimits", "read_document"]
