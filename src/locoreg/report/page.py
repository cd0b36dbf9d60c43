"""The report page: its parts in their order."""

from __future__ import annotations

from locoreg.report.blocks import Page, Section, text
from locoreg.report.context import Context
from locoreg.report.sections.answers import answers
from locoreg.report.sections.audit import audit
from locoreg.report.sections.head import head
from locoreg.report.sections.methods import limits, methods, reproduce
from locoreg.report.sections.provenance import provenance
from locoreg.report.sections.question import questions
from locoreg.report.sections.references import references
from locoreg.report.sections.reproduction import reproductions
from locoreg.report.sections.statements import statements
from locoreg.report.words import DISCLAIMER


def build(context: Context) -> Page:
    """Return the page of a result.

    Parameters
    ----------
    context : Context
        The result, the ids of the page and the drawings.

    Returns
    -------
    Page
        Every part, in order.
    """
    result = context.result
    sections: tuple[Section, ...] = (
        answers(context),
        audit(context),
        *questions(context),
        reproductions(context),
        statements(context),
        provenance(context),
        limits(context),
        methods(context),
        reproduce(context),
        references(context),
    )
    return Page(
        title=result.plan.title,
        strip=DISCLAIMER,
        head=head(context),
        sections=sections,
        foot=text(f"{DISCLAIMER} Made with locoreg {result.provenance.version}."),
    )
