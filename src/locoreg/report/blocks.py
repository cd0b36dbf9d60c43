"""What a report page is made of: a few kinds of block, and text with links in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

Tone = Literal["plain", "blocking", "serious", "minor", "note", "good", "memory"]


@dataclass(frozen=True, slots=True)
class Link:
    """A link to an anchor of the page (``#claim-12``) or to a DOI or registry."""

    kind: ClassVar[str] = "link"
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A marked word: sign and word carry the meaning, the colour repeats it."""

    kind: ClassVar[str] = "badge"
    text: str
    sign: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Strong:
    """Words in bold."""

    kind: ClassVar[str] = "strong"
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A name, a hash or a command in a fixed-width face."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A printed string."""

    kind: ClassVar[str] = "quote"
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number as it is read, with the number itself and where it stands in ``results.json``.

    Attributes
    ----------
    text : str
        What is read: ``0.93 (0.67 to 1.29)``.
    value : float or None
        The estimate in full digits.
    key : str
        Path in the results: ``evidence/primary-surgery/overall_survival/rct``.
    """

    kind: ClassVar[str] = "value"
    text: str
    value: float | None
    key: str


@dataclass(frozen=True, slots=True)
class Break:
    """A new line inside a cell or a paragraph."""

    kind: ClassVar[str] = "break"


Inline = str | Link | Badge | Strong | Code | Quote | Value | Break
Text = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; ``lead`` is larger, ``note`` smaller."""

    kind: ClassVar[str] = "paragraph"
    text: Text
    role: Literal["", "lead", "note"] = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    kind: ClassVar[str] = "items"
    items: tuple[Text, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines to copy: commands or code."""

    kind: ClassVar[str] = "listing"
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its name and a remark."""

    name: str
    value: str
    remark: Text = ()
    main: bool = False


@dataclass(frozen=True, slots=True)
class Tiles:
    """A few numbers side by side."""

    kind: ClassVar[str] = "tiles"
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title; numbers are set to the right; ``wide`` columns hold sentences."""

    title: str
    numeric: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A table row; the first cell names it."""

    cells: tuple[Text, ...]
    anchor: str = ""
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One study of a figure, or one row of a table, for narrow screens."""

    title: Text
    pairs: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; it scrolls sideways by itself where it is too wide.

    Where ``stacks``, each row is a card instead below 600 px.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: Text = ()
    stacks: bool = False

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its rows as cards, titled by their first cells; none unless it stacks."""
        names = [column.title for column in self.columns[1:]]
        rows = self.rows if self.stacks else ()
        return tuple(
            Card(row.cells[0], tuple(zip(names, row.cells[1:], strict=True))) for row in rows
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its caption, and cards that stand in for it on narrow screens.

    Attributes
    ----------
    anchor, title : str
        Id and name of the region.
    svg : str
        Markup from the figures module, which escapes the labels in it.
    caption : Text
        What is to be seen.
    cards : tuple of Card
        Shown under the drawing below 600 px.
    downloads : tuple of Link
        Files with the same figure and its data.
    table : Table or None
        Its numbers, behind a line to open.
    """

    kind: ClassVar[str] = "figure"
    anchor: str
    title: str
    svg: str
    caption: Text
    cards: tuple[Card, ...] = ()
    downloads: tuple[Link, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Callout:
    """A remark that must not be missed."""

    kind: ClassVar[str] = "callout"
    title: str
    blocks: tuple[Block, ...]
    tone: Tone = "note"


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks behind a summary line."""

    kind: ClassVar[str] = "details"
    summary: Text
    blocks: tuple[Block, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One finding, one answer: a boxed item with an id of its own."""

    kind: ClassVar[str] = "record"
    anchor: str
    title: Text
    blocks: tuple[Block, ...]
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it; its level is its depth in the page.

    Attributes
    ----------
    anchor, title : str
        Id and heading.
    blocks : tuple of Block
        Contents, sections among them.
    lists_parts : bool
        Whether the table of contents names the sections inside.
    """

    kind: ClassVar[str] = "section"
    anchor: str
    title: str
    blocks: tuple[Block, ...]
    lists_parts: bool = True


Block = (
    Paragraph
    | Items
    | Facts
    | Listing
    | Tiles
    | Table
    | Figure
    | Callout
    | Details
    | Record
    | Section
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole report.

    Attributes
    ----------
    title : str
        Title and only first-level heading.
    strip : str
        The line above everything.
    head : tuple of Block
        Title block under the heading.
    sections : tuple of Section
        The contents, in order.
    foot : Text
        Last line.
    """

    title: str
    strip: str
    head: tuple[Block, ...]
    sections: tuple[Section, ...]
    foot: Text = field(default=())


def text(*parts: Inline) -> Text:
    """Return parts as one text, empty strings left out."""
    return tuple(part for part in parts if part != "")


def joined(texts: tuple[Text, ...], separator: Inline = "; ") -> Text:
    """Return texts as one, with a separator between them."""
    out: list[Inline] = []
    for one in texts:
        if not one:
            continue
        if out:
            out.append(separator)
        out.extend(one)
    return tuple(out)
