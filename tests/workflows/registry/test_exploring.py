"""Cohorts of a registry: whom they hold, what is counted, what is hidden."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.registry.fromregistry import cohort_from_registry
from locoreg.registry.describe.task import IMMORTAL
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.workflows.registry.deriving import simulate
from locoreg.workflows.registry.describing import describe
from locoreg.workflows.registry.exploring import (
    TREATED,
    Base,
    Choices,
    Exploration,
    explore,
    groupings,
    open_base,
    protocol_fragment,
    registry_sha256,
)
from locoreg.workflows.registry.exploring.base import TherapyTimes
from locoreg.workflows.registry.exploring.choices import whole_protocol
from locoreg.workflows.registry.exploring.groups import Grouping, pooled_groups
from locoreg.workflows.registry.exploring.missing import MOST_COLUMNS, _periods
from locoreg.workflows.registry.exploring.timing import timing_of

ALL = Choices(
    time_zero="first_metastasis",
    landmark_months=0,
    disease="any",
    subtype="any",
    sex="any",
    lesions="any",
    metastases="any",
    brain="any",
    primary_operated="any",
    years=(None, None),
    ages=(None, None),
    unknown="exclude",
)
NEW = replace(ALL, disease="de_novo", subtype="HR+/HER2-", ages=(40, None), primary_operated="no")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("exploring") / "registry"
    simulate(place, patients=600, seed=5, scenario="heterogeneous")
    return place


@pytest.fixture(scope="module")
def base(folder: Path) -> Base:
    return open_base(folder, "first_metastasis")


def asked(base: Base, choices: Choices, **changes: Any) -> Exploration:
    options: dict[str, Any] = {
        "by": "",
        "therapy": "primary_surgery",
        "level": 95,
        "at": (12, 24, 36),
        "horizon": 24,
        "small_cells": 10,
    }
    return explore(base, choices, **{**options, **changes})


@pytest.mark.parametrize("limit", [None, 10])
def test_all_patients_have_the_numbers_of_describe(
    base: Base, folder: Path, limit: int | None
) -> None:
    found = asked(base, ALL, small_cells=limit).to_dict()
    said = describe(
        folder, time_zero="first_metastasis", level=95, at=(12, 24, 36), small_cells=limit
    ).to_dict()
    assert found["flow"] == said["flow"]
    assert found["survival"] == said["survival"]
    lines = said["table"]["lines"]
    assert found["table"]["lines"][: len(lines)] == lines


def test_the_figure_and_the_description_have_the_same_median(base: Base) -> None:
    found = asked(base, NEW, by="subtype_primary", small_cells=None)
    assert found.curves is not None
    assert found.description is not None
    described = {one.group: one.survival[0] for one in found.description.survival}
    for median in found.curves.report.medians:
        assert median.median == pytest.approx(described[median.stratum], rel=1e-12)


def test_the_cohort_is_that_of_the_emulation(base: Base, folder: Path) -> None:
    """The fragment, in a whole protocol, excludes the same patients."""
    parts = yaml.safe_load(protocol_fragment(NEW, registry="r", sha256="0" * 64))
    loaded = whole_protocol(parts, "primary_surgery")
    steps = cohort_from_registry(str(folder), loaded.protocol).attrition.steps
    left = {step.name: step.left for step in steps}
    flow = {step.label: step.remaining.n for step in asked(base, NEW, small_cells=None).flow}
    for criterion in NEW.criteria():
        assert left[criterion.name] == flow[criterion.name], criterion.name


def test_every_patient_is_counted_at_one_step(base: Base) -> None:
    for choices in (ALL, NEW, replace(NEW, landmark_months=6, unknown="include")):
        flow = asked(base, choices, small_cells=None).flow
        assert flow[0].remaining.n == 600
        for before, step in pairwise(flow):
            assert before.remaining.n is not None
            assert step.left_out.n is not None
            assert before.remaining.n - step.left_out.n == step.remaining.n


def test_unknown_values_are_a_step_of_their_own_or_kept(base: Base) -> None:
    unknown = int(base.columns["subtype"].missing.sum())
    assert unknown > 0
    some = replace(ALL, subtype="HR+/HER2-")
    out = {s.label: s for s in asked(base, some, small_cells=None).flow}
    assert out["Subtype HR+/HER2-: known"].left_out.n == unknown
    kept = asked(base, replace(some, unknown="include"), small_cells=None).flow
    last = next(s for s in kept if s.label == "Subtype HR+/HER2-, or unknown")
    only = out["Subtype HR+/HER2-"].remaining.n
    assert only is not None
    assert last.remaining.n == only + unknown


def test_a_landmark_takes_those_alive_and_counts_from_there(base: Base) -> None:
    found = asked(base, replace(ALL, landmark_months=12), small_cells=None)
    people = base.people
    end = (people["end_date"] - people["zero"]).astype("timedelta64[D]").astype(float)
    alive = end > round(12 * 30.4375)
    assert found.size.n == int(alive.sum())
    assert found.curves is not None
    longest = max(float(c.time[-1]) for c in found.curves.report.curves)
    assert longest == pytest.approx((end.max() - round(12 * 30.4375)) / 30.4375)


def test_curves_equal_kaplan_meier_of_the_rows(base: Base) -> None:
    found = asked(base, ALL, small_cells=None)
    people = base.people
    months = [
        (people[name] - people["zero"]).astype("timedelta64[D]").astype(float) / 30.4375
        for name in ("end_date", "entry_date")
    ]
    own = kaplan_meier(months[0], people["died"], level=95, entry=np.maximum(months[1], 0)).curves[
        0
    ]
    assert found.curves is not None
    (curve,) = found.curves.report.curves
    np.testing.assert_allclose(curve.estimate, own.estimate, rtol=1e-12)
    assert found.curves.report.curves.delayed_entry


def test_groups_by_treatment_carry_the_notice_unless_a_landmark_defines_them(base: Base) -> None:
    after = asked(base, NEW, by=TREATED, small_cells=None)
    assert after.notices
    assert after.curves is not None
    assert after.curves.report.after_time_zero
    assert after.description is not None
    assert IMMORTAL in after.description.notes
    at = asked(base, replace(NEW, landmark_months=6), by=TREATED)
    assert not at.notices
    assert at.description is not None
    assert IMMORTAL not in at.description.notes


def test_treatment_after_the_landmark_makes_nobody_treated(base: Base) -> None:
    found = asked(base, replace(NEW, landmark_months=6), by=TREATED, small_cells=None)
    assert found.table is not None
    sizes = dict(zip(found.table.columns, found.table.sizes, strict=True))
    months = base.therapy["primary_surgery"].months
    people = base.people
    end = (people["end_date"] - people["zero"]).astype("timedelta64[D]").astype(float)
    inside = end > round(6 * 30.4375)
    for criterion in NEW.criteria():
        column = base.columns[criterion.variable]
        mask = ~column.missing
        if criterion.variable == "age":
            mask &= column.values >= 40
        else:
            wanted = {"de_novo": "yes", "subtype": "HR+/HER2-", "primary_operated": "no"}
            mask &= column.values == column.levels.index(wanted[criterion.variable])
        inside &= base.everyone(mask, False)
    assert sizes["Surgery of the primary by month 6"] == int((inside & (months <= 6)).sum())
    assert sizes["Overall"] == int(inside.sum())


def test_small_groups_are_put_together_and_nobody_is_lost(base: Base) -> None:
    alone = asked(base, NEW)
    for by in groupings():
        found = asked(base, NEW, by=by)
        assert found.table is not None
        assert found.table.sizes[-1] == alone.size.n, by
        assert min(found.table.sizes) > 10, by
        assert not found.table.left_out
        assert found.flow[0].label == "in the registry"


def test_pooling_goes_on_until_the_pool_is_large_enough() -> None:
    names = ["a"] * 40 + ["b"] * 15 + ["c"] * 3
    grouping = Grouping(
        by="x", words="X", group=np.array(names, dtype=object), order=("a", "b", "c"), decided=None
    )
    found = pooled_groups(grouping, np.ones(58, dtype=bool), 10)
    assert found.group is not None
    assert found.order == ("a", "Together: b, c")
    assert dict(zip(*np.unique(found.group.astype(str), return_counts=True), strict=True)) == {
        "a": 40,
        "Together: b, c": 18,
    }


def test_hidden_in_one_place_is_hidden_in_all(base: Base) -> None:
    for by in ("ecog", "organ_brain", "grade", TREATED):
        found = asked(base, NEW, by=by)
        assert found.description is not None
        if found.curves is None:
            continue
        drawn = {median.stratum for median in found.curves.report.medians}
        for group in found.description.survival:
            if group.deaths.n is None or group.n.n is None:
                assert group.group not in drawn
        rows = {(g.group, row[0]): row for g in found.description.survival for row in g.at}
        for one in found.curves.report.landmarks:
            if one.state == "hidden":
                assert rows[one.stratum, one.time][1] is None


def test_readings_are_those_of_the_curves_as_drawn(base: Base) -> None:
    found = asked(base, ALL)
    assert found.curves is not None
    readings = found.curves.readings()
    (group,) = readings["groups"]
    assert group["survival"][0] == 100.0
    shown = [v for v in group["survival"] if v is not None]
    assert shown == sorted(shown, reverse=True)
    steps = {round(row[2], 1) for row in found.curves.rows()[1:]} | {100.0}
    assert set(shown) <= steps
    assert len(group["survival"]) == len(readings["months"])


def test_nobody_and_too_few_have_a_flow_and_no_numbers(base: Base) -> None:
    nobody = asked(base, replace(ALL, years=(1950, 1951)))
    assert nobody.description is None
    assert nobody.size.n == 0
    assert "No patient" in nobody.notices[0]
    ages = np.sort(base.columns["age"].values)[::-1]
    few = asked(base, replace(ALL, ages=(int(ages[5]), None)))
    assert few.description is None
    assert few.size.text == "≤10"
    assert few.to_dict()["curves"] is None
    assert "1 to 10" in few.notices[0]


def test_timing_counts_everybody_once() -> None:
    months = np.array([0.0, 2.9, 3.0, 35.9, 36.0, 80.0, np.inf, np.inf, np.inf])
    before = np.array([0, 0, 0, 0, 0, 0, 1, 0, 0], dtype=bool)
    undated = np.array([0, 0, 0, 0, 0, 0, 1, 1, 0], dtype=bool)
    found = timing_of(
        TherapyTimes(months=months, before=before, undated=undated),
        np.ones(9, dtype=bool),
        words="surgery",
        synthetic=False,
        small_cells=None,
    )
    counts = [bar.count.n for bar in found.bars]
    assert counts[:2] == [2, 1]
    assert counts[-1] == 1
    assert [count.n for _, count in found.apart] == [2, 1, 1, 1]
    assert sum(int(n or 0) for n in counts) + 5 == 9


def test_timing_hides_a_second_count_where_one_is_small() -> None:
    months = np.array([1.0] * 20 + [4.0] * 3 + [np.inf] * 30)
    nothing = np.zeros(53, dtype=bool)
    found = timing_of(
        TherapyTimes(months=months, before=nothing, undated=nothing),
        np.ones(53, dtype=bool),
        words="surgery",
        synthetic=False,
        small_cells=10,
    )
    hidden = [
        c for c in [*(b.count for b in found.bars), *(c for _, c in found.apart)] if c.n is None
    ]
    assert len(hidden) == 2


def test_missing_values_by_year(base: Base) -> None:
    found = asked(base, ALL, small_cells=None).missing
    assert found is not None
    lines = dict(found.lines)
    grade = lines["Grade of the primary"]
    count = sum(one is None for one in base.people["grade"])
    assert grade[-1].n == count
    assert sum(cell.n or 0 for cell in grade[:-1]) == count
    assert sum(found.sizes[:-1]) == found.sizes[-1]
    assert "Age at time zero" in found.complete


def test_many_years_are_put_together() -> None:
    years = np.array([1990.0, 2024.0, np.nan, 2005.0])
    place, names = _periods(years)
    assert len(names) <= MOST_COLUMNS + 1
    assert names[-1] == "Year unknown"
    assert names[place[2]] == "Year unknown"
    assert names[0].startswith("1990")
    assert names[place[1]].endswith("2024")


def test_restricted_means_end_where_follow_up_does(base: Base) -> None:
    found = asked(base, ALL, horizon=500)
    assert found.curves is not None
    assert found.curves.means[0].rmst is None
    assert "500" in found.curves.means[0].text


def test_a_registry_is_opened_to_read_only(folder: Path) -> None:
    def state() -> dict[str, tuple[int, str]]:
        return {
            str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    before = state()
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        asked(open_base(folder, "entry"), replace(ALL, time_zero="entry"))
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert state() == before


def test_the_hash_is_of_the_data(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    simulate(other, patients=50, seed=6, scenario="null")
    assert registry_sha256(folder) == registry_sha256(folder)
    assert registry_sha256(folder) != registry_sha256(other)


@pytest.mark.parametrize("zero", ["first_metastasis", "primary_diagnosis", "entry"])
def test_fragments_pass_the_checks_of_protocols(zero: Any) -> None:
    full = replace(
        NEW,
        time_zero=zero,
        sex="female",
        lesions="1-3",
        metastases="bone_only",
        brain="no",
        years=(2010, 2020),
        landmark_months=6,
    )
    for choices in (full, replace(ALL, time_zero=zero)):
        parts = yaml.safe_load(protocol_fragment(choices, registry="a\nb", sha256="0"))
        loaded = whole_protocol(parts)
        assert loaded.protocol.eligibility == choices.criteria()


def test_ranges_and_groups_that_are_none_are_refused(base: Base) -> None:
    with pytest.raises(DesignError, match="no range"):
        asked(base, replace(ALL, ages=(60, 50)))
    with pytest.raises(DesignError, match="can't group by"):
        asked(base, ALL, by="colour")
    with pytest.raises(DesignError, match="another time zero"):
        asked(base, replace(ALL, time_zero="entry"))
