"""From cohort and question to rows of both arms and the factors of their weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.arms import ArmRows
from locoreg.emulation.clones.continuous import cox_factor, cox_pieces
from locoreg.emulation.clones.factors import Factor, HazardFactor, Places
from locoreg.emulation.clones.hazards import HazardTable
from locoreg.emulation.clones.intervals import ROUNDING, Intervals, clock
from locoreg.emulation.clones.layout import (
    ALWAYS,
    Layout,
    departed,
    lay_out,
    loss_places,
    only,
    treatment_places,
)
from locoreg.emulation.clones.options import Choices
from locoreg.emulation.clones.rows import EventTimes, Segment, arm_rows
from locoreg.emulation.clones.rules import Clones, clone
from locoreg.emulation.clones.tables import Timed, deadline_table, initiation_table, loss_table
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray, IntArray, check_survival
from locoreg.stats.timeorder import positions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What every weighting of the persons has in common.

    Attributes
    ----------
    cohort : Cohort
        The persons, followed up to the horizon at most.
    question : Question
        What is asked.
    intervals : Intervals
        Decision intervals.
    clones : Clones
        By the rules.
    arms : tuple of ArmRows
        Comparator, then treated.
    factors : tuple of Factor
        Of the weights.
    loss : Factor or None
        That of loss to follow-up.
    times : EventTimes
        Where rows are placed.
    """

    cohort: Cohort
    question: Question
    intervals: Intervals
    clones: Clones
    arms: tuple[ArmRows, ArmRows]
    factors: tuple[Factor, ...]
    loss: Factor | None
    times: EventTimes


def make_plan(cohort: Cohort, question: Question, choices: Choices) -> Plan:
    """Clone, cut rows and fit the models of the weights.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    choices : Choices
        How weights are estimated.

    Returns
    -------
    Plan
        Ready for any weighting.

    Raises
    ------
    DesignError
        If the question doesn't fit the cohort, or a model has no estimate.
    """
    cohort = _up_to(cohort, question.horizon_months)
    clones = clone(
        cohort.time,
        cohort.event,
        cohort.treatment_time,
        grace=question.grace_months,
        comparator=question.comparator,
        entry=cohort.entry,
    )
    _check_treated(cohort, clones, question)
    return _Builder(cohort, question, choices, clones).plan()


def _up_to(cohort: Cohort, horizon: float) -> Cohort:
    """Return the cohort with nobody followed beyond the horizon."""
    beyond = cohort.time > horizon
    time = check_survival(np.minimum(cohort.time, horizon), cohort.event, causes=True).time
    return replace(
        cohort,
        time=time,
        event=np.where(beyond, 0, cohort.event),
        lost=cohort.lost & ~beyond,
    )


def _check_treated(cohort: Cohort, clones: Clones, question: Question) -> None:
    if not clones.initiated.any():
        raise DesignError(
            f"nobody of {cohort.n} persons is treated within the grace period of "
            f"{question.grace_months:g} months.",
            hint="check the treatment and the unit of its times, or choose a longer grace period.",
        )
    if clones.initiated.all():
        raise DesignError(
            f"all {cohort.n} persons are treated within the grace period of "
            f"{question.grace_months:g} months, so that nobody follows the comparator strategy.",
            hint="choose a shorter grace period, or a comparison group that is not treated.",
        )


def _lost(cohort: Cohort) -> bool:
    return bool((cohort.lost & (cohort.event == 0)).any())


class _Builder:
    """Make the rows and factors of both arms."""

    def __init__(
        self, cohort: Cohort, question: Question, choices: Choices, clones: Clones
    ) -> None:
        self.cohort, self.question, self.choices = cohort, question, choices
        self.clones = clones
        never = question.comparator == "never"
        self.until = question.horizon_months if never else question.grace_months
        self.intervals = Intervals.of(question, until=self.until)
        self.low = np.full(cohort.n, -np.inf) if cohort.entry is None else cohort.entry
        # Those observed from time zero are at risk of what happens at time zero itself.
        self.low = np.where(self.low <= 0.0, -np.inf, self.low)
        last = [arm.stop[arm.followed].max(initial=0.0) for arm in clones.arms]
        self.times = EventTimes(time=positions(np.concatenate([cohort.time, last]))[0])
        self.timed: Timed | None = None
        if choices.initiation_model == "pooled_logistic":
            self.timed = initiation_table(cohort, clones, self.intervals, choices.penalty)
        self.loss: Timed | None = None
        if choices.natural_censoring == "pooled_logistic" and _lost(cohort):
            whole = Intervals.of(question, until=question.horizon_months)
            self.loss = loss_table(cohort, clones, whole)

    def plan(self) -> Plan:
        """Return rows and factors."""
        first, factors = self._comparator()
        second, more = self._treated()
        places = (first, second)
        shared = [HazardFactor(table=t, places=p) for t, p in _by_table(factors, more)]
        others = [f for f in factors + more if not isinstance(f, HazardFactor)]
        loss: Factor | None = None
        if self.loss is not None:
            own = [loss_places(layout, self.loss) for layout in places]
            loss = HazardFactor(table=self.loss.table, places=(own[0], own[1]))
            others.append(loss)
        arms = [
            arm_rows(layout.rows, arm.stop, arm.event, self.times)
            for layout, arm in zip(places, self.clones.arms, strict=True)
        ]
        return Plan(
            cohort=self.cohort,
            question=self.question,
            intervals=self.intervals,
            clones=self.clones,
            arms=(arms[0], arms[1]),
            factors=(*shared, *others),
            loss=loss,
            times=self.times,
        )

    def _comparator(self) -> tuple[Layout, list[Factor]]:
        arm = self.clones.comparator
        whole = Segment.of(self.low, arm.stop, arm.followed, began=False)
        if self.timed is None:
            pieces = cox_pieces(self.clones, self.until)
            layout = lay_out([whole], pieces[0], self.loss)
            factor = cox_factor(
                self.cohort, self.clones, self.until, pieces, layout.own, layout.rows.person
            )
            return layout, [factor]
        layout = lay_out([whole], self.timed.pieces.start, self.loss)
        asked = np.zeros(self.timed.active.size)
        places = treatment_places(
            layout, self.timed.table, self.timed.pieces, self._started(), asked
        )
        return layout, [HazardFactor(table=self.timed.table, places=(places, None))]

    def _treated(self) -> tuple[Layout, list[Factor]]:
        if self.question.initiation == "all_initiators":
            return self._all_initiators()
        arm, a = self.clones.treated, self.clones.treatment_time
        # Treatment precedes what happens on its day, death among it.
        begin = np.where(a >= arm.stop, np.nextafter(a, -np.inf), a)
        begin = np.where(a <= 0.0, -np.inf, begin)
        treated = arm.followed & self.clones.initiated
        segments = [
            Segment.of(self.low, np.minimum(arm.stop, begin), arm.followed, began=False),
            Segment.of(np.maximum(self.low, begin), arm.stop, treated, began=True),
        ]
        if self.timed is None:
            return self._last_interval_alone(segments)
        started, active = self._started(), self.timed.active
        asked = self._asked(active)
        if self.question.initiation == "uniform":
            pieces, first = self.timed.pieces, 0
        else:
            first = int(np.flatnonzero(active == self.intervals.in_grace - 1)[0])
            pieces = only(self.timed.pieces, first)
        layout = lay_out(segments, pieces.start, self.loss)
        places = treatment_places(layout, self.timed.table, pieces, started, asked, first=first)
        return self._kept(layout, places, self.timed.table)

    def _kept(
        self, layout: Layout, places: Places, table: HazardTable
    ) -> tuple[Layout, list[Factor]]:
        gone = departed(places, table)
        kept = ~gone
        places = replace(
            places, cell=places.cell[kept], share=places.share[kept], began=places.began[kept]
        )
        return layout.without(gone), [HazardFactor(table=table, places=(None, places))]

    def _asked(self, active: IntArray) -> FloatArray:
        """Return the probability that the treated strategy asks for in each active interval."""
        total = self.intervals.in_grace
        asked = np.full(active.size, np.nan)
        if self.question.initiation == "uniform":
            missing = np.setdiff1d(np.arange(total), active)
            within = active < total
            asked[within] = 1.0 / (total - active[within])
        else:
            missing = np.setdiff1d([total - 1], active)
            asked[active == total - 1] = 1.0
        if missing.size:
            start = float(self.intervals.start[missing[0]])
            raise DesignError(
                f"nobody is treated in the interval of the grace period that starts at {start:g} "
                "months, so that nobody stands for those whom the strategy treats then.",
                hint="choose another grace period or wider intervals, or initiation "
                "all_initiators.",
            )
        return asked

    def _started(self) -> IntArray:
        """Return the active interval in which each person's treatment starts; -1 for none."""
        assert self.timed is not None
        started = self.intervals.of_time(self.clones.treatment_time)
        place = np.searchsorted(self.timed.active, started)
        return np.where(started < self.intervals.count, place, -1)

    def _all_initiators(self) -> tuple[Layout, list[Factor]]:
        cohort, clones, g = self.cohort, self.clones, self.question.grace_months
        arm = clones.treated
        beyond = cohort.time > g
        table = deadline_table(
            "treatment",
            cohort,
            g,
            cells=beyond,
            used=beyond if cohort.entry is None else beyond & (cohort.entry <= g),
            y=clones.initiated,
            histories_at=0.0,
            penalty=self.choices.penalty,
        )
        edge = np.maximum(self.low, g)
        segments = [
            Segment.of(self.low, np.minimum(arm.stop, g), arm.followed, began=False),
            Segment.of(edge, arm.stop, arm.followed & clones.initiated, began=True),
        ]
        layout = lay_out(segments, ALWAYS.start, self.loss)
        started = np.zeros(cohort.n, dtype=np.int64)
        places = treatment_places(layout, table, ALWAYS, started, np.ones(1))
        return layout, [HazardFactor(table=table, places=(None, places))]

    def _last_interval_alone(self, segments: list[Segment]) -> tuple[Layout, list[Factor]]:
        """Return the deadline's rows with a regression of the last interval alone."""
        cohort, clones, intervals = self.cohort, self.clones, self.intervals
        if self.question.initiation == "uniform":
            raise DesignError(
                "a uniform grace period asks for the hazard of treatment in each interval, which "
                "the Cox model does not give.",
                hint="take initiation_model pooled_logistic.",
            )
        k = intervals.in_grace - 1
        start = float(intervals.start[k])
        slack = ROUNDING * intervals.width
        place = intervals.of_time(clones.treatment_time)
        now = place == k
        waiting = (cohort.time >= start - slack) & (place >= k)
        self._asked(np.unique(place))
        used = waiting & ((cohort.time > start + slack) | now)
        if cohort.entry is not None:
            used &= cohort.entry <= start + slack
        table = deadline_table(
            "treatment in the last interval",
            cohort,
            self.question.grace_months,
            cells=waiting,
            used=used,
            y=now,
            histories_at=start,
            penalty=self.choices.penalty,
        )
        active = np.array([k], dtype=np.int64)
        pieces = clock(clones.treatment_time[now], place[now], intervals, active)
        layout = lay_out(segments, pieces.start, self.loss)
        started = np.where(now, 0, -1)
        places = treatment_places(layout, table, pieces, started, np.ones(1))
        return self._kept(layout, places, table)


def _by_table(
    first: list[Factor], second: list[Factor]
) -> list[tuple[HazardTable, tuple[Places | None, Places | None]]]:
    """Return tables with their places in both arms, each table once."""
    found: dict[int, tuple[HazardTable, list[Places | None]]] = {}
    for factor in (*first, *second):
        if isinstance(factor, HazardFactor):
            _, places = found.setdefault(id(factor.table), (factor.table, [None, None]))
            for arm in (0, 1):
                if factor.places[arm] is not None:
                    places[arm] = factor.places[arm]
    return [(table, (places[0], places[1])) for table, places in found.values()]
