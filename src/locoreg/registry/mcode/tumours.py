"""The table ``primary_tumour``, and other primaries as events."""

from __future__ import annotations

import re
from typing import Any

from locoreg.registry.mcode.codes import (
    VERSION,
    Reading,
    icd10,
    read_code,
    system_of,
    words_of,
)
from locoreg.registry.mcode.conditions import Cancers, primary_of
from locoreg.registry.mcode.contradictions import side_of_primary
from locoreg.registry.mcode.datatypes import Concept
from locoreg.registry.mcode.output import date_cells, usable_date
from locoreg.registry.mcode.partialdates import Partial
from locoreg.registry.mcode.record import (
    Item,
    Record,
    absent_extension,
    concept_extension,
    extension,
)
from locoreg.registry.mcode.resources import Condition
from locoreg.registry.mcode.sizes import Size, sizes_of_primaries
from locoreg.registry.mcode.staging import Category, Group, Stages

_QUARTERS = (
    (r"nipple|areola", "C50.0"),
    (r"central", "C50.1"),
    (r"upper[ -]inner", "C50.2"),
    (r"lower[ -]inner", "C50.3"),
    (r"upper[ -]outer", "C50.4"),
    (r"lower[ -]outer", "C50.5"),
    (r"axillary tail", "C50.6"),
    (r"overlapping", "C50.8"),
)
_MORPHOLOGY = re.compile(r"\d{4}/\d")
_RANK = {"c": 0, "yc": 1, "": 2, "p": 3, "yp": 4}


def write_tumours(record: Record, cancers: Cancers, stages: Stages, measured: list[Size]) -> None:
    """Write one row per confirmed breast primary; other primaries become events."""
    sizes = sizes_of_primaries(record, cancers, measured)
    for item in cancers.breast:
        item.used = True
        record.output.row(
            "primary_tumour",
            item.origin,
            {
                "tumour_id": item.key,
                "patient_id": record.patient_id,
                **onset_cells(record, item, "dx_date"),
                "laterality": side_of_primary(item) or None,
                "topography": _topography(record, item),
                "morphology": _morphology(record, item),
                "grade": _grade(record, cancers, item),
                **sizes.get(item.key, {}),
                **_stage_cells(record, item, stages),
            },
        )
    for item in cancers.others:
        item.used = True
        record.output.row(
            "disease_event",
            item.origin,
            {
                "event_id": item.key,
                "patient_id": record.patient_id,
                **onset_cells(record, item, "date"),
                "type": "second_primary",
            },
        )


def onset_cells(record: Record, item: Item[Condition], column: str) -> dict[str, Any]:
    """Return the cells of the day on which a condition began.

    The day on which it was asserted or recorded is no onset: it is taken only where nothing else
    is known, with a problem.
    """
    condition = item.resource
    onset = condition.onset_date_time
    if onset is None and condition.onset_period is not None:
        onset = condition.onset_period.start
    found = _date(record, item, onset, "onset")
    if found is not None:
        return date_cells(column, found)
    reason = absent_extension(condition.onset_note.extension) if condition.onset_note else None
    if condition.onset_age or condition.onset_string or condition.onset_range:
        record.problem(
            "onset-is-no-date",
            "serious",
            "The onset is given as an age, a range or in words: the date was left empty.",
            item,
            column=column,
        )
    stated = extension(condition.extension, "condition-assertedDate")
    asserted = stated[0].value_date_time if stated else None
    for text, what in ((asserted, "assertedDate"), (condition.recorded_date, "recordedDate")):
        found = _date(record, item, text, what)
        if found is not None:
            record.problem(
                "recorded-date-as-onset",
                "serious",
                f"There is no onset: {what} was taken, which can be much later.",
                item,
                column=column,
                value=text,
            )
            return date_cells(column, found)
    return date_cells(column, None, reason)


def _date(record: Record, item: Item[Any], text: str | None, path: str) -> Partial | None:
    return usable_date(text, record.output, item.origin, patient_id=record.patient_id, path=path)


def _topography(record: Record, item: Item[Condition]) -> str | None:
    condition = item.resource
    concepts: list[Concept] = [*condition.body_site]
    concepts += [condition.code] if condition.code else []
    for concept in concepts:
        for coding in concept.coding:
            code = (coding.code or "").upper().replace(".", "")
            if system_of(coding.system) == "ICD-O-3" and code.startswith("C50"):
                return _dotted(code)
    found = icd10(condition.code)
    if found is not None and found.plain.startswith("C50"):
        code = _dotted(found.plain)
        reading = Reading(code, "", found.system, found.written, found.display, VERSION)
        record.output.code("primary_tumour", "topography", code, reading)
        return code
    for concept in concepts:
        for words in words_of(concept):
            for pattern, code in _QUARTERS:
                if re.search(pattern, words.lower()):
                    return code
    return "C50.9"


def _dotted(code: str) -> str:
    return f"{code[:3]}.{code[3]}" if len(code) > 3 else "C50.9"


def _morphology(record: Record, item: Item[Condition]) -> str | None:
    concept = concept_extension(item.resource.extension, "mcode-histology-morphology-behavior")
    for coding in concept.coding if concept else ():
        if system_of(coding.system) == "ICD-O-3" and _MORPHOLOGY.fullmatch(coding.code or ""):
            return coding.code
    reading = read_code("morphology", concept)
    if reading is None:
        record.output.unknown_code("primary_tumour", "morphology", concept)
        return None
    record.output.code("primary_tumour", "morphology", reading.value, reading)
    if reading.value.endswith("/2"):
        record.problem(
            "in-situ-with-metastasis",
            "serious",
            "The histology of the primary is in situ, which can't spread: an invasive part is "
            "missing.",
            item,
            column="morphology",
            table="primary_tumour",
            value=f"{reading.code} {reading.display}",
        )
    return reading.value


def _grade(record: Record, cancers: Cancers, item: Item[Condition]) -> int | None:
    grades: set[int] = set()
    for observation, _ in record.having("grade_code"):
        if primary_of(record, cancers, observation) is not item:
            continue
        observation.used = True
        concept = observation.resource.value_codeable_concept
        reading = read_code("grade", concept)
        value = reading.value if reading else _grade_by_words(concept)
        if reading is not None:
            record.output.code("primary_tumour", "grade", value, reading)
        if value:
            grades.add(int(value))
        else:
            record.output.unknown_code("primary_tumour", "grade", concept)
    if len(grades) > 1:
        record.problem(
            "several-grades",
            "serious",
            "Several grades are given for the primary: none was used.",
            item,
            column="grade",
            table="primary_tumour",
            value="; ".join(map(str, sorted(grades))),
        )
        return None
    return grades.pop() if grades else None


def _grade_by_words(concept: Concept | None) -> str:
    for words in words_of(concept):
        found = re.search(r"\b(?:grade|G)\s*([1-3])\b", words, re.I)
        if found is not None:
            return found.group(1)
    return ""


def _stage_cells(record: Record, item: Item[Condition], stages: Stages) -> dict[str, Any]:
    mine = [c for c in stages.categories if c.primary is item]
    groups = [g for g in stages.groups if g.primary is item]
    for observation in [*(c.item for c in mine), *(g.item for g in groups)]:
        observation.used = True
    _unstated(record, mine)
    cells: dict[str, Any] = {}
    chosen: list[Category] = []
    for letter in "TNM":
        for column, bases in ((f"c{letter.lower()}", ("c",)), (f"p{letter.lower()}", ("p", "yp"))):
            found = _first(record, item, [c for c in mine if c.letter == letter], bases, column)
            if found is not None:
                chosen.append(found)
                cells[column] = found.value or None
                cells[f"{column}_reason"] = found.reason
    prefixes = {c.basis for c in chosen if c.basis in ("p", "yp") and c.value}
    cells["pathologic_prefix"] = prefixes.pop() if len(prefixes) == 1 else None
    editions = {c.edition for c in chosen if c.edition} | {g.edition for g in groups if g.edition}
    editions |= {s.edition for s in stages.summaries if s.item is item and s.edition}
    cells["ajcc_edition"] = editions.pop() if len(editions) == 1 else None
    return {**cells, **_group_cells(record, item, stages, groups)}


def _unstated(record: Record, categories: list[Category]) -> None:
    for category in categories:
        if category.value and category.basis not in ("c", "p", "yp"):
            record.problem(
                "category-basis-unstated",
                "minor",
                "Nothing says whether the category is clinical or pathological: no column took it.",
                category.item,
                table="primary_tumour",
                value=f"{category.basis}{category.value}",
            )


def _first(
    record: Record,
    item: Item[Condition],
    categories: list[Category],
    bases: tuple[str, ...],
    column: str,
) -> Category | None:
    """Return the category at diagnosis: the earliest; none where they contradict each other."""
    mine = [c for c in categories if c.basis in bases]
    values = {c.value for c in mine if c.value}
    if not mine:
        return None
    dated = sorted((c for c in mine if c.value and c.date), key=lambda c: c.date or ())
    if len(values) <= 1:
        return next((c for c in mine if c.value), mine[0])
    same_day = len({c.value for c in dated if c.date == dated[0].date}) if dated else 0
    clear = same_day == 1 and len(dated) == len([c for c in mine if c.value])
    record.problem(
        "several-categories",
        "minor" if clear else "serious",
        "The category is given several times with different values: "
        + ("the earliest was taken." if clear else "none was used."),
        item,
        column=column,
        table="primary_tumour",
        value="; ".join(f"{c.value} ({c.date.day if c.date else 'no date'})" for c in mine),
    )
    return dated[0] if clear else None


def _group_cells(
    record: Record, item: Item[Condition], stages: Stages, groups: list[Group]
) -> dict[str, Any]:
    """Return the stage group, where all that is said of it is one value."""
    summaries = [s for s in stages.summaries if s.item is item and s.value]
    stated = [g for g in groups if g.value]
    values = {g.value for g in stated} | {s.value for s in summaries}
    if not values:
        reasons = [g.reason for g in groups if g.reason]
        return {"stage_group": None, "stage_group_reason": reasons[0] if reasons else None}
    if len(values) > 1:
        by_basis = {(g.basis, g.value) for g in stated}
        plain = len(by_basis) == len({basis for basis, _ in by_basis})
        plain = plain and {s.value for s in summaries} <= {g.value for g in stated}
        listed = [f"{g.basis or 'unstated'}: {g.value}" for g in stated]
        listed += [f"summary: {s.value}" for s in summaries]
        record.problem(
            "several-stages",
            # A clinical and a pathological stage may differ.
            "minor" if plain else "serious",
            "Several stages are given for the primary; none was used. All are listed here.",
            item,
            column="stage_group",
            table="primary_tumour",
            value="; ".join(listed),
        )
        return {"stage_group": None}
    bases = sorted({g.basis for g in stated if g.basis in ("c", "p", "yp")}, key=_RANK.__getitem__)
    return {"stage_group": values.pop(), "stage_prefix": bases[0] if len(bases) == 1 else None}
