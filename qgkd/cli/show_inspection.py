"""An inspected example in readable form: the passage, its window, and the rows, each token coloured by its block.

Comes in: an `Inspection`. Goes out: lines for stdout; brackets instead of colours if stdout is no terminal.

A literal example, a row's end without colours:

    answer    林 文 海 [SEP]
    target    誰 設 計 ？ [SEP]
    mask      [MASK] [MASK] [MASK] [MASK] [MASK]
    label     誰     設     計     ？     [SEP]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from qgkd.model_input.inspection import Cell, Inspection, Kind

STYLES = {
    Kind.PASSAGE: "default",
    Kind.OCCURRENCE: "bold green",
    Kind.ANSWER: "cyan",
    Kind.TARGET: "yellow",
    Kind.MASK: "magenta",
}
_MARGIN = 10  # columns for a line's name
_UNREAD_CHARS = 30  # shown of what was cut, on either side


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How much of an example to show."""

    rows: bool
    positions: bool
    answer_positions: bool
    """Layout `shared`: the answer segment's positions identify the occurrence and are always shown."""


def show_inspection(inspection: Inspection, display: Display, console: Console) -> str:
    """Lay out one example as lines for stdout, in the width and colours of the console."""
    width = console.width if console.is_terminal else 100
    lines = [*_example_lines(inspection, bracket=not console.is_terminal)]
    if display.rows:
        lines += _row_lines(inspection, display, width - _MARGIN, bracket=not console.is_terminal)
    if not console.is_terminal:
        return "".join(f"{line.plain.rstrip()}\n" for line in lines)
    with console.capture() as capture:
        for line in lines:
            console.print(line)
    return capture.get()


def legend() -> Text:
    """What the colours mean."""
    names = {
        Kind.PASSAGE: "passage",
        Kind.OCCURRENCE: "the answer where it is meant",
        Kind.ANSWER: "answer segment",
        Kind.TARGET: "target",
        Kind.MASK: "[MASK] over its label",
    }
    return Text(" · ").join(Text(name, style=STYLES[kind]) for kind, name in names.items())


def _example_lines(inspection: Inspection, *, bracket: bool) -> Iterator[Text]:
    example = inspection.example
    yield _named("example", Text.assemble((example.example_id, "bold"), "  ", (example.title, "dim")))
    yield _named("passage", _passage(inspection, bracket=bracket))
    answer = f"{example.answer_text}  (characters {example.answer_start_char}-{example.answer_end_char}"
    occurrences = example.context.count(example.answer_text)
    nth = example.context.count(example.answer_text, 0, example.answer_end_char)
    yield _named("answer", Text(answer + (f", occurrence {nth} of {occurrences})" if occurrences > 1 else ")")))
    if example.question:
        cut = "  (cut at the cap: it has no [SEP] to learn)" if inspection.question_was_cut else ""
        yield _named("question", Text(" ".join(example.question.split()) + cut))
    yield _named("window", Text(_window(inspection)))


def _passage(inspection: Inspection, *, bracket: bool) -> Text:
    """The window with its answer, a little of what lies outside, and how much more there is."""
    example = inspection.example
    start, end = inspection.window_start_char, inspection.window_end_char
    left, right = ("【", "】") if bracket else ("", "")
    before = example.context[max(0, start - _UNREAD_CHARS) : start]
    after = example.context[end : end + _UNREAD_CHARS]
    unread_left, unread_right = ("⟦", "⟧") if bracket else ("", "")
    parts = [
        (f"{'…' if start > _UNREAD_CHARS else ''}{unread_left}{before}{unread_right}", "dim strike") if before else "",
        example.context[start : example.answer_start_char],
        (f"{left}{example.answer_text}{right}", STYLES[Kind.OCCURRENCE]),
        example.context[example.answer_end_char : end],
        (f"{unread_left}{after}{unread_right}{'…' if end + _UNREAD_CHARS < len(example.context) else ''}", "dim strike")
        if after
        else "",
    ]
    return Text.assemble(*((_one_line(p), "") if isinstance(p, str) else (_one_line(p[0]), p[1]) for p in parts))


def _window(inspection: Inspection) -> str:
    start, end = inspection.window_start_char, inspection.window_end_char
    if inspection.window_tokens == inspection.passage_tokens:
        return f"all {inspection.passage_tokens:,} tokens of the passage are read"
    unread = len(inspection.example.context) - end
    return (
        f"{inspection.window_tokens:,} of {inspection.passage_tokens:,} tokens are read: characters {start:,}-{end:,}; "
        f"{start:,} characters before and {unread:,} after are cut"
    )


def _row_lines(inspection: Inspection, display: Display, width: int, *, bracket: bool) -> Iterator[Text]:
    """The first row whole; of further ones, which repeat its source, only the question."""
    for number, row in enumerate(inspection.rows, start=1):
        masks = sum(cell.kind is Kind.MASK for cell in row)
        of = f"{number} of {len(inspection.rows)}, " if len(inspection.rows) > 1 else ""
        yield Text(f"row       {of}{len(row)} positions, {masks} [MASK]{'' if masks == 1 else 's'}", style="dim")
        shown = row if number == 1 else [cell for cell in row if cell.kind in (Kind.TARGET, Kind.MASK)]
        for name, cells in itertools.groupby(shown, key=_section):
            part = list(cells)
            positions = display.positions or (display.answer_positions and part[0].kind is Kind.ANSWER)
            yield from _section_lines(name, part, width, types=display.positions, positions=positions, bracket=bracket)


def _section(cell: Cell) -> str:
    return str(Kind.PASSAGE if cell.kind is Kind.OCCURRENCE else cell.kind)


def _section_lines(
    name: str, cells: Sequence[Cell], width: int, *, types: bool, positions: bool, bracket: bool
) -> Iterator[Text]:
    """Tokens in columns, and beneath them what belongs to each; as many columns a line as fit."""
    lines: dict[str, list[str]] = {name: [_token(cell, bracket=bracket) for cell in cells]}
    if any(cell.label is not None for cell in cells):
        lines["label"] = [cell.label or "" for cell in cells]
    if types:
        lines["type"] = [str(cell.token_type) for cell in cells]
    if positions:
        lines["position"] = [str(cell.position) for cell in cells]
    widths = [max(map(cell_len, column)) for column in zip(*lines.values(), strict=True)]
    for start, end in _chunks(widths, width):
        for title, texts in lines.items():
            line = Text.assemble((f"{title:<{_MARGIN}}", "" if title == name else "dim"))
            for cell, text, column in zip(cells[start:end], texts[start:end], widths[start:end], strict=True):
                style = STYLES[cell.kind] if title in (name, "label") else "dim"
                line.append(text, style=style).append(" " * (column - cell_len(text) + 1))
            yield line


def _chunks(widths: Sequence[int], width: int) -> Iterator[tuple[int, int]]:
    """Ranges of columns that fit on a line; a wider column gets its own."""
    start, used = 0, 0
    for at, column in enumerate(widths):
        if at > start and used + column > width:
            yield start, at
            start, used = at, 0
        used += column + 1
    if widths:
        yield start, len(widths)


def _token(cell: Cell, *, bracket: bool) -> str:
    return f"【{cell.token}】" if bracket and cell.kind is Kind.OCCURRENCE else cell.token


def _named(name: str, text: Text) -> Text:
    return Text.assemble((f"{name:<{_MARGIN}}", "dim"), text)


def _one_line(text: str) -> str:
    return text.replace("\n", " ")
