"""From pools of evidence to the rows of a forest plot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import (
    interval_text,
    p_text,
    percent_texts,
    plural,
    range_text,
)
from locoreg.evidence.lines import Exclusion
from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.riskofbias import Assessment
from locoreg.evidence.sensitivity import SubgroupPool
from locoreg.figures.counts import count_cells, has_events
from locoreg.figures.marks import label_with_year, mark_notes, marks_of, worst
from locoreg.figures.riskofbias import bias_marks
from locoreg.figures.studyorder import ORDERS
from locoreg.figures.studyorder import order_of as order_of
from locoreg.figures.table import (
    Entry,
    ForestTable,
    Group,
    Heading,
    MissingRow,
    PooledRow,
    PredictionRow,
    Remark,
    StudyRow,
)
from locoreg.figures.textfit import one_line
from locoreg.figures.wording import (
    MISSING,
    NARROW,
    NARROW_MEANS,
    arm_names,
    axis_title,
    favours_labels,
    heterogeneity_line,
    interval_words,
    model_name,
    narrow_notes,
    pool_sentence,
    prediction_label,
    prediction_limits,
    prediction_note,
    warnings_of,
)

Words = Callable[[str], str]
AS_PRINTED = "As printed (uncorrected)"


def pool_table(
    pools: Sequence[EvidencePool],
    words: Words,
    *,
    exclusions: bool,
    order: str = "year",
    bias: Sequence[Assessment] = (),
) -> ForestTable:
    """Return the rows of a forest plot of one or several pools.

    Parameters
    ----------
    pools : sequence of EvidencePool
        Of one question and outcome; one group each.
    words : callable
        The layout's spelling, applied to everything but names of studies.
    exclusions : bool
        Whether studies without a number in the pool have a row.
    order : {"year", "weight", "effect", "audit", "bias"}
        Of the studies of a group; ties stay in order of publication.
    bias : sequence of Assessment
        Risk of bias of the studies.

    Returns
    -------
    ForestTable
        Everything that the figure prints.

    Raises
    ------
    DesignError
        If there is no pool, or the pools answer different questions.
    """
    _check(pools)
    if order not in ORDERS:
        raise DesignError(f"there is no order {order!r}.", hint=did_you_mean(order, ORDERS))
    if order == "bias" and not bias:
        raise DesignError(
            "no assessment of risk of bias is given to order the studies by.",
            hint="choose another order.",
        )
    question, outcome = pools[0].question, pools[0].outcome
    left, right = favours_labels(question, outcome)
    level = pools[0].meta.mu.level
    arms = arm_names(question)
    events = has_events(study for pool in pools for study in pool.studies)
    title = f"{outcome.label}: {_lower_start(arms[0])} versus {_lower_start(arms[1])}"
    subtitle = f"{question.population}. {question.intervention} versus "
    subtitle += f"{_lower_start(question.comparator)}."
    return ForestTable(
        title=words(one_line(title)),
        subtitle=words(one_line(subtitle)),
        summary=words(" ".join(pool_summary(pool) for pool in pools)),
        effect_header=f"{question.measure} ({level:g}% CI)",
        axis_title=words(axis_title(question.measure, outcome)),
        scale=pools[0].meta.mu.scale,
        favours=(words(one_line(left)), words(one_line(right))),
        arm_headers=(words(one_line(arms[0])), words(one_line(arms[1]))),
        groups=tuple(
            _Builder(pool, f"g{i}", words, exclusions, events, order, bias).group()
            for i, pool in enumerate(pools)
        ),
        notes=tuple(one_line(note) for note in _notes(pools, words, exclusions, order)),
    )


def _check(pools: Sequence[EvidencePool]) -> None:
    if not pools or any(pool.meta.k == 0 for pool in pools):
        raise DesignError("there is no study to draw.", hint="pool at least one study first.")
    for name, values in (
        ("questions", {pool.question.question_id for pool in pools}),
        ("outcomes", {pool.outcome.outcome_id for pool in pools}),
        ("interval levels", {f"{pool.meta.mu.level:g}" for pool in pools}),
    ):
        if len(values) > 1:
            raise DesignError(
                f"one figure can't show different {name} ({', '.join(sorted(values))}).",
                hint="draw one figure for each.",
            )


def _lower_start(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def pool_summary(pool: EvidencePool) -> str:
    """Return one sentence with the pool's result in numbers."""
    measure, meta = pool.question.measure, pool.meta
    sentence = (
        f"{pool.outcome.label}, {_lower_start(pool.design_label)}: "
        f"{pool_sentence(measure, meta, interval_text(*meta.mu.natural))}"
    )
    if pool.as_printed is not None and pool.differs:
        naive = interval_text(*pool.as_printed.mu.natural)
        sentence += f"; as printed, uncorrected: {interval_words(measure, pool.as_printed, naive)}"
    return sentence + "."


class _Builder:
    """Makes the entries of one pool; holds what all of them share."""

    def __init__(
        self,
        pool: EvidencePool,
        key: str,
        words: Words,
        exclusions: bool,
        events: bool,
        by: str,
        bias: Sequence[Assessment],
    ) -> None:
        self.pool = pool
        self.events = events
        self.key = key
        self.words = words
        self.exclusions = exclusions
        self.measure = pool.question.measure
        self.bias = bias
        order = order_of(pool, by, bias)
        self.studies = [pool.studies[i] for i in order]
        self.weights = [pool.meta.weights[i] for i in order]
        self.weight_texts = percent_texts(self.weights)

    def group(self) -> Group:
        """Return the pool as a group of entries."""
        entries: list[Entry] = [Heading(key=f"{self.key}-head", text=self._heading(), level=1)]
        if self.pool.subgroups:
            for number, subgroup in enumerate(self.pool.subgroups):
                entries += self._subgroup(f"{self.key}-s{number}", subgroup)
        else:
            entries += [self._study(i) for i in range(len(self.studies))]
        if self.exclusions:
            entries += [self._missing(i, e) for i, e in enumerate(self.pool.excluded)]
        entries += self._results(len(entries) - 1)
        return Group(key=self.key, entries=tuple(entries))

    def _heading(self) -> str:
        subgroup = self.pool.selection.subgroup
        about = f", {subgroup.replace('=', ': ')}" if subgroup else ""
        name = self.words(f"{self.pool.design_label}{about}")
        return one_line(f"{name} ({plural(len(self.studies), 'study', 'studies')})")

    def _study(self, i: int) -> StudyRow:
        study, weight = self.studies[i], self.weights[i]
        level = self.pool.meta.mu.level
        interval = study.effect.estimate(level).natural
        label = one_line(label_with_year(study.label, study.year))
        audit = worst(study)
        text = interval_text(*interval)
        sentence = (
            f"{label}: {interval_words(self.measure, self.pool.meta, text)}; "
            f"weight {self.weight_texts[i]}%"
        )
        if audit is not None:
            sentence += f"; {plural(audit[1], 'audit finding')}, the worst {audit[0]}"
        marks = bias_marks(self.bias, study.study_id, self.pool.outcome.outcome_id)
        if marks is not None:
            sentence += f"; {marks.sentence}"
        return StudyRow(
            key=f"{self.key}-r{i}",
            label=label,
            marks=marks_of(study, level),
            cells={
                **count_cells([study], events=self.events),
                "effect": text,
                "weight": self.weight_texts[i],
            },
            interval=interval,
            weight=weight,
            audit=audit,
            sentence=sentence,
            bias=marks,
        )

    def _subgroup(self, key: str, subgroup: SubgroupPool) -> list[Entry]:
        inside = [i for i, s in enumerate(self.studies) if s.study_id in subgroup.study_ids]
        name = one_line(subgroup.name)
        entries: list[Entry] = [
            Heading(key=f"{key}-head", text=self.words(name[:1].upper() + name[1:]), level=2)
        ]
        entries += [self._study(i) for i in inside]
        if subgroup.meta.k < 2:
            return entries
        tenths = sum(round(10 * float(self.weight_texts[i])) for i in inside)
        entries.append(
            self._pooled(
                f"{key}-pooled",
                subgroup.meta,
                model_name(subgroup.meta),
                kind_covers=("subgroup", len(inside)),
                extra={
                    **count_cells([self.studies[i] for i in inside], events=self.events),
                    "weight": f"{tenths // 10}.{tenths % 10}",
                },
            )
        )
        entries.append(Remark(key=f"{key}-het", text=heterogeneity_line(subgroup.meta)))
        return entries

    def _pooled(
        self,
        key: str,
        meta: MetaAnalysis,
        label: str,
        *,
        kind_covers: tuple[str, int],
        extra: Mapping[str, str],
    ) -> PooledRow:
        kind, covers = kind_covers
        text = interval_text(*meta.mu.natural)
        return PooledRow(
            key=key,
            label=label if meta.floor is None else f"{label} {NARROW}",
            cells={**extra, "effect": text},
            interval=meta.mu.natural,
            kind=kind,  # type: ignore[arg-type]
            covers=covers,
            sentence=pooled_sentence(label, self.measure, meta),
        )

    def _results(self, covers: int) -> list[Entry]:
        meta, naive = self.pool.meta, self.pool.as_printed
        entries: list[Entry] = []
        if meta.k > 1:
            entries.append(
                self._pooled(
                    f"{self.key}-pooled",
                    meta,
                    model_name(meta),
                    kind_covers=("main", covers),
                    extra={**count_cells(self.studies, events=self.events), "weight": "100.0"},
                )
            )
        if naive is not None and self.pool.differs:
            kind = "naive" if naive.k > 1 else "naive study"
            entries.append(
                self._pooled(
                    f"{self.key}-naive", naive, AS_PRINTED, kind_covers=(kind, 0), extra={}
                )
            )
        entries += prediction_rows(self.key, meta)
        if meta.k > 1:
            entries.append(Remark(key=f"{self.key}-het", text=heterogeneity_line(meta)))
        test = self.pool.subgroup_test
        if test is not None:
            by = test.by.replace("_", " ")
            entries.append(
                Remark(
                    key=f"{self.key}-test",
                    text=self.words(
                        f"Test for subgroup differences ({by}): Q = {test.q:.2f}, "
                        f"df = {test.df}, {p_text(test.p_value)}"
                    ),
                )
            )
        return entries

    def _missing(self, number: int, exclusion: Exclusion) -> MissingRow:
        label, reason = one_line(exclusion.label), _readable(exclusion.reason)
        what = MISSING[exclusion.kind]
        return MissingRow(
            key=f"{self.key}-x{number}",
            label=label,
            what=what,
            reason=self.words(reason),
            sentence=f"{label}: {what}: {self.words(reason)}",
        )


def _readable(reason: str) -> str:
    return re.sub(r"(?<=[a-z])_(?=[a-z])", " ", one_line(reason))


def pooled_sentence(label: str, measure: str, meta: MetaAnalysis) -> str:
    """Return a pooled row in words."""
    sentence = f"{label}: {interval_words(measure, meta, interval_text(*meta.mu.natural))}"
    if meta.floor is not None:
        sentence += f", {NARROW_MEANS}: {interval_text(*meta.floor.natural)}"
    return sentence


def prediction_rows(key: str, meta: MetaAnalysis) -> list[Entry]:
    """Return the row of the prediction interval; none under three studies."""
    limits = prediction_limits(meta)
    if limits is None:
        return []
    label, text = prediction_label(meta), range_text(*limits)
    return [
        PredictionRow(
            key=f"{key}-pi",
            label=label,
            cells={"effect": text},
            low=limits[0],
            high=limits[1],
            sentence=f"{label}: {text}",
        )
    ]


def _notes(pools: Sequence[EvidencePool], words: Words, exclusions: bool, order: str) -> list[str]:
    studies = [study for pool in pools for study in pool.studies]
    first = ORDERS[order]
    first += "Area of the markers: weight within the group."
    if len(pools) > 1:
        first += " Groups of different design are never pooled together."
    notes = [words(first), *mark_notes(studies, pools[0].meta.mu.level)]
    same = [p.design_label for p in pools if p.as_printed is not None and not p.differs]
    if same:
        names = f"{same[0]}{''.join(f', {_lower_start(name)}' for name in same[1:])}"
        notes.append(words(f"{names}: read as printed, the result is the same."))
    with_prediction = [p.meta for p in pools if prediction_limits(p.meta) is not None]
    notes += dict.fromkeys(prediction_note(meta) for meta in with_prediction)
    notes += dict.fromkeys(
        words(f"{pool.design_label}: {warning}")
        for pool in pools
        for warning in warnings_of(pool.meta)
    )
    notes += [words(note) for note in narrow_notes(_floors(pools))]
    notes += _about_patients(pools, words)
    notes += _left_out(pools, exclusions)
    return notes


def _floors(pools: Sequence[EvidencePool]) -> Iterator[tuple[str, Estimate | None]]:
    """Yield the floored results of all pools of a figure, with the names of their rows."""
    for pool in pools:
        yield pool.design_label, pool.meta.floor
        if pool.as_printed is not None and pool.differs:
            yield f"{pool.design_label} as printed", pool.as_printed.floor
        for subgroup in pool.subgroups:
            yield f"{pool.design_label}, {subgroup.name}", subgroup.meta.floor


def _about_patients(pools: Sequence[EvidencePool], words: Words) -> list[str]:
    """Return how patients differ from the question's, and numbers pooled against the audit."""
    notes = [
        f"{words(pool.design_label)}. {sentence}." for pool in pools for sentence in pool.indirect
    ]
    return notes + [
        f"Pooled in spite of a blocking finding: {one}" for pool in pools for one in pool.barred
    ]


def _left_out(pools: Sequence[EvidencePool], exclusions: bool) -> list[str]:
    """Return the names of the studies left out, unless each has a row of its own."""
    names = ", ".join(e.label for pool in pools for e in pool.excluded)
    return [f"Not in the pools: {names}."] if names and not exclusions else []
