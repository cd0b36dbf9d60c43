"""One study as blocks: who and when, what it reports, what follows from it, what was found."""

from __future__ import annotations

from locoreg.core.findings import Location
from locoreg.core.numbertext import decimal_text, plural
from locoreg.figures import describe, plot, to_svg
from locoreg.figures.layouts import AUDIT_SIGNS
from locoreg.report.blocks import (
    Badge,
    Block,
    Break,
    Callout,
    Column,
    Details,
    Facts,
    Figure,
    Items,
    Link,
    Paragraph,
    Quote,
    Record,
    Row,
    Section,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.words import (
    NONE,
    design_name,
    doi_link,
    general,
    p_text,
    registry_link,
    verification,
    whole,
    words,
)
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.figureroutes import downloads
from locoreg.web.views import View
from locoreg.workflows.explore.checked import EffectCheck
from locoreg.workflows.explore.family import Family
from locoreg.workflows.explore.study import FindingState, ReportedRow, StudyPage


def identity(found: StudyPage) -> tuple[Block, ...]:
    """Return the design strip: who was randomised or compared, when, and where."""
    study = found.study
    pairs: list[tuple[str, Text]] = [
        ("Question", text(found.question or "none of the tables' questions")),
        (
            "Design",
            text(", ".join(p for p in (design_name(study.design), study.design_detail) if p)),
        ),
        ("Patients", text(whole(found.patients), " in its largest row" if found.patients else "")),
        ("Years of recruitment", text(found.years or "not recorded")),
        ("Region", text(study.region or NONE)),
        ("Who", text(study.population or "not recorded")),
        ("Compared", text(_compared(study.intervention, study.comparator))),
        ("Randomised", text(_randomised(study.randomisation_timing, study.induction_months))),
    ]
    for name, value in (
        ("Time zero", study.time_zero),
        ("Primary endpoint", study.primary_endpoint),
        ("Limit of lesions", study.lesion_limit),
        ("Differs from the question", study.indirectness),
        ("Stopped early", study.stopped_early),
        ("Cohort", study.cohort),
    ):
        if value:
            pairs.append((name, text(value)))
    if study.registry_id:
        state = f" ({study.registry_id_status})" if study.registry_id_status else ""
        pairs.append(("Registry number", (*registry_link(study.registry_id), state)))
    pairs.append(("Verified", (verification(study.verification),)))
    blocks: list[Block] = [Facts(tuple(pairs))]
    if study.note:
        blocks.append(Paragraph(text(study.note), "note"))
    return tuple(blocks)


def _compared(intervention: str | None, comparator: str | None) -> str:
    if not intervention and not comparator:
        return "not recorded"
    return f"{intervention or 'not recorded'} versus {comparator or 'not recorded'}"


def _randomised(timing: str | None, months: str | None) -> str:
    if not timing:
        return "not recorded"
    return f"{timing}; {months} months of systemic therapy first" if months else timing


def reports(found: StudyPage) -> Section:
    """Return the publications of the study."""
    rows = tuple(
        Row(
            (
                text(r.reference_id),
                text(*(part for part in (r.authors, ". " if r.authors else "", r.title) if part)),
                text(", ".join(str(p) for p in (r.journal, r.year, r.locator) if p) or NONE),
                doi_link(r.doi) or text(NONE),
                (verification(r.verification),),
            )
        )
        for r in found.reports
    )
    if not rows:
        return Section("reports", "Reports", (Paragraph(text("The tables name no report.")),))
    table = Table(
        "Reports, the first version first",
        (
            Column("Id"),
            Column("Authors and title", wide=True),
            Column("Journal"),
            Column("DOI"),
            Column("Verified"),
        ),
        rows,
        stacks=True,
    )
    return Section("reports", "Reports", (table,))


def results(found: StudyPage) -> Section:
    """Return every row with its place, its printed words and its state."""
    effects = [r for r in found.rows if r.claim.kind in ("effect", "arms")]
    others = [r for r in found.rows if r.claim.kind not in ("effect", "arms")]
    blocks: list[Block] = []
    if effects:
        blocks.append(_rows_table("Reported results", effects))
    if others:
        table = _rows_table("Counts, follow-up and other rows", others)
        blocks.append(Details(text(table.caption), (table,)))
    if not blocks:
        blocks.append(Paragraph(text("The tables hold no row of this study.")))
    return Section("results", "What it reports", tuple(blocks))


def _rows_table(caption: str, rows: list[ReportedRow]) -> Table:
    return Table(
        f"{caption} ({len(rows)})",
        (
            Column("Row"),
            Column("What", wide=True),
            Column("Numbers"),
            Column("Printed", wide=True),
            Column("Place"),
            Column("State"),
        ),
        tuple(_reported(row) for row in rows),
        stacks=True,
    )


def _reported(row: ReportedRow) -> Row:
    claim = row.claim
    what = [row.outcome, words(claim.statistic) if claim.statistic else "", claim.subgroup or ""]
    if claim.matched_set:
        what.append(claim.matched_set)
    if claim.landmark_months is not None:
        what.append(f"at {claim.landmark_months:g} months")
    printed: Text = (
        text(Quote(claim.verbatim)) if claim.verbatim else text(claim.value_text or NONE)
    )
    state: list[Text] = [(verification(claim.verification),)]
    if row.corrected_by:
        state.append(text(f"corrected by row {row.corrected_by}"))
    if claim.supersedes:
        state.append(text(f"corrects row {claim.supersedes}: {claim.reason}"))
    if row.rules:
        state.append(text("findings: ", ", ".join(row.rules)))
    return Row(
        (
            text(claim.claim_id),
            text("; ".join(part for part in what if part) or words(claim.kind)),
            text(row.values or NONE),
            printed,
            text(claim.location().source or NONE),
            joined(tuple(state), Break()),
        ),
        anchor=f"row-{claim.claim_id}",
    )


def checks(found: StudyPage) -> Section:
    """Return what follows from the printed effects."""
    if not found.checks:
        why = "No row prints an effect with an interval of stated level: nothing follows from it."
        return Section("checks", "What follows from its numbers", (Paragraph(text(why)),))
    table = Table(
        "Each effect against its own interval, p-value and events, as printed",
        (
            Column("Row"),
            Column("Printed"),
            Column("Middle of the interval", numeric=True),
            Column("Estimate off the middle", numeric=True),
            Column("SE", numeric=True),
            Column("p implied", numeric=True),
            Column("p printed", numeric=True),
            Column("Fewest events", numeric=True),
            Column("Events printed", numeric=True),
            Column("Patients", numeric=True),
        ),
        tuple(_check(one) for one in found.checks),
        text(
            "Middle: on the logarithmic scale for ratios; off the middle: share of the half-width, "
            "rounding included. SE: width of the interval over twice its quantile. Fewest events: "
            "4/SE², which any Cox model needs at least. Whether a difference is more than rounding "
            "explains is judged by the audit: see its findings above."
        ),
        stacks=True,
    )
    return Section("checks", "What follows from its numbers", (table,))


def _check(one: EffectCheck) -> Row:
    return Row(
        (
            text(Link(f"#row-{one.claim_id}", one.claim_id)),
            text(one.printed),
            text(decimal_text(one.middle)),
            text(f"{one.offset:.0%}"),
            text(decimal_text(one.se, 3)),
            text(p_text(one.p_implied)),
            text(one.p_printed or NONE),
            text(NONE if one.events_implied is None else f"{one.events_implied:,.0f}"),
            text(whole(one.events)),
            text(whole(one.patients)),
        )
    )


def findings(found: StudyPage, root: str) -> Section:
    """Return the audit's findings on the study, worst first."""
    if not found.findings:
        text_ = "The audit found nothing about this study. That is no proof that all is right."
        return Section("findings", "Audit findings", (Paragraph(text(text_)),))
    records = tuple(_finding(one, root) for one in found.findings)
    note = Paragraph(
        text(
            f"{plural(len(records), 'finding')}. A finding is a statement on printed numbers with "
            "its arithmetic, and not a judgement on the people who printed them. The tables name "
            "no person for a state: a correction is a row with its reason."
        ),
        "note",
    )
    return Section("findings", "Audit findings", (note, *records))


def severity_badge(severity: str) -> Badge:
    """Return sign, letter and word of a severity, as the figures have them."""
    sign, letter, _ = AUDIT_SIGNS[severity]
    return Badge(f"{letter} {severity}", sign, severity)  # type: ignore[arg-type]


def _finding(one: FindingState, root: str) -> Record:
    finding = one.finding
    pairs: list[tuple[str, Text]] = [("Stands in", _places((finding.location, *finding.also)))]
    if finding.value is not None:
        against = "" if finding.limit is None else f", compared with {general(finding.limit)}"
        pairs.append(("Value", text(general(finding.value) + against)))
    pairs.append(("Why it matters", text(one.note.why)))
    if finding.changes:
        pairs.append(("Would change", text(finding.changes)))
    if finding.reading:
        pairs.append(("Reading supported", text(_reading(finding.reading))))
    state: Text = text(one.state, f". {one.how}" if one.how else ".")
    pairs.append(("State", state))
    if finding.claim_ids:
        rows = tuple(text(Link(f"#row-{c}", c)) for c in finding.claim_ids)
        pairs.append(("Rows", joined(rows, ", ")))
    return Record(
        f"finding-{one.number}",
        text(
            f"F{one.number} ",
            severity_badge(finding.severity),
            " ",
            Link(f"{root}/evidence/audit?rule={finding.rule}", finding.rule),
        ),
        (Paragraph(text(finding.message)), Facts(tuple(pairs))),
        finding.severity,
    )


def _reading(reading: str) -> str:
    column, _, value = reading.partition("=")
    return "the number is not used" if column == "exclude" else f"{words(column)} = {words(value)}"


def _places(places: tuple[Location, ...]) -> Text:
    out: list[Text] = []
    for place in dict.fromkeys(places):
        one: Text = text(str(place))
        if place.source:
            one += text(f" ({place.source})")
        if place.printed:
            one += text(": ", Quote(place.printed))
        out.append(one)
    return joined(tuple(dict.fromkeys(out)), Break())


def family(found: Family, view: View, explorer: EvidenceView, root: str) -> Section:
    """Return the studies that may hold the same patients, on an axis of years."""
    title = "Studies that may hold the same patients"
    if not found.has_others:
        why = "The tables name no other study with its registry number or cohort."
        return Section("family", title, (Paragraph(text(why)),))
    blocks: list[Block] = []
    if any(m.first is not None for m in found.members):
        blocks.append(
            Figure(
                "family-figure",
                title,
                to_svg(plot(found), prefix="family"),
                text(describe(found)),
                downloads=downloads(root, "evidence-family", view),
                table=family_table(found),
            )
        )
    else:
        none = "No study of the family has years of recruitment in the tables: no figure."
        blocks += [Paragraph(text(none)), family_table(found)]
    links = tuple(
        text(Link(f"{root}/evidence/studies/{m.study_id}{explorer.query()}", m.label))
        for m in found.members
        if not m.is_self
    )
    blocks.append(Callout("They share patients or may do so", (Items(links),)))
    return Section("family", title, tuple(blocks))


def family_table(found: Family) -> Table:
    """Return the members with their years."""
    overlap = {True: "yes", False: "no", None: "not known"}
    return Table(
        "Studies with the same registry number or cohort",
        (
            Column("Study"),
            Column("Design"),
            Column("Years"),
            Column("Shares"),
            Column("Years overlap"),
        ),
        tuple(
            Row(
                (
                    text(m.label),
                    text(design_name(m.design)),
                    text(m.printed or "not recorded"),
                    text("this study" if m.is_self else ", ".join(m.shares)),
                    text(NONE if m.is_self else overlap[m.overlaps]),
                )
            )
            for m in found.members
        ),
        stacks=True,
    )
