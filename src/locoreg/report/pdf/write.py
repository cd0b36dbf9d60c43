"""Set a page as PDF."""

from __future__ import annotations

import tempfile
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from locoreg.core.errors import DesignError
from locoreg.figures.fonts import FAMILY, font_folder
from locoreg.report.blocks import Page
from locoreg.report.pdf.markup import Writer


def has_typst() -> bool:
    """Return whether the extra ``pdf`` is installed."""
    return find_spec("typst") is not None


def write_pdf(page: Page) -> bytes:
    """Return a page as a PDF: tagged for screen readers, with bookmarks and alternative texts.

    Parameters
    ----------
    page : Page
        The blocks of a report.

    Returns
    -------
    bytes
        A PDF (PDF/UA-1). The same page gives the same bytes. What is behind a line to open on
        screen is printed.

    Raises
    ------
    DesignError
        If typst is not installed.
    """
    if not has_typst():
        raise DesignError(
            "a PDF needs the package typst, which is not installed.",
            hint="pip install 'locoreg[pdf]'.",
        )
    import typst

    with tempfile.TemporaryDirectory(prefix="locoreg-") as scratch:
        root = Path(scratch)
        writer = Writer()
        body = writer.page(page)
        for name, svg in writer.drawings.items():
            (root / name).write_text(svg, encoding="utf-8")
        style = (
            resources.files("locoreg.report").joinpath("templates/report.typ").read_text("utf-8")
        )
        (root / "style.typ").write_text(style, encoding="utf-8")
        source = root / "main.typ"
        source.write_text(f'#import "style.typ": *\n#let family = "{FAMILY}"\n{body}', "utf-8")
        compiled: bytes = typst.compile(
            str(source),
            root=str(root),
            font_paths=[str(font_folder())],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
        )
    return compiled
