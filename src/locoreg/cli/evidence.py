"""``locoreg evidence``: list, show, audit, pool, reproduce, export, and what else belongs to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from locoreg.cli.evidencesure import bayes, sequential, small_study
from locoreg.cli.living import add, diff
from locoreg.cli.output import (
    print_error,
    print_findings,
    print_heading,
    print_json,
    print_text,
)
from locoreg.core.errors import DataError
from locoreg.core.findings import count_by_severity
from locoreg.workflows import evidence as workflow
from locoreg.workflows import export as exporting

app = App(
    name="evidence",
    help="Published evidence: list, audit, pool, reproduce, add, diff, and how sure a pool is.",
)
app.command(sequential)
app.command(bayes)
app.command(small_study)
app.command(add)
app.command(diff)

Flag = Parameter(negative=())
Tables = Annotated[tuple[str, ...], Parameter(name="--tables", negative=())]
Names = Annotated[tuple[str, ...], Parameter(negative=())]
Severity = Literal["blocking", "serious", "minor", "note"]


@app.command(name="list")
def list_(
    *,
    question: str | None = None,
    design: str | None = None,
    tables: Tables = (workflow.SHIPPED,),
    json: Annotated[bool, Flag] = False,
) -> int:
    """List questions, studies and published pools.

    Parameters
    ----------
    question
        Only studies of this question.
    design
        Only studies of this design: rct, observational, emulation, pooled, single-arm, ...
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    catalog = workflow.open_tables(tables)
    studies = workflow.list_studies(catalog, question=question, design=design)
    pools = [p for p in catalog.pools.values()]
    if json:
        print_json(
            {
                "questions": [
                    {"question": q.question_id, "title": q.title, "outcomes": q.outcomes}
                    for q in catalog.questions.values()
                ],
                "studies": [
                    {
                        "study_id": s.study_id,
                        "label": s.label,
                        "question": s.question_id,
                        "design": s.design,
                        "reports": [r.reference_id for r in catalog.reports_of(s.study_id)],
                        "verification": s.verification,
                    }
                    for s in studies
                ],
                "pools": [{"pool_id": p.pool_id, "inputs": p.inputs} for p in pools],
            }
        )
        return 0
    print_heading("Questions")
    for asked in catalog.questions.values():
        print_text(f"{asked.question_id:24} {asked.title}")
    print_heading(f"Studies ({len(studies)})")
    for s in studies:
        kind = s.design if not s.version_of else f"report of {s.version_of}"
        memory = " [from memory]" if s.verification == "memory" else ""
        print_text(f"{s.study_id:24} {kind:14} {s.question_id or '-':22} {s.label}{memory}")
    print_heading(f"Published pools that can be rebuilt ({len(pools)})")
    for p in pools:
        print_text(f"{p.pool_id:24} from {', '.join(p.inputs)}")
    return 0


@app.command
def show(
    study: str, *, tables: Tables = (workflow.SHIPPED,), json: Annotated[bool, Flag] = False
) -> int:
    """Show everything on one study: reports, printed numbers, findings.

    Parameters
    ----------
    study
        Study id or report id.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    view = workflow.show_study(workflow.open_tables(tables), study)
    if json:
        print_json(view.to_dict())
        return 0
    record = view.to_dict()
    print_heading(f"{view.study.label} ({view.study.study_id})")
    for name, text in record["study"].items():
        if name not in ("study_id", "label"):
            print_text(f"{name}: {text}")
    print_heading("Reports")
    for report in record["reports"]:
        print_text(
            f"{report['reference_id']}: {report.get('authors', '')} {report['title']}. "
            f"{report.get('journal', '')} {report.get('year', '')} {report.get('doi', '')}"
        )
    print_heading(f"Printed numbers ({len(view.claims)})")
    for claim in record["claims"]:
        state = " [superseded]" if claim["superseded"] else ""
        memory = " [from memory]" if claim.get("verification") == "memory" else ""
        what = claim.get("outcome") or claim.get("statistic") or claim["kind"]
        group = f" ({claim['subgroup']})" if claim.get("subgroup") else ""
        quoted = claim.get("verbatim") or claim.get("reason") or claim.get("note") or ""
        print_text(
            f"{claim['claim_id']:8} {what}{group}: {quoted} "
            f"[{' '.join(claim[c] for c in ('report_id', 'location') if claim.get(c))}]"
            f"{state}{memory}"
        )
    print_heading(f"Findings ({len(view.findings)})")
    print_findings(view.findings, least="note")
    return 0


@app.command
def audit(
    folder: str = workflow.SHIPPED,
    *,
    strict: Annotated[bool, Flag] = False,
    severity: Severity = "minor",
    json: Annotated[bool, Flag] = False,
) -> int:
    """Audit a folder of evidence tables; without a folder, the shipped ones.

    Parameters
    ----------
    folder
        Folder with studies.csv and claims.csv; see docs/how-to/own-tables.md.
    strict
        Leave with exit code 3 if a finding is blocking.
    severity
        Least severity to print. JSON always holds all findings.
    json
        Print one JSON document.
    """
    report, faults = workflow.audit_tables([folder])
    if json:
        print_json(report.to_dict())
    else:
        print_findings(report.findings, least=severity)
        print_heading("Summary")
        counts = count_by_severity(report.findings)
        print_text(", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
    if faults:
        # The findings are on stdout already, as one document; the error goes beside them.
        many = "s" if len(faults) > 1 else ""
        named = " ".join(fault.message for fault in faults[:20])
        print_error(DataError(f"{len(faults)} cell{many} can't be used: {named}"), as_json=False)
        return 1
    return 3 if strict and any(f.severity == "blocking" for f in report.findings) else 0


@app.command
def pool(
    question: str,
    *,
    design: str | None = None,
    outcome: str | None = None,
    subgroup: str = "",
    studies: Names = (),
    report: Names = (),
    as_printed: Annotated[bool, Flag] = False,
    include_memory: Annotated[bool, Flag] = False,
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    by: str | None = None,
    figure: Path | None = None,
    layout: Literal["revman", "jama", "bmj"] = "revman",
    tables: Tables = (workflow.SHIPPED,),
    json: Annotated[bool, Flag] = False,
) -> int:
    """Pool the studies of a question; designs are never pooled together.

    Parameters
    ----------
    question
        Question id; see `locoreg evidence list`.
    design
        rct, observational, or one of registry, matched, cohort; emulation.
        Without it trials and observational studies are pooled, each by itself.
    outcome
        Outcome id; the question's main outcome if not given.
    subgroup
        Patients' subgroup, for example subtype=triple-negative.
    studies
        Study ids separated by commas, or the option given again. A report id
        selects its study in that version.
    report
        Reports to use instead of the rule's choice, for example khan2020abs.
    as_printed
        Read every row as its table states it, without corrections.
    include_memory
        Let numbers that are marked as from memory enter.
    method
        CE, DL, HE, HS, SJ, ML, REML, EB or PM.
    interval
        normal, t, hartung-knapp or hartung-knapp-floor. Default: normal with
        CE and DL, hartung-knapp with the others.
    level
        Interval level in percent; the question's own if not given.
    by
        Column of the studies table to make subgroups of, for example
        randomisation_timing.
    figure
        Also draw the forest plot to this file (svg, png or pdf).
    layout
        Column set of the figure.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    result = workflow.pool_question(
        workflow.open_tables(tables),
        question,
        design=design,
        outcome=outcome,
        subgroup=subgroup,
        studies=_split(studies),
        reports=_split(report),
        as_printed=as_printed,
        include_memory=include_memory,
        method=method,
        interval=interval,
        level=level,
        subgroups_by=by,
    )
    if figure is not None:
        from locoreg.figures import plot, save

        pools = result.pools if isinstance(result, workflow.QuestionPools) else (result,)
        save(plot(pools, layout=layout), figure)
    if json:
        print_json(result.to_dict())
    else:
        print_text(result.summary())
    return 0


@app.command
def reproduce(
    pool: str, *, tables: Tables = (workflow.SHIPPED,), json: Annotated[bool, Flag] = False
) -> int:
    """Search for the readings of the inputs that give a published pool.

    Parameters
    ----------
    pool
        Pool id or the id of the study that published it; see `locoreg
        evidence list`.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    result = workflow.reproduce_pool(workflow.open_tables(tables), pool)
    if json:
        print_json(result.to_dict())
    else:
        print_text(result.summary())
    return 0


@app.command
def export(
    folder: Path,
    *,
    template: Annotated[bool, Flag] = False,
    tables: Tables = (workflow.SHIPPED,),
    json: Annotated[bool, Flag] = False,
) -> int:
    """Write the tables to a folder, or empty ones to start your own.

    Parameters
    ----------
    folder
        New or empty folder.
    template
        Write tables that hold only their header and the data dictionary.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    written = (
        exporting.export_template(folder)
        if template
        else exporting.export_tables(workflow.open_tables(tables), folder)
    )
    if json:
        print_json({"folder": str(folder), "files": [path.name for path in written]})
    else:
        print_text(f"Wrote {', '.join(path.name for path in written)} to {folder}.")
    return 0


def _split(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for item in given for part in item.split(",") if part.strip())
