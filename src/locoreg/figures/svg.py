"""Figures as SVG for pages, and as files."""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.figures.canvas import PART_MARK, own_settings
from locoreg.figures.textfit import FAMILY, one_line

SVG = "http://www.w3.org/2000/svg"
# Verdana has the widths of DejaVu Sans, for readers who lack the latter.
FONTS = f"{FAMILY}, Verdana, sans-serif"
FORMATS = ("svg", "png", "pdf")
_UNFIT = re.compile(r"[^A-Za-z0-9_]+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_SHORTHAND = re.compile(r"(?:(italic|oblique)\s+)?(?:(bold|\d{3})\s+)?([\d.]+px)\s+(.+)")


def to_svg(
    figure: Figure,
    *,
    title: str | None = None,
    description: str | None = None,
    prefix: str = "figure",
) -> str:
    """Return a figure as SVG to be put into a page.

    The same figure gives the same bytes. There is no width or height (the
    ``viewBox`` scales), no style element and no style attribute, no reference
    to anything outside, and text stays text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Best one that :func:`locoreg.figures.plot` made: its rows then become
        groups with a sentence each.
    title, description : str, optional
        What the figure is, and the finding in numbers. By default those that
        the figure carries.
    prefix : str
        Sets this figure's ids apart from those of others on the same page:
        every id begins with ``lr-`` and the prefix; what ids can't hold
        becomes a dash.

    Returns
    -------
    str
        One ``svg`` element.
    """
    start = f"lr-{_UNFIT.sub('-', prefix.removeprefix('lr-')).strip('-') or 'figure'}-"
    root = ET.fromstring(_render(figure, "svg"))
    _clean(root)
    _name_ids(root, start)
    _group_parts(root, start, dict(_sentences(figure)))
    carried_title, carried_description = carried_words(figure)
    _describe(
        root,
        start,
        carried_title if title is None else title,
        carried_description if description is None else description,
    )
    return ET.tostring(root, encoding="unicode") + "\n"


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure to a file; its ending says the format.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : str or Path
        Ends in ``.svg``, ``.png`` (300 dots per inch) or ``.pdf``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    DataError
        If the ending is none of these.
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise DataError(
            f"{target.name} does not end in a format that figures are saved in.",
            hint=f"use one of .{', .'.join(FORMATS)}.",
        )
    data = to_svg(figure).encode() if kind == "svg" else _render(figure, kind)
    target.write_bytes(data)
    return target


def carried_words(figure: Figure) -> tuple[str, str]:
    """Return the title and the description that a figure carries, empty if none."""
    title = str(figure.get_label() or "")
    label = str(figure.axes[0].get_label() or "") if figure.axes else ""
    return title, label


def _render(figure: Figure, kind: str) -> bytes:
    title, _ = carried_words(figure)
    by_kind: dict[str, dict[str, str | None]] = {
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None, "Title": title},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None, "Title": title},
    }
    buffer = io.BytesIO()
    with own_settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(
            buffer, format=kind, dpi=300 if kind == "png" else 72, metadata=by_kind[kind]
        )
    return buffer.getvalue()


def _clean(root: ET.Element) -> None:
    """Drop name spaces, metadata and style elements; turn style into plain attributes."""
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    for parent in root.iter():
        for child in [c for c in parent if _local(c.tag) in ("metadata", "style")]:
            parent.remove(child)
    for child in [c for c in root if _local(c.tag) == "defs" and len(c) == 0]:
        root.remove(child)
    for element in root.iter():
        _plain(element)
    root.set("xmlns", SVG)
    root.set("stroke-linejoin", "round")
    root.set("stroke-linecap", "butt")


def _plain(element: ET.Element) -> None:
    element.tag = _local(element.tag)
    attributes = dict(element.attrib)
    element.attrib.clear()
    for name, value in attributes.items():
        if name == "style":
            element.attrib.update(_presentation(value))
        elif name == "d":
            element.set(name, " ".join(value.split()))
        elif not (name == "transform" and value.startswith("rotate(-0 ")):
            element.set(_local(name), value)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _presentation(style: str) -> dict[str, str]:
    """Return the declarations of a style attribute as presentation attributes."""
    out: dict[str, str] = {}
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            match = _SHORTHAND.fullmatch(value)
            if match:
                found = zip(
                    ("font-style", "font-weight", "font-size"), match.groups(), strict=False
                )
                out.update({key: text for key, text in found if text})
                out["font-family"] = FONTS
        elif name == "font-family":
            out[name] = FONTS
        elif name:
            out[name] = value
    return out


def _name_ids(root: ET.Element, start: str) -> None:
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set(name, start + value)
            elif name == "href" and value.startswith("#"):
                element.set(name, f"#{start}{value[1:]}")
            elif "url(#" in value:
                element.set(name, _REFERENCE.sub(rf"url(#{start}\1)", value))


def _sentences(figure: Figure) -> Iterator[tuple[str, str]]:
    """Yield each part that has a sentence."""
    for artist in _artists(figure):
        part, mark, _ = (artist.get_gid() or "").partition(PART_MARK)
        label = str(artist.get_label() or "")
        if mark and label and not label.startswith("_"):
            yield part, label


def _artists(artist: Artist) -> Iterator[Artist]:
    """Yield an artist and all in it, but no axis that is off: asked, it makes ticks."""
    yield artist
    for child in artist.get_children():
        if not (isinstance(child, Axis) and not child.axes.axison):
            yield from _artists(child)


def _group_parts(root: ET.Element, start: str, sentences: dict[str, str]) -> None:
    """Put neighbours that belong to one part into one group."""
    for parent in list(root.iter("g")):
        children = list(parent)
        parts = [child.get("id", "").partition(PART_MARK) for child in children]
        if not any(mark for _, mark, _ in parts):
            continue
        for child in children:
            parent.remove(child)
        current, current_id = parent, ""
        for child, (part, mark, _) in zip(children, parts, strict=True):
            if not mark:
                parent.append(child)
                current_id = ""
                continue
            if part != current_id:
                current, current_id = ET.SubElement(parent, "g", {"id": part}), part
                sentence = sentences.get(part.removeprefix(start))
                if sentence:
                    current.set("role", "img")
                    current.set("class", "lr-row")
                    ET.SubElement(current, "title").text = one_line(sentence)
            current.append(child)


def _describe(root: ET.Element, start: str, title: str, description: str) -> None:
    root.set("role", "figure")
    root.set("class", "lr-figure")
    root.set("aria-labelledby", f"{start}title-text {start}desc-text")
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(tag, {"id": f"{start}{tag}-text"})
        element.text = one_line(text)
        root.insert(place, element)
