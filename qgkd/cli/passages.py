"""The files that a user names, read as passages: documents, plain text in any encoding, and files of records.

Comes in: names of files and folders. Goes out: `PassageRow`s and `Problem`s in their order, numbered through; what a
document's reader left out is printed on stderr.

A literal example: `read_sources(["lesson.docx", "notes/"])` gives a passage for the document and one for each document
and text file in the folder.
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import typer

from qgkd.errors import UserError, how_to_install
from qgkd.files.addresses import is_address
from qgkd.reading.readers import PassageRow, Problem, read_passages

_LIBRARIES = {".docx": "docx", ".pptx": "pptx", ".pdf": "pypdfium2", ".md": "markdown_it"}
"""What reads a document of each suffix; all of them come with the extra `app`."""
_IN_FOLDERS = {*_LIBRARIES, ".txt"}


def expand_sources(sources: Sequence[str]) -> list[str]:
    """The files named, folders replaced by the documents and text files in them, by name.

    Raises:
        typer.BadParameter: Stdin is named together with files.
        UserError: A file is absent, or a folder has nothing to read.
    """
    if len(sources) > 1 and "-" in sources:
        raise typer.BadParameter("- (stdin) cannot be combined with files")
    found: list[str] = []
    for source in sources:
        if is_address(source):
            found.append(source)
        elif Path(source).is_dir():
            found += _files_in(Path(source))
        elif len(sources) > 1 and not Path(source).exists():  # before anything is written about the others
            raise UserError(f"{source}: expected a file, found nothing of that name; check the path")
        else:
            found.append(source)
    return found


def _files_in(folder: Path) -> list[str]:
    every = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "~$")))  # ~$: Word's lock files
    files = [str(path) for path in every if path.is_file() and path.suffix.lower() in _IN_FOLDERS]
    if not files:
        kinds = " ".join(sorted(_IN_FOLDERS))
        raise UserError(f"{folder}: expected a folder with {kinds} files, found none; name the files themselves")
    if len(files) < len(every):
        print(f"{folder}: {len(every) - len(files)} files or folders of other kinds were not read", file=sys.stderr)
    return files


def read_sources(files: Sequence[str]) -> Iterator[PassageRow | Problem]:
    """Read the passages of the files, one after the other.

    Yields:
        As `read_passages`. Of several files, the passage of a text or document is called by the file's name, rows are
        counted over all files, and a file that cannot be read is a problem.

    Raises:
        UserError: The only file cannot be read.
    """
    if len(files) == 1:
        yield from _read_file(files[0])
        return
    names, rows_before = Counter(Path(file).name for file in files), 0
    for file in files:
        own_name = Path(file).name if names[Path(file).name] == 1 else file
        row_number = 0
        try:
            for row in _read_file(file):
                row_number = row.row_number
                row_id = own_name if holds_one_passage(file) else row.row_id
                yield replace(row, row_number=rows_before + row_number, row_id=row_id)
        except UserError as error:
            row_number += 1
            reason = str(error).removeprefix(f"{file}: ").removeprefix(f"{Path(file).name}: ")
            yield Problem(file=file, row_id=own_name, reason=reason, row_number=rows_before + row_number)
        rows_before += row_number


def holds_one_passage(file: str) -> bool:
    """Whether the file is a document or plain text by its name, not a file of records."""
    return Path(file).suffix.lower() in _IN_FOLDERS


def _read_file(file: str) -> Iterator[PassageRow | Problem]:
    text = document_text(file)
    if text is None:
        yield from read_passages(file)
    else:
        yield PassageRow(file=file, row_number=1, row_id=Path(file).stem, context=text, line_number=1)


def document_text(file: str) -> str | None:
    """The text of a document, or of a .txt file that is not UTF-8; None for every other file.

    Raises:
        UserError: The document cannot be read, or what reads it is not installed.
    """
    suffix = Path(file).suffix.lower()
    if file == "-" or suffix not in _IN_FOLDERS or not Path(file).is_file():
        return None
    data = Path(file).read_bytes()
    return _encoded_text(file, data) if suffix == ".txt" else _read_document(file, suffix, data)


def _read_document(file: str, suffix: str, data: bytes) -> str:
    from qgkd.documents import read_document
    from qgkd.text.language import Language

    if importlib.util.find_spec(_LIBRARIES[suffix]) is None:
        raise UserError(
            f"{file}: expected the packages that read {suffix}, found {_LIBRARIES[suffix]} missing; "
            f"{how_to_install('app')}"
        )
    document = read_document(file, data)
    if document.empty_pages:
        print(f"{file}: {document.empty_pages} of {document.pages} pages contain no text", file=sys.stderr)
    if notice := document.left_out_notice(Language.ENGLISH):
        print(f"{file}: {notice}", file=sys.stderr)
    return document.text


def _encoded_text(file: str, data: bytes) -> str | None:
    """Text in Big5, GB 18030 or UTF-16; None where it is UTF-8, compressed, or in none of these."""
    from qgkd.documents import DocumentError
    from qgkd.documents.plain import decode
    from qgkd.reading.row_formats import refuse_markup

    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if data.startswith((b"\x1f\x8b", b"PAR1")):
            return None
    else:
        return None
    try:
        text = decode(data, file)
    except DocumentError:
        return None  # the reader of plain text names the byte at fault
    if not text.strip():
        raise UserError(f"{file}: expected a passage, found nothing but white space; give a file with text in it")
    refuse_markup(file, text)
    return text
