"""Parts of a stored page: a section, a figure with its files, what stands behind a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from locoreg.report.blocks import (
    Badge,
    Block,
    Callout,
    Column,
    Details,
    Facts,
    Figure,
    Link,
    Listing,
    Page,
    Paragraph,
    Row,
    Section,
    Table,
    text,
)
from locoreg.web.emulation.files import has_numbers
from locoreg.web.emulation.opened import Opened, file_of

# A page has at most 250 kB; with more of a figure's numbers than this they are in its CSV only.
MOST_BYTES = 215_000
_CELL = 60
RELY = (
    "Do not rely on the estimates. They are shown only where they are asked for, and carry this "
    "warning into every figure and table."
)
FORMATS = ("svg", "pdf", "csv", "json")


def section_of(page: Page, anchor: str) -> Section | None:
    """Return a section of a page by its anchor, at any depth."""
    return _find(page.sections, anchor)


def _find(blocks: Iterable[Block], anchor: str) -> Section | None:
    for one in blocks:
        if isinstance(one, Section) and one.anchor == anchor:
            return one
        if isinstance(one, Section | Details):
            found = _find(one.blocks, anchor)
            if found is not None:
                return found
    return None


def head_of(page: Page) -> tuple[Block, ...]:
    """Return what stands at the top of a page before any estimate: alarm, marks, facts."""
    return tuple(one for one in page.head if isinstance(one, Callout | Facts))


def alarm_of(page: Page) -> Callout | None:
    """Return what failed, as the page says it; None where nothing did.

    A page of one piece says that estimates stand behind lines below; here they are asked for.
    """
    for one in page.head:
        if isinstance(one, Callout) and one.tone == "blocking":
            kept = tuple(block for block in one.blocks if not _says_below(block))
            said = () if len(kept) == len(one.blocks) else (Paragraph(text(RELY)),)
            return replace(one, blocks=(*kept, *said))
    return None


def _says_below(block: Block) -> bool:
    first = block.text[0] if isinstance(block, Paragraph) and block.text else ""
    return isinstance(first, str) and first.startswith("Do not rely on the estimates.")


def listing_of(page: Page, label: str) -> str:
    """Return lines to copy from the part on reproduction; empty where there are none."""
    section = section_of(page, "reproduce")
    for one in section.blocks if section else ():
        if isinstance(one, Listing) and one.label == label:
            return one.text
    return ""


def is_behind(block: Block) -> bool:
    """Return whether a block holds what stands behind a failure."""
    if not isinstance(block, Details) or not block.summary:
        return False
    first = block.summary[0]
    return isinstance(first, Badge) and first.tone == "blocking"


def opened_blocks(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return blocks with what stands behind a failure in its place."""
    out: list[Block] = []
    for one in blocks:
        if isinstance(one, Details) and is_behind(one):
            out += opened_blocks(one.blocks)
        elif isinstance(one, Section):
            out.append(replace(one, blocks=opened_blocks(one.blocks)))
        else:
            out.append(one)
    return tuple(out)


def closed_blocks(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return blocks without what stands behind a failure."""
    out: list[Block] = []
    for one in blocks:
        if is_behind(one):
            continue
        if not isinstance(one, Section):
            out.append(one)
            continue
        kept = closed_blocks(one.blocks)
        if kept:
            out.append(replace(one, blocks=kept))
    return tuple(out)


def hides(blocks: Sequence[Block]) -> bool:
    """Return whether anything stands behind a failure."""
    return any(is_behind(one) or (isinstance(one, Section) and hides(one.blocks)) for one in blocks)


def marked(blocks: Sequence[Block], failed: Sequence[str]) -> tuple[Block, ...]:
    """Return blocks in which the note of each figure says what failed."""
    words = f" {'; '.join(failed)}. Do not rely on the estimates. "
    note = (Badge("Failed:", "✖", "blocking"), words)
    out: list[Block] = []
    for one in blocks:
        if isinstance(one, Figure):
            out.append(replace(one, caption=(*note, *one.caption)))
        elif isinstance(one, Section):
            out.append(replace(one, blocks=marked(one.blocks, failed)))
        else:
            out.append(one)
    return tuple(out)


def figures_in(blocks: Sequence[Block]) -> tuple[Figure, ...]:
    """Return the figures among blocks, at any depth."""
    out: list[Figure] = []
    for one in blocks:
        if isinstance(one, Figure):
            out.append(one)
        elif isinstance(one, Section | Details):
            out += figures_in(one.blocks)
    return tuple(out)


def file_name(opened: Opened, figure: Figure) -> str:
    """Return the name of a figure's files, without ending; empty where there are none."""
    wanted = figure.anchor.removeprefix("figure-")
    folder = opened.step.folder / "figures"
    names = sorted(one.stem for one in folder.glob("*.svg")) if folder.is_dir() else []
    return next((name for name in names if name.replace("_", "-") == wanted), "")


def with_files(
    opened: Opened, blocks: Sequence[Block], root: str, *, wanted: Callable[[str], bool] = bool
) -> tuple[Block, ...]:
    """Return blocks with each figure's files and numbers in it, figures not wanted left out.

    Parameters
    ----------
    opened : Opened
        The step.
    blocks : sequence of Block
        A figure is followed by the table of its numbers, behind a line to open.
    root : str
        What every path begins with.
    wanted : callable
        Takes a figure's file name.

    Returns
    -------
    tuple of Block
        Figures hold their numbers; where a page would grow too large, their files do.
    """
    out: list[Block] = []
    held: Figure | None = None
    for one in blocks:
        if held is not None:
            numbers = _numbers(one)
            if wanted(file_name(opened, held)):
                out.append(_complete(opened, held, numbers, root))
            held = None
            if numbers is not None:
                continue
        if isinstance(one, Figure):
            held = one
        elif isinstance(one, Section):
            out.append(replace(one, blocks=with_files(opened, one.blocks, root, wanted=wanted)))
        else:
            out.append(one)
    if held is not None and wanted(file_name(opened, held)):
        out.append(_complete(opened, held, None, root))
    return tuple(out)


def _numbers(block: Block) -> Table | None:
    """Return the table of a figure's numbers, if a block is that."""
    if not isinstance(block, Details) or len(block.blocks) != 1:
        return None
    first, inner = block.summary[0], block.blocks[0]
    told = isinstance(first, str) and first.startswith("Numbers of the figure")
    return inner if told and isinstance(inner, Table) else None


def _complete(opened: Opened, figure: Figure, table: Table | None, root: str) -> Figure:
    name = file_name(opened, figure)
    links = tuple(
        Link(f"{root}{opened.path}/figure/{name}.{form}", form.upper())
        for form in FORMATS
        if name and has_format(opened, name, form)
    )
    caption = figure.caption
    if table is not None and len(figure.svg) + _size(table) > MOST_BYTES:
        caption = (*caption, " Its numbers are many: they are in the CSV file below.")
        table = None
    return replace(figure, downloads=links, table=table, caption=caption)


def has_format(opened: Opened, name: str, form: str) -> bool:
    """Return whether a figure can be had in a format."""
    if form in ("svg", "pdf"):
        return file_of(opened, "figures", f"{name}.{form}") is not None
    return has_numbers(opened, name)


def _size(table: Table) -> int:
    # Twice where the rows are cards too.
    times = 2 if table.stacks else 1
    return times * sum(
        _CELL + sum(len(part) if isinstance(part, str) else _CELL for part in cell)
        for row in table.rows
        for cell in row.cells
    )


def plain_table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], note: str = ""
) -> Table:
    """Return a table of texts, numbers to the right but for the first column."""
    columns = tuple(Column(head, numeric=i > 0) for i, head in enumerate(heads))
    return Table(
        caption,
        columns,
        tuple(Row(tuple(text(cell) for cell in row)) for row in rows),
        text(note),
        stacks=True,
    )
