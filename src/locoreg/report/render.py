"""Blocks to one self-contained HTML page."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from locoreg.report.blocks import Page, Section

# No script at all; styles only from the page itself; nothing is fetched.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render(page: Page) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    page : Page
        The blocks.

    Returns
    -------
    str
        One document that asks for nothing outside itself.
    """
    environment = Environment(
        loader=PackageLoader("locoreg.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html").render(
        page=page, policy=POLICY, contents=[(s, _subsections(s)) for s in page.sections]
    )


def _subsections(section: Section) -> list[Section]:
    if not section.lists_parts:
        return []
    return [block for block in section.blocks if isinstance(block, Section)]
