"""The step of the registry: files and page."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.figures import Figure as Drawn
from locoreg.figures import report_figure, save, to_svg
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Facts,
    Figure,
    Items,
    Page,
    Paragraph,
    Row,
    Section,
    Table,
    Value,
    text,
)
from locoreg.report.study.stage import Teller
from locoreg.report.words import DISCLAIMER, NONE, severity, words
from locoreg.workflows.registry.describing import describe
from locoreg.workflows.registry.reporting import quality_counts, survival_curves
from locoreg.workflows.study import RegistryPlan
from locoreg.workflows.study.steps import source_name

if TYPE_CHECKING:
    from locoreg.registry.describe import Description
    from locoreg.workflows.curves import CurveReport

SYNTHETIC = "SYNTHETIC PATIENTS"
MADE_UP = "These patients are made up. Nothing here is about anybody."


def registry_files(
    asked: RegistryPlan,
    place: Path,
    *,
    synthetic: bool,
    small_cells: int | None,
    tell: Teller,
    title: str,
) -> tuple[dict[str, bytes], Page]:
    """Describe and check a registry.

    Parameters
    ----------
    asked : RegistryPlan
        What the study file asks.
    place : Path
        The registry.
    synthetic : bool
        Whether the patients are made up.
    small_cells : int or None
        Counts of patients from 1 to this many are hidden.
    tell : Teller
        Told about stages.
    title : str
        Title of the page.

    Returns
    -------
    contents : dict of str to bytes
        Tables, figures and, last, ``results.json``.
    page : Page
        Its blocks.
    """
    tell("checking the registry")
    quality = quality_counts(place, small_cells=small_cells)
    name = source_name(asked)
    results: dict[str, Any] = {"registry": name, "synthetic": synthetic}
    contents: dict[str, bytes] = {}
    sections: list[Section] = []
    if asked.describe is not None:
        tell("describing the registry")
        how = asked.describe
        found = describe(
            place,
            time_zero=how.time_zero,
            level=how.level,
            by=how.by,
            at=how.at_months,
            small_cells=small_cells,
        )
        curves = survival_curves(
            place,
            time_zero=how.time_zero,
            level=how.level,
            by=how.by,
            at=how.at_months,
            small_cells=small_cells,
            source=name,
        )
        figure = report_figure(curves, title=_drawn_title(found), notes=_marks(synthetic))
        svg, pdf = _drawn(figure)
        results |= {**found.to_dict(), "registry": name}
        contents |= {"figures/survival.svg": svg.encode(), "figures/survival.pdf": pdf}
        contents["tables/flow.csv"] = to_csv(_flow_rows(found)).encode()
        contents["tables/table1.csv"] = found.table.to_csv().encode()
        contents["tables/survival.csv"] = to_csv(_survival_rows(found)).encode()
        contents["tables/curves.csv"] = to_csv(_curve_rows(curves)).encode()
        sections += [_flow(found), _table_one(found), _survival(found, svg)]
    results["quality"] = quality
    contents["tables/quality.csv"] = to_csv(_quality_rows(quality)).encode()
    contents["results.json"] = (dumps(results) + "\n").encode()
    mark = f"{SYNTHETIC}. " if synthetic else ""
    head: list[Block] = []
    if synthetic:
        head.append(Callout("Synthetic patients", (Paragraph(text(MADE_UP)),), "serious"))
    head.append(Facts((("Source", text(name)), ("Patients", text(quality["patients"]["shown"])))))
    page = Page(
        title=f"{mark}{title}",
        strip=f"{mark}{DISCLAIMER}",
        head=tuple(head),
        sections=(*sections, _quality(quality)),
        foot=text(f"{mark}{DISCLAIMER}"),
    )
    return contents, page


def _drawn(figure: Drawn) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        pdf = save(figure, Path(folder) / "survival.pdf").read_bytes()
    return to_svg(figure, prefix="registry-survival"), pdf


def _drawn_title(found: Description) -> str:
    """Return the title in the drawing, which adds the time zero itself."""
    return "Overall survival" + (f", by {words(found.by)}" if found.by else "")


def _curve_title(found: Description) -> str:
    groups = f", by {words(found.by)}" if found.by else ""
    return f"Overall survival from {found.time_zero}{groups}"


def _marks(synthetic: bool) -> tuple[str, ...]:
    return (f"{SYNTHETIC}: nothing here is about anybody.",) if synthetic else ()


def _flow(found: Description) -> Section:
    rows = tuple(
        Row(
            (
                text(step.label),
                text(step.left_out.text),
                text(Value(step.remaining.text, step.remaining.n, f"registry/flow/{i}")),
            )
        )
        for i, step in enumerate(found.flow)
    )
    table = Table(
        "Patients, step by step",
        (
            Column("Asked", wide=True),
            Column("Left out", numeric=True),
            Column("Remaining", numeric=True),
        ),
        rows,
        stacks=True,
    )
    notes = Items(tuple(text(note) for note in found.notes))
    return Section("flow", "Flow of patients", (table, notes))


def _table_one(found: Description) -> Section:
    one = found.table
    groups = len(one.columns) > 1
    columns = [Column("Characteristic", wide=True)]
    columns += [Column(head, numeric=True) for head in one.header()]
    columns += [Column("SMD", numeric=True)] * groups
    rows = []
    for line in one.lines:
        label = f"{line.label}, {line.level}" if line.level else line.label
        unit = f" ({line.unit})" if line.unit else ""
        cells = [text(f"{label}{unit}, {line.statistic}")]
        cells += [text(cell.text) for cell in line.cells]
        cells += [text(NONE if line.smd is None else f"{line.smd:.2f}")] * groups
        rows.append(Row(tuple(cells)))
    left = "; ".join(f"{name}: {size}" for name, size in one.left_out.items())
    notes = [*one.notes, *([f"Groups left out, too small to be shown: {left}."] if left else [])]
    table = Table("Table 1. Characteristics at time zero", tuple(columns), tuple(rows), stacks=True)
    return Section("table-1", "Table 1", (table, Items(tuple(text(note) for note in notes))))


def _survival(found: Description, svg: str) -> Section:
    level = f"{found.level:g}% CI"
    rows = []
    for group in found.survival:
        key = f"registry/survival/{group.group}"
        follow, median = (_median(m) for m in (group.follow_up, group.survival))
        rows.append(
            Row(
                (
                    text(group.group),
                    text(Value(group.n.text, group.n.n, f"{key}/n")),
                    text(group.deaths.text),
                    text(group.late_entries.text),
                    text("hidden" if "follow_up" in group.hidden else follow),
                    text(
                        "hidden"
                        if "survival" in group.hidden
                        else Value(median, group.survival[0], f"{key}/median")
                    ),
                    *(
                        text(
                            "hidden"
                            if s is None or low is None or high is None
                            else Value(
                                f"{s:.1%} ({low:.1%} to {high:.1%})", s, f"{key}/at/{month:g}"
                            )
                        )
                        for month, s, low, high in group.at
                    ),
                )
            )
        )
    months = [month for month, *_ in found.survival[-1].at]
    table = Table(
        "Follow-up and survival",
        (
            Column("Group"),
            Column("Followed", numeric=True),
            Column("Deaths", numeric=True),
            Column("Entered late", numeric=True),
            Column(f"Median follow-up, months ({level})", numeric=True),
            Column(f"Median survival, months ({level})", numeric=True),
            *(Column(f"Alive at {m:g} months ({level})", numeric=True) for m in months),
        ),
        tuple(rows),
        stacks=True,
    )
    caption = (
        f"Kaplan-Meier, time zero: {found.time_zero}. Who entered later is at risk from then on. "
        "Groups are not comparable beyond what Table 1 shows: differences are no effects."
    )
    title = _curve_title(found)
    return Section(
        "survival",
        "Follow-up and survival",
        (Figure("figure-survival", title, svg, text(caption), table=table), table),
    )


def _median(limits: tuple[float | None, float | None, float | None]) -> str:
    shown = [NONE if one is None else f"{one:.1f}" for one in limits]
    if limits[0] is None:
        return "not reached"
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def _quality(quality: dict[str, Any]) -> Section:
    total = tuple(
        Row((text(severity(name)), text(one["shown"])))
        for name, one in quality["by_severity"].items()
    )
    worst = tuple(
        Row((text(one["rule"]), text(severity(one["severity"])), text(one["shown"])))
        for one in quality["rules"]
        if one["severity"] in ("blocking", "serious")
    )
    blocks: list[Block] = [
        Table("Issues by severity", (Column("Severity"), Column("Issues", numeric=True)), total)
    ]
    if worst:
        blocks.append(
            Table(
                "Blocking and serious issues by rule",
                (Column("Rule"), Column("Severity"), Column("Issues", numeric=True)),
                worst,
                stacks=True,
            )
        )
    return Section("quality", "Quality of the data", tuple(blocks))


Rows = Iterable[Sequence[Any]]


def _flow_rows(found: Description) -> Rows:
    yield ("step", "left_out", "remaining")
    yield from ((s.label, s.left_out.text, s.remaining.text) for s in found.flow)


def _survival_rows(found: Description) -> Rows:
    yield ("group", "n", "deaths", "late_entries", "measure", "month", "estimate", "low", "high")
    for group in found.survival:
        who = (group.group, group.n.text, group.deaths.text, group.late_entries.text)
        yield (*who, "median_follow_up", None, *group.follow_up)
        yield (*who, "median_survival", None, *group.survival)
        for month, s, low, high in group.at:
            yield (*who, "survival", month, s, low, high)


def _curve_rows(curves: CurveReport) -> Rows:
    yield ("group", "time", *(f"{row.key}" for row in curves.counts[0].rows))
    for table in curves.counts:
        for i, month in enumerate(table.time):
            yield (table.stratum, month, *(row.texts[i] for row in table.rows))


def _quality_rows(quality: dict[str, Any]) -> Rows:
    yield ("rule", "severity", "issues")
    yield from ((one["rule"], one["severity"], one["shown"]) for one in quality["rules"])
