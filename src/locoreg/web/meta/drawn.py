"""Figures of a report, for the page and as files; hold the drawing lock."""

from __future__ import annotations

from locoreg.workflows.meta import MetaReport

# A page has at most 250 kB; tables and the form take the rest.
MOST_PER_PAGE = 120_000
# Beyond this many effects a figure has no row that could be read.
MOST_DRAWN = 300


def page_figures(report: MetaReport) -> dict[str, str]:
    """Return the figures of a report as SVG for a page.

    Parameters
    ----------
    report : MetaReport

    Returns
    -------
    dict of str to str
        By name; empty where one would make the page too large.
    """
    found = {}
    left = MOST_PER_PAGE
    for name, svg in svg_figures(report, prefixed=True).items():
        size = len(svg.encode())
        found[name] = svg if size <= left else ""
        left -= size if size <= left else 0
    return found


def svg_figures(report: MetaReport, *, prefixed: bool) -> dict[str, str]:
    """Return the figures of a report as SVG.

    Parameters
    ----------
    report : MetaReport
    prefixed : bool
        Whether ids in a drawing begin with its name, so that several can stand in a page.

    Returns
    -------
    dict of str to str
        By name; none beyond `MOST_DRAWN` effects.
    """
    from locoreg.figures import to_svg
    from locoreg.figures.meta import figures_of_report

    if len(report.studies) > MOST_DRAWN:
        return {}
    return {
        name: to_svg(drawing, prefix=name.replace("_", "-") if prefixed else "figure")
        for name, drawing in figures_of_report(report, title=None).items()
    }
