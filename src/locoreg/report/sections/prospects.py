"""The next trial beyond its size: assurance, value, other tests, accrual and whom to randomise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Details,
    Items,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
    Value,
    joined,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.boundaries import looks_blocks, sequential_blocks
from locoreg.report.sections.captions import named
from locoreg.report.sections.prospectdrawings import figure_block
from locoreg.report.words import NONE, span
from locoreg.workflows.conclusion.sentences import percent_number

ANCHOR = "prospects"
_CAPTION = "Its numbers stand in the table above."
_TESTS = {"rmst": "restricted mean", "landmark": "survival at one time, log-log"}
_BELIEFS = (
    ("new_trial", "of a new trial, which varies as the trials' do"),
    ("mean_effect", "at the mean of all trials"),
)


def prospects(
    entry: Mapping[str, Any], number: int, drawn: Mapping[str, Drawing]
) -> tuple[Section, ...]:
    """Return what is known of the next trial beside its size, each part in a section.

    Parameters
    ----------
    entry : mapping
        Of ``planning`` in the results.
    number : int
        Its place, for anchors.
    drawn : mapping
        Figures by the key of their part.

    Returns
    -------
    tuple of Section
        Of the parts that were asked for.
    """
    made = (
        ("sequential", "Where the trials stand against the boundaries", sequential_blocks),
        ("looks", "Interim looks", looks_blocks),
        ("assurance", "Assurance", _assurance),
        ("value", "Would it change the conclusion", _value),
        ("tests", "Size with other tests", _tests),
        ("accrual", "Would it have its patients", _accrual),
        ("enrichment", "Whom to randomise", _enrichment),
    )
    words = f"{entry['label']}, {entry['design_label'].lower()}"
    out = []
    for name, title, make in made:
        part = entry.get(name)
        if not part:
            continue
        refused = "" if isinstance(part, list) else part["refused"]
        blocks = (_refusal(refused),) if refused else (*make(part), *_figures(part, drawn))
        blocks = named(blocks, words)
        out.append(Section(slug(ANCHOR, str(number), name), title, blocks))
    return tuple(out)


def _figures(part: Any, drawn: Mapping[str, Drawing]) -> Iterator[Block]:
    keys = [] if isinstance(part, list) else [part["key"]]
    keys += [] if isinstance(part, list) else [one["key"] for one in part.get("forecasts", ())]
    for key in keys:
        yield from figure_block(drawn, key, _CAPTION)


def _refusal(reason: str) -> Block:
    return Callout("Not computed", (Paragraph(text(reason)),), "serious")


def _share(value: float | None, key: str) -> Text:
    if value is None:
        return (NONE,)
    found = percent_number(value, key)
    return (Value(found.text, found.value, found.key),)


def _count(value: float | None, key: str) -> Text:
    return (NONE,) if value is None else (Value(f"{value:,.0f}", float(value), key),)


def _assurance(part: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(
        text(
            "Assurance is the chance of a significant result, averaged over what the trials so "
            f"far leave to be believed of the effect (prior: {part['prior']}). The power of a "
            "formula takes one effect for true; assurance does not."
        )
    )
    minimal = part["minimal_ratio"]
    columns = [
        Column("Effect"), Column("Patients", numeric=True), Column("Events expected"),
        Column("Significant benefit", numeric=True), Column("Significant harm", numeric=True),
        Column("Neither", numeric=True),
    ]  # fmt: skip
    if minimal is not None:
        columns.append(Column(f"Benefit found, true ratio below {minimal:g}", numeric=True))
    rows = []
    for name, words in _BELIEFS:
        for i, one in enumerate(part[name]):
            key = f"{part['key']}/{name}/{i}"
            cells: list[Text] = [
                text(words),
                _count(one["patients"], f"{key}/patients"),
                text(f"{one['events']:.0f} ({one['events_low']:.0f} to {one['events_high']:.0f})"),
                _share(one["benefit"], f"{key}/benefit"),
                _share(one["harm"], f"{key}/harm"),
                _share(one["neither"], f"{key}/neither"),
            ]
            if minimal is not None:
                cells.append(_share(one["important"], f"{key}/important"))
            rows.append(Row(tuple(cells)))
    yield Table(
        "Assurance of the next trial",
        tuple(columns),
        tuple(rows),
        text(*_beliefs(part), " Events: expected, and at the 5th and 95th percentile of the "
             "effect."),
        stacks=True,
    )  # fmt: skip


def _beliefs(part: Mapping[str, Any]) -> Iterator[str]:
    for name, words in _BELIEFS:
        one = part[name][0]
        told = f"Effect {words}: hazard ratio {math.exp(one['believed']):.2f} in the middle, "
        told += f"probability below 1 {one['chance_below']:.0%}"
        if part["minimal_ratio"] is not None:
            told += f", below {part['minimal_ratio']:g} {one['chance_important']:.0%}"
        yield f"{told}. "


def _value(part: Mapping[str, Any]) -> Iterator[Block]:
    pool = part["pool"]
    yield Paragraph(
        text(
            "The chance that the pool is read differently once the trial is in, over the results "
            "that it can be expected to have. Between-trial variance is estimated anew with it "
            f"({pool['method']}, {pool['interval']} interval of {pool['level']:g}%)."
        )
    )
    rows = []
    for i, one in enumerate(part["values"]):
        for j, held in enumerate(one["conclusions"]):
            key = f"{part['key']}/values/{i}/conclusions/{j}"
            chances = tuple(
                text(f"{name}: ", *_share(p, f"{key}/chance/{n}"))
                for n, (name, p) in enumerate(zip(held["names"], held["chance"], strict=True))
            )
            rows.append(
                Row(
                    (
                        _count(one["patients"], f"{part['key']}/values/{i}/patients"),
                        text(held["now"]),
                        _share(held["chance_of_change"], f"{key}/chance_of_change"),
                        joined(chances, "; "),
                    )
                )
            )
    yield Table(
        "Would the trial change the conclusion",
        (Column("Patients", numeric=True), Column("The pool says now"),
         Column("Chance that this changes", numeric=True), Column("Chance of each reading after")),
        tuple(rows),
        text(*(_widths(one) for one in part["values"])),
        stacks=True,
    )  # fmt: skip


def _widths(one: Mapping[str, Any]) -> str:
    low, high = math.exp(one["predicted_low"]), math.exp(one["predicted_high"])
    return (
        f"{one['patients']:,} patients: width of the pool's interval on the log scale "
        f"{one['width_now']:.2f} now, {one['width']:.2f} expected; the trial's own estimate is "
        f"expected between {span(low, high)} (95%). "
    )


def _tests(parts: list[Mapping[str, Any]]) -> Iterator[Block]:
    rows, notes = [], []
    for one in parts:
        name = f"{_TESTS[one['test']]}, {one['at_months']:g} months"
        if one["refused"]:
            yield Callout(f"{name}, hazard ratio {one['hazard_ratio']:g}",
                          (Paragraph(text(one["refused"])),))  # fmt: skip
            continue
        key = one["key"]
        arms = f" ({one['patients_intervention']:,}, {one['patients_control']:,})"
        rows.append(
            Row(
                (
                    text(name),
                    text(Strong(f"{one['hazard_ratio']:g}")),
                    text(*_count(one["patients"], f"{key}/patients"), arms),
                    _count(one["events"], f"{key}/events"),
                )
            )
        )
        notes += one["notes"]
    if rows:
        yield Table(
            "Size with tests that do not assume proportional hazards",
            (Column("Test"), Column("Hazard ratio"), Column("Patients (intervention, control)"),
             Column("Events seen", numeric=True)),
            tuple(rows),
            text("Same alpha, power, accrual, follow-up and drop-out. ", " ".join(
                dict.fromkeys(notes))),
            stacks=True,
        )  # fmt: skip


def _accrual(part: Mapping[str, Any]) -> Iterator[Block]:
    rows, shown = [], None
    for one in part["forecasts"]:
        if one["refused"]:
            yield _refusal(one["refused"])
            continue
        shown, key = one, one["key"]
        rows.append(
            Row(
                (
                    _count(one["patients"], f"{key}/patients"),
                    text(f"{one['months']:g}"),
                    _share(one["too_slow"], f"{key}/too_slow"),
                    _share(one["stops"], f"{key}/stops"),
                    _share(one["fails"], f"{key}/fails"),
                    text(*_count(one["count_median"], f"{key}/count_median"),
                         f" ({one['count_low']:,} to {one['count_high']:,})"),
                    text(*_count(one["months_median"], f"{key}/months_median"),
                         f" ({one['months_low']:.0f} to {one['months_high']:.0f})"),
                )
            )
        )  # fmt: skip
    if shown is None:
        return
    yield Table(
        "Accrual of the next trial, from the record of those before",
        (Column("Patients", numeric=True), Column("In months", numeric=True),
         Column("Too slow", numeric=True), Column("Stopped", numeric=True),
         Column("Fails, either way", numeric=True), Column("Patients by then (90%)"),
         Column("Months it takes (90%)")),
        tuple(rows),
        text(_prior(shown)),
        stacks=True,
    )  # fmt: skip
    yield Details(text("The record that it rests on"), (_record(shown),))


def _prior(one: Mapping[str, Any]) -> str:
    prior = one["prior"]
    unit = "month" if one["centres"] is None else "centre and month"
    return (
        f"Priors: mean rate {prior['rate']:g} per {unit} (95% within a factor of "
        f"{prior['rate_factor']:g}), coefficient of variation half-normal({prior['variation']:g}), "
        f"{prior['stops']:g} stops in {prior['stop_months']:g} months. Stops and rates are taken "
        "as independent, which they are not: a trial stops because it is slow."
    )


def _record(one: Mapping[str, Any]) -> Block:
    rates = {trial["study_id"]: trial["rate"] for trial in one["trials"]}
    items = []
    for record in one["records"]:
        told = f"{record['study_id']}: {record['randomised']:,} randomised, {record['start']} to "
        told += f"{record['end']}, {rates[record['study_id']]:.1f} a month"
        if one["centres"] is not None:
            told += " and centre"
        if record["planned"] is not None:
            told += f"; {record['planned']:,} planned"
        if record["stopped_early"]:
            told += f"; stopped early: {record['reason'] or 'reason not stated'}"
        sources = dict.fromkeys(fact["source"] for fact in record["facts"])
        items.append(text(f"{told}. Sources: {'; '.join(sources)}."))
    items += [text(f"Left out: {left['study_id']}: {left['reason']}.") for left in one["left_out"]]
    return Items(tuple(items))


def _enrichment(part: Mapping[str, Any]) -> Iterator[Block]:
    if part["synthetic"]:
        told = "The patients behind the rule are made up: these numbers are about nobody."
        yield Callout("Synthetic patients", (Paragraph(text(told)),), "serious")
    head = (
        f"The rule treats: {' | '.join(part['leaves'])}."
        if part["shown"]
        else f"The selection gives no rule. {part['reading']} What follows shows what an "
        "enrichment by the rules of its folds would take."
    )
    yield Paragraph(text(head))
    rows = tuple(_group(part[name], f"{part['key']}/{name}") for name in ("everybody", "selected"))
    yield Table(
        f"Whom to randomise: restricted means up to {part['horizon_months']:g} months since "
        f"{part['time_zero']}",
        (Column("Randomised"), Column("Share of the eligible", numeric=True),
         Column("Estimated effect, months (SE)"), Column("Planned for, months (SD)"),
         Column("Patients", numeric=True), Column("Looked at", numeric=True),
         Column("Months to the result", numeric=True), Column("Significant benefit, if so many")),
        rows,
        text(
            "Planned for: drawn back to the average, since what was picked because it was large "
            "is smaller when it is looked at again. The comparator's curve is the same in both. "
            f"Follow-up after the last entry: {part['follow_up_months']:g} months."
        ),
        stacks=True,
    )  # fmt: skip
    if part["needed_effect"] is not None and part["chance_needed"] is not None:
        yield Paragraph(
            text(
                "For a trial in the selected to look at no more eligible patients than one in "
                "everybody, their effect would have to be ",
                Value(f"{part['needed_effect']:.2f}", part["needed_effect"],
                      f"{part['key']}/needed_effect"),
                " months; chance of that ",
                *_share(part["chance_needed"], f"{part['key']}/chance_needed"),
                ".",
            )
        )  # fmt: skip


def _group(trial: Mapping[str, Any], key: str) -> Row:
    size = trial["size"]
    chances = tuple(
        text(f"{one['patients']:,}: ", *_share(one["benefit"], f"{key}/assurance/{i}/benefit"))
        for i, one in enumerate(trial["assurance"])
    )
    patients = (
        text(trial["refused"]) if size is None else _count(size["patients"], f"{key}/size/patients")
    )
    return Row(
        (
            text(trial["label"]),
            _share(trial["share"], f"{key}/share"),
            text(f"{trial['effect_estimated']:.2f} ({trial['se_estimated']:.2f})"),
            text(f"{trial['effect']:.2f} ({trial['sd']:.2f})"),
            patients,
            _count(trial["screened"], f"{key}/screened"),
            _count(trial["months"], f"{key}/months"),
            joined(chances, "; "),
        )
    )
