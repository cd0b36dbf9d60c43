"""A cohort as blocks: flow, Table 1, survival, treatment times, what is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.numbertext import decimal_text
from locoreg.figures import to_svg
from locoreg.figures.pathtext import short_paths
from locoreg.figures.registry import read_out
from locoreg.report.blocks import (
    Block,
    Callout,
    Card,
    Column,
    Figure,
    Inline,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    Value,
    joined,
    text,
)
from locoreg.web.cohort.figures import figure_of
from locoreg.web.cohort.view import CohortView
from locoreg.web.figureroutes import downloads
from locoreg.web.state import State
from locoreg.workflows.registry.exploring import Exploration, origin_words
from locoreg.workflows.registry.exploring.texts import Reading, group_readings

if TYPE_CHECKING:
    from locoreg.registry.describe.tableone import Line

# A page holds at most 250 kB. The table below curves goes first, then drawings of tables; curves
# that take more than all of these are in their files only.
MOST_CURVES, MOST_DRAWN = 110_000, 130_000
ALARM = "Groups defined after time zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A cohort as the page shows it.

    Attributes
    ----------
    before, survival, after : tuple of Block
        What stands above the curves, the curves, and what stands below them.
    readings : dict or None
        What the cursor on the curves reads; None without curves.
    """

    before: tuple[Block, ...]
    survival: tuple[Block, ...]
    after: tuple[Block, ...]
    readings: dict[str, Any] | None


def show(state: State, found: Exploration, view: CohortView, root: str) -> Shown:
    """Return a cohort as blocks.

    Parameters
    ----------
    state : State
        Of the application.
    found : Exploration
        The cohort.
    view : CohortView
        What was asked for.
    root : str
        What every path begins with.

    Returns
    -------
    Shown
        With its figures drawn.
    """
    made = _Blocks(state, found, view, root)
    with state.drawing:
        return made.shown()


class _Blocks:
    def __init__(self, state: State, found: Exploration, view: CohortView, root: str) -> None:
        self.limit = state.settings.limits.small_cells or None
        self.found = found
        self.view = view
        self.root = root
        # Paths are those of a run's registry step only where all its patients are described.
        self.prefix = "registry" if view.whole else "cohort"
        self.readings: dict[str, Any] | None = None
        self.drawn = 0

    def shown(self) -> Shown:
        found = self.found
        flow = self._flow()
        if found.description is None:
            said = Callout("Nothing to show", (Paragraph((" ".join(found.notices),)),), "serious")
            return Shown(before=(said, flow), survival=(), after=(), readings=None)
        alarm = tuple(
            Callout(ALARM, (Paragraph((notice,)),), "blocking") for notice in found.notices
        )
        survival = self._survival()
        return Shown(
            before=(*alarm, flow, self._table_one()),
            survival=survival,
            after=(*self._followed(), self._timing(), self._missing()),
            readings=self.readings,
        )

    def _figure(
        self, name: str, title: str, caption: Text, table: Table, cards: tuple[Card, ...] = ()
    ) -> tuple[Block, ...]:
        """Return a drawing with its numbers; these alone, and the files, where it is too large."""
        drawn = figure_of(name, self.found, self.limit)
        svg = short_paths(to_svg(drawn, prefix=name))
        links = downloads(self.root, name, self.view)
        beside: tuple[Block, ...] = ()
        if name == "cohort-survival":
            if len(svg) > MOST_CURVES:
                drawn = figure_of(name, self.found, self.limit, table=False)
                svg, beside = short_paths(to_svg(drawn, prefix=name)), (table,)
            if len(svg) <= MOST_DRAWN:
                self._read_curves(drawn)
        if self.drawn + len(svg) > MOST_DRAWN:
            files = joined(tuple((one,) for one in links), ", ")
            return (table, Paragraph(text(*caption, " Drawn, as files: ", *files, "."), "note"))
        self.drawn += len(svg)
        figure = Figure(
            anchor=name, title=title, svg=svg, caption=caption, downloads=links,
            cards=cards, table=None if beside else table,
        )  # fmt: skip
        return (figure, *beside)

    def _read_curves(self, drawn: Any) -> None:
        if self.found.curves is not None:
            self.readings = {**self.found.curves.readings(), "plot": read_out(drawn)}

    def _value(self, shown: str, value: float | None, path: str) -> Value:
        return Value(shown, value, f"{self.prefix}/{path}")

    def _read(self, one: Reading) -> Text:
        return (self._value(one.text, one.value, f"survival/{one.path}"),)

    def _flow(self) -> Section:
        found = self.found
        steps = tuple(
            Row(
                (
                    (step.label,),
                    (self._value(step.left_out.text, step.left_out.n, f"flow/{i}/left_out"),),
                    (self._value(step.remaining.text, step.remaining.n, f"flow/{i}/remaining"),),
                )
            )
            for i, step in enumerate(found.flow)
        )
        table = Table(
            "Patients left out and left, step by step",
            (Column("Step"), Column("Left out", numeric=True), Column("Left", numeric=True)),
            steps,
        )
        figure = self._figure(
            "cohort-flow",
            "Flow of patients",
            ("Every patient who is left out is counted at one step.",),
            table,
            tuple(
                Card(row.cells[0], (("Left out", row.cells[1]), ("Left", row.cells[2])))
                for row in steps
            ),
        )
        return Section("flow", "From the registry to the cohort", figure)

    def _table_one(self) -> Section:
        table = self.found.table
        if table is None:
            raise ValueError("a cohort without a description has no Table 1")
        compared = len(table.columns) > 2
        columns = [
            Column("Characteristic"),
            *(Column(head, numeric=True) for head in table.header()),
            *((Column("SMD", numeric=True),) if compared else ()),
        ]
        rows: list[Row] = []
        last = ""
        for place, line in enumerate(table.lines):
            smd: tuple[Text, ...] = ((_smd(line),),) if compared else ()
            blank: tuple[Text, ...] = (("",),) if compared else ()
            if line.level and line.variable != last:
                empty: tuple[Text, ...] = tuple(("",) for _ in table.columns)
                head = (f"{line.label}, {line.statistic}",)
                rows.append(Row((head, *empty, *smd), emphasis=True))
            unit = f", {line.unit}" if line.unit else ""
            name = f"– {line.level}" if line.level else f"{line.label}{unit}, {line.statistic}"
            cells = self._line(place, line)
            rows.append(
                Row(((name,), *cells, *(blank if line.level else smd)), emphasis=not line.level)
            )
            last = line.variable
        by = f" by {self.found.by[:1].lower()}{self.found.by[1:]}" if self.found.by else ""
        shown = Table(
            f"Characteristics{by}", tuple(columns), tuple(rows), text(" ".join(table.notes))
        )
        return Section("table-one", "Table 1", (shown,))

    def _line(self, place: int, line: Line) -> list[Text]:
        """Return the cells of a line; those of all patients with where they stand."""
        cells: list[Text] = [(cell.text,) for cell in line.cells]
        last = len(cells) - 1
        cell = line.cells[last]
        what, value = ("n", cell.n) if line.level else ("median", cell.median)
        path = f"table/lines/{place}/cells/{last}/{what}"
        cells[last] = (self._value(cell.text, value, path),)
        return cells

    def _survival(self) -> tuple[Block, ...]:
        found = self.found
        if found.curves is None:
            said = Paragraph((found.why_not("cohort-survival"),))
            return (Callout("No curves", (said,), "serious"),)
        report = found.curves.report
        rows = tuple(
            Row(
                (
                    (f"{'' if len(report.counts) == 1 else f'{table.stratum}, '}{row.label}",),
                    *((cell,) for cell in row.texts),
                )
            )
            for table in report.counts
            for row in table.rows
        )
        table = Table(
            "Patients at risk, censored and with an event, by months",
            (Column("Patients"), *(Column(f"{t:g}", numeric=True) for t in report.counts[0].time)),
            rows,
        )
        alarm = f"{found.notices[0]} " if found.notices else ""
        caption = text(
            alarm, f"Times count from the {origin_words(found.choices)}. Unadjusted curves."
        )
        return self._figure("cohort-survival", "Overall survival", caption, table, self._cards())

    def _cards(self) -> tuple[Card, ...]:
        """Return what the curves show in numbers, by group, for narrow screens."""
        curves = self.found.curves
        if curves is None:
            return ()
        cards = []
        for table, median in zip(curves.report.counts, curves.report.medians, strict=True):
            at = tuple(
                (f"Alive at month {one.time:g}, %", text(one.text))
                for one in curves.report.landmarks
                if one.stratum == table.stratum
            )
            name = "All patients" if len(curves.report.counts) == 1 else table.stratum
            pairs = (
                ("Patients", text(table.n_text)),
                ("Deaths", text(table.row("events").total_text)),
                ("Median, months", text(median.text)),
                *at,
            )
            cards.append(Card((name,), pairs))
        return tuple(cards)

    def _followed(self) -> tuple[Block, ...]:
        description = self.found.description
        if description is None:
            return ()
        interval = f"({description.level:g}% CI)"
        groups = group_readings(description.survival)
        followed = Table(
            "Follow-up and survival, months",
            (
                Column("Group"),
                Column("Followed", numeric=True),
                Column("Deaths", numeric=True),
                Column("Entered later", numeric=True),
                Column(f"Median follow-up {interval}", numeric=True),
                Column(f"Median survival {interval}", numeric=True),
            ),
            tuple(
                Row(
                    ((g.group,), *(self._read(one) for one in (g.n, g.deaths, g.late, g.follow_up,
                                                               g.survival)))
                )
                for g in groups
            ),
            text(
                "Follow-up: reverse Kaplan-Meier. Entered later: at risk from their entry on "
                "(left truncation). ",
                " ".join(description.notes),
            ),
            stacks=True,
        )  # fmt: skip
        blocks: list[Block] = [followed]
        if self.view.months:
            blocks.append(
                Table(
                    f"Alive at chosen months {interval}",
                    (
                        Column("Group"),
                        *(Column(f"{m:g}", numeric=True) for m in self.view.months),
                    ),
                    tuple(
                        Row(((g.group,), *(self._read(one) for one in g.at)))
                        for g in groups
                        if g.at
                    ),
                    text("Kaplan-Meier; intervals on the log-log scale."),
                    stacks=True,
                )
            )
        blocks += self._means(interval)
        return (Section("numbers", "Follow-up and survival in numbers", tuple(blocks)),)

    def _means(self, interval: str) -> list[Block]:
        curves = self.found.curves
        if curves is None:
            return []
        return [
            Table(
                f"Mean survival time up to month {curves.horizon:g} (restricted mean)",
                (Column("Group"), Column(f"Months {interval}", numeric=True)),
                tuple(
                    Row(
                        (
                            (one.group,),
                            (
                                Value(
                                    one.text,
                                    None if one.rmst is None else one.rmst.estimate,
                                    f"cohort/rmst/groups/{i}/rmst/estimate",
                                ),
                            ),
                        )
                    )
                    for i, one in enumerate(curves.means)
                ),
            )
        ]

    def _timing(self) -> Section:
        timing = self.found.timing
        if timing is None:
            raise ValueError("a cohort without a description has no times of treatment")
        table = _plain("Patients by when their first local therapy came", timing.rows())
        figure = self._figure(
            "cohort-timing",
            f"First {timing.words}",
            (
                "Who is treated late has lived until then: groups by treatment need a landmark, or "
                "an emulated trial.",
            ),
            table,
        )
        return Section("timing", "When treatment came", figure)

    def _missing(self) -> Section:
        missing = self.found.missing
        if missing is None:
            raise ValueError("a cohort without a description has no unknown values")
        table = _plain("Unknown values by year of time zero", missing.rows())
        if not missing.lines:
            said = Paragraph(("Every variable is known for every patient of this cohort.",))
            return Section("missing", "What is unknown", (said,))
        figure = self._figure(
            "cohort-missing",
            "Unknown values",
            ("Unknown by variable and year of time zero, in percent of the column's patients.",),
            table,
        )
        return Section("missing", "What is unknown", figure)


def _smd(line: Line) -> str:
    return "" if line.smd is None else decimal_text(line.smd, 3)


def _plain(caption: str, rows: list[Any]) -> Table:
    head, *rest = rows
    columns = (Column(head[0]), *(Column(name, numeric=True) for name in head[1:]))
    cells: tuple[tuple[tuple[Inline, ...], ...], ...] = tuple(
        tuple((str(cell),) for cell in row) for row in rest
    )
    return Table(caption, columns, tuple(Row(row) for row in cells))
