"""Blocks as typst source. Every text is a quoted string, so that none can be read as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from locoreg.report import blocks as kinds
from locoreg.report.blocks import Block, Inline, Page, Section, Text
from locoreg.report.pdf.widths import column_widths, font_size

_TEXT_ELEMENT = re.compile(r"<(title|desc)\b[^>]*>(.*?)</\1>", re.DOTALL)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# Long runs without a place to break, such as hashes.
_RUN = re.compile(r"[^\s\u200b]{25,}")


def quoted(text: str) -> str:
    """Return a text as a typst string literal.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Quoted; control characters are left out.
    """
    clean = _CONTROL.sub("", text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + clean.replace("\n", "\\n") + '"'


def breakable(text: str) -> str:
    """Return a text in which long runs may break after every eighth character."""
    return _RUN.sub(lambda m: "\u200b".join(re.findall(r".{1,8}", m[0])), text)


class Writer:
    """Writes pages; drawings are kept by the file name under which the source asks for them."""

    def __init__(self) -> None:
        self.drawings: dict[str, str] = {}
        self._anchors: set[str] = set()
        self._placed: set[str] = set()
        self._depth = 1

    def page(self, page: Page) -> str:
        """Return the source of a page.

        Parameters
        ----------
        page : Page
            The blocks.

        Returns
        -------
        str
            Code that calls the functions of ``report.typ``.
        """
        self._anchors = set(_anchors((*page.head, *page.sections)))
        head = self._blocks(page.head)
        sections = self._blocks(page.sections)
        return (
            f"#show: document-style.with(title: {quoted(page.title)}, strip: "
            f"{quoted(page.strip)}, foot: {quoted(plain(page.foot))}, family: family)\n"
            f"#title-block({quoted(page.title)}, {{{head}}})\n#contents()\n#{{{sections}}}\n"
        )

    def _blocks(self, items: Iterable[Block]) -> str:
        return "\n".join(self._block(item) for item in items)

    def _block(self, item: Block) -> str:
        writers: dict[str, Callable[..., str]] = {
            "section": self._section,
            "paragraph": self._paragraph,
            "items": self._items,
            "facts": self._facts,
            "listing": lambda one: f"listing({quoted(breakable(one.text))})",
            "tiles": self._tiles,
            "table": self._table,
            "figure": self._figure,
            "callout": self._callout,
            "details": self._details,
            "record": self._record,
        }
        return writers[item.kind](item)

    def _section(self, item: Section) -> str:
        title = f"{self._anchor(item.anchor)}heading(level: {self._depth}, {quoted(item.title)})"
        self._depth += 1
        inner = self._blocks(item.blocks)
        self._depth -= 1
        return f"{title}\n{inner}"

    def _paragraph(self, item: kinds.Paragraph) -> str:
        return f"paragraph({quoted(item.role)}, {self._text(item.text)})"

    def _items(self, item: kinds.Items) -> str:
        inner = ", ".join(self._text(one) for one in item.items)
        return f"{'enum' if item.ordered else 'list'}({inner})"

    def _facts(self, item: kinds.Facts) -> str:
        return self._pairs(item.pairs)

    def _pairs(self, pairs: Iterable[tuple[str, Text]]) -> str:
        inner = ", ".join(f"({quoted(name)}, {self._text(value)})" for name, value in pairs)
        return f"facts(({inner},))" if inner else ""

    def _tiles(self, item: kinds.Tiles) -> str:
        inner = ", ".join(
            f"({quoted(one.name)}, {quoted(one.value)}, {self._text(one.remark)})"
            for one in item.tiles
        )
        return f"tiles(({inner},))"

    def _table(self, item: kinds.Table) -> str:
        titles = ", ".join(quoted(column.title) for column in item.columns)
        sides = ", ".join("right" if column.numeric else "left" for column in item.columns)
        widths = ", ".join(f"{width:.2f}fr" for width in column_widths(item, plain))
        rows = ", ".join(self._row(row) for row in item.rows)
        note = self._text(item.note) if item.note else "none"
        return (
            f"data-table({quoted(item.caption)}, ({titles},), ({sides},), ({widths},), ({rows}"
            f"{',' if rows else ''}), {font_size(item)}, {note})"
        )

    def _row(self, row: kinds.Row) -> str:
        cells = [self._text(cell) for cell in row.cells]
        if row.anchor:
            cells[0] = f"{{{self._anchor(row.anchor)}{cells[0]}}}"
        if row.emphasis:
            cells = [f"strong({cell})" for cell in cells]
        return f"({', '.join(cells)},)"

    def _figure(self, item: kinds.Figure) -> str:
        name = f"drawing-{len(self.drawings) + 1}.svg"
        self.drawings[name] = item.svg
        words = [_unescaped(match[1]) for match in _TEXT_ELEMENT.findall(item.svg)[:2]]
        described = ". ".join(word for word in words if word) or item.title
        shown = (
            f"{self._anchor(item.anchor)}drawing({quoted(name)}, {quoted(described)}, "
            f"{self._text(item.caption)})"
        )
        return f"{shown}\n{self._table(item.table)}" if item.table else shown

    def _callout(self, item: kinds.Callout) -> str:
        return (
            f"callout({quoted(item.title)}, {quoted(item.tone)}, {{{self._blocks(item.blocks)}}})"
        )

    def _details(self, item: kinds.Details) -> str:
        return f"details({self._text(item.summary)}, {{{self._blocks(item.blocks)}}})"

    def _record(self, item: kinds.Record) -> str:
        inner = self._blocks(item.blocks)
        return (
            f"{self._anchor(item.anchor)}record({self._text(item.title)}, {quoted(item.tone)}, "
            f"{{{inner}}})"
        )

    def _anchor(self, anchor: str) -> str:
        if not anchor or anchor in self._placed:
            return ""
        self._placed.add(anchor)
        return f"place-anchor({quoted(anchor)})\n"

    def _text(self, parts: Text) -> str:
        inner = "; ".join(self._inline(part) for part in parts)
        return f"{{ {inner} }}" if inner else "[]"

    def _inline(self, part: Inline) -> str:
        if isinstance(part, str):
            return quoted(breakable(part))
        if isinstance(part, kinds.Break):
            return "linebreak()"
        shown = quoted(breakable(part.text))
        if isinstance(part, kinds.Link):
            return self._link(part, shown)
        if isinstance(part, kinds.Badge):
            sign = f"{part.sign} " if part.sign else ""
            return f"badge({quoted(sign + part.text)}, {quoted(part.tone)})"
        if isinstance(part, kinds.Quote):
            return quoted(f"“{breakable(part.text)}”")
        named = {"strong": "strong", "code": "code"}.get(part.kind)
        return f"{named}({shown})" if named else shown

    def _link(self, part: kinds.Link, shown: str) -> str:
        if not part.href.startswith("#"):
            return f"link({quoted(part.href)}, {shown})"
        target = part.href[1:]
        return f"to-anchor({quoted(target)}, {shown})" if target in self._anchors else shown


def plain(parts: Text) -> str:
    """Return a text without its marks."""
    return "".join(one if isinstance(one, str) else getattr(one, "text", " ") for one in parts)


def _anchors(items: Iterable[Block]) -> Iterable[str]:
    for item in items:
        anchor = getattr(item, "anchor", "")
        if anchor:
            yield anchor
        if isinstance(item, kinds.Table):
            yield from (row.anchor for row in item.rows if row.anchor)
        yield from _anchors(getattr(item, "blocks", ()))


def _unescaped(text: str) -> str:
    for entity, sign in _ENTITIES.items():
        text = text.replace(entity, sign)
    return " ".join(text.split())
