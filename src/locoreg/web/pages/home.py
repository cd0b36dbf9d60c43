"""Home: four questions, and the state of the evidence."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from locoreg.core.findings import SEVERITIES
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State

router = APIRouter()
CARDS = (
    ("What do the trials show?", "/evidence", "Published trials and cohorts, audited and pooled."),
    ("What does our registry show?", "/cohort", "Who the patients are, and how they fare."),
    (
        "What would a trial in the registry show?",
        "/emulation",
        "The trial that nobody could run, emulated, with its diagnostics first.",
    ),
    (
        "What applies to this patient?",
        "/patient",
        "Which trials would have taken this patient; what the registry can and can't tell.",
    ),
)


@router.get("/", response_class=HTMLResponse)
def home(request: Request) -> HTMLResponse:
    """Show the start page."""
    state: State = request.app.state.locoreg
    catalog = state.catalog
    severities = Counter(finding.severity for finding in state.findings)
    return page(
        request,
        "home.html",
        title="Local therapy in metastatic breast cancer",
        cards=CARDS,
        studies=len(catalog.studies),
        claims=len(catalog.claims),
        findings=[(name, severities[name]) for name in SEVERITIES if severities[name]],
        reproduce=Reproduce(
            command="locoreg evidence audit",
            python="import locoreg as lr\n\nlr.audit(lr.load_catalog())",
            data_sha256=catalog.sha256,
        ),
    )
