"""Certainty and summaries of findings, as somebody stated them in a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from locoreg.report.blocks import Block, Code, Items, Link, Listing, Paragraph, Text, text
from locoreg.web.evidence.view import EvidenceView
from locoreg.workflows.explore.explorer import Explored

if TYPE_CHECKING:
    from locoreg.workflows.stored import StoredRun

SNIPPET = """findings:
  - question: {question}
    outcome: {outcome}
    design: {design}
    baseline:
      - {{label: medium, survival_percent: ..., at_months: ..., source: "..."}}
    important: {{per_1000: ...}}
    certainty:
      level: ...
      author: "..."
      reasons: [{{domain: ..., by: -1, reason: "..."}}]"""


def certainties(
    runs: Sequence[StoredRun], found: Explored, view: EvidenceView, tables_sha256: str
) -> dict[str, Text]:
    """Return the certainty of each pool as a run on the same tables states it.

    Parameters
    ----------
    runs : sequence of StoredRun
        Runs of a study.
    found : Explored
        The pools.
    view : EvidenceView
        What is shown: a judgement holds for the usual choice only.
    tables_sha256 : str
        Hash of the tables: another state of the evidence was not judged.

    Returns
    -------
    dict
        By key; pools that nobody judged are missing.
    """
    if not is_usual(view):
        return {
            item.key: text("not judged for this choice of studies and methods.")
            for item in found.pools
        }
    stated: dict[str, Text] = {}
    for run in runs:
        if (run.results.get("tables") or {}).get("sha256") != tables_sha256:
            continue
        for row in _rows(run.results):
            key = "/".join(("evidence", row["question"], row["outcome"], row["design"]))
            judged = row.get("certainty")
            if not judged:
                continue
            words = " ".join(s["text"] for s in row.get("statements", []) if s.get("judged"))
            stated[key] = text(
                f"{judged['symbols']} {judged['level']}, as {judged['author']} judged it in the "
                f"run {run.name}. ",
                words,
            )
    return stated


def is_usual(view: EvidenceView) -> bool:
    """Return whether a view shows a question's own pools, with no filter and no other method."""
    plain = view.figure("both", question="", outcome="", order="year", layout="revman", split="")
    return not plain.query()


def runs_with_findings(runs: Sequence[StoredRun], question: str) -> tuple[StoredRun, ...]:
    """Return the runs whose summary of findings has a table for a question."""
    return tuple(
        run for run in runs if any(row["question"] == question for row in _rows(run.results))
    )


def how_to(found: Explored, root: str) -> tuple[Block, ...]:
    """Return how a summary of findings is made."""
    design = found.pools[0].pool.selection.design if found.pools else "rct"
    snippet = SNIPPET.format(
        question=found.question.question_id, outcome=found.outcome.outcome_id, design=design
    )
    return (
        Paragraph(
            text(
                "No run on this question states one. Absolute effects need a baseline survival "
                "with its source, and certainty is a judgement that a person makes and signs: "
                "neither is computed here."
            )
        ),
        Items(
            (
                text("Put into the study file:"),
                text("run it: ", Code("locoreg run STUDY.yaml --out RUN"), ";"),
                text(
                    "start the application with it, or start it as a ",
                    Link(f"{root}/jobs", "job"),
                    ".",
                ),
            ),
            ordered=True,
        ),
        Listing("Lines for the study file", snippet),
    )


def _rows(results: dict[str, Any]) -> list[dict[str, Any]]:
    findings = results.get("findings") or {}
    return [row for table in findings.get("tables", []) for row in table.get("rows", [])]
