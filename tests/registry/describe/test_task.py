"""A registry described: flow, subtypes, late entry, small groups, texts."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.describe import describe_registry
from locoreg.registry.describe.followup import survival_of
from locoreg.registry.store import Registry, read_registry
from locoreg.stats.survivalcurves import kaplan_meier, reverse_kaplan_meier
from locoreg.workflows.registry.describing import read_groups
from tests.emulation.cohort.registry.asking import known, rows_of
from tests.registry.build import registry_of

ZERO = date(2020, 1, 1)


def cohort(folder: Path, n: int = 60) -> Registry:
    """Half of site A and half of B; every third enters 30 days late; every second dies."""
    patients, lesions, assays = [], [], []
    for i in range(n):
        end = ZERO + timedelta(days=60 + 10 * i)
        died = i % 2 == 0
        name = f"p{i:02d}"
        patients.append(
            {
                "patient_id": name,
                "site_id": "A" if i < n // 2 else "B",
                "sex": "female" if i % 10 else "male",
                "birth_year": 1960,
                "entry_date": ZERO + timedelta(days=30 * (i % 3 == 0)),
                "last_contact_date": end,
                "vital_status": "dead" if died else "alive",
                "death_date": end if died else None,
            }
        )
        lesions.append({"patient_id": name, "organ": "liver", "first_seen_date": ZERO})
        lesions.append(
            {"patient_id": name, "organ": "bone", "first_seen_date": ZERO + timedelta(days=20)}
        )
        assays += (
            [
                {"patient_id": name, "context": "primary", "marker": "ER", "interpretation": er},
                {"patient_id": name, "context": "primary", "marker": "PR", "interpretation": er},
                {
                    "patient_id": name,
                    "context": "primary",
                    "marker": "HER2",
                    "interpretation": "negative",
                },
            ]
            if (er := "positive" if i % 4 else "negative")
            else []
        )
    return registry_of(folder, {"patient": patients, "lesion": lesions, "receptor_assay": assays})


def test_survival_is_that_of_the_kernels_with_delayed_entry(tmp_path: Path) -> None:
    found = describe_registry(
        cohort(tmp_path / "r"), time_zero="first_metastasis", level=90, by="site_id", at=(6, 12)
    )
    i = np.arange(30, 60)
    time, event = (60 + 10 * i) / 30.4375, i % 2 == 0
    entry = np.where(i % 3 == 0, 30, 0) / 30.4375
    curve = kaplan_meier(time, event, entry=entry, level=90).curves[0]
    follow = reverse_kaplan_meier(time, event, entry=entry, level=90).curves[0]
    group = found.survival[1]
    assert (group.group, group.n.n, group.deaths.n, group.late_entries.n) == ("B", 30, 15, 10)
    assert group.survival[0] == pytest.approx(curve.median.estimate)
    assert group.follow_up[0] == pytest.approx(follow.median.estimate)
    assert group.at[1][1] == pytest.approx(float(curve.at(12).estimate[0]))
    assert [g.group for g in found.survival] == ["A", "B", "Overall"]
    assert "20 of the 60 patients followed (33.3%) entered after time zero" in found.summary()


def test_subtypes_as_known_at_time_zero_in_clinical_order(tmp_path: Path) -> None:
    found = describe_registry(
        cohort(tmp_path / "r"), time_zero="first_metastasis", level=95, by="subtype_primary"
    )
    assert found.table.header() == (
        "HR+/HER2- (N = 45)",
        "triple-negative (N = 15)",
        "Overall (N = 60)",
    )


def test_lesions_after_time_zero_count_only_within_the_days_of_staging(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r")

    def bone(days: int) -> list[str]:
        found = describe_registry(
            registry, time_zero="first_metastasis", level=95, staging_days=days
        )
        return [x.level for x in found.table.lines if x.variable == "organ_bone"]

    assert bone(19) == ["no"]
    assert bone(20) == ["yes"]
    with pytest.raises(DesignError, match="0 or more"):
        bone(-1)


def test_everybody_who_falls_out_is_counted(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"patient_id": "no-zero"},
        {"patient_id": "no-status", "last_contact_date": "2021-01-01"},
        {"patient_id": "undated", "vital_status": "dead", "last_contact_date": "2021-01-01"},
        {"patient_id": "no-end", "vital_status": "alive"},
        {"patient_id": "before", "vital_status": "alive", "last_contact_date": "2019-12-31"},
        {
            "patient_id": "late",
            "vital_status": "alive",
            "last_contact_date": "2020-06-01",
            "entry_date": "2020-06-01",
        },
        {"patient_id": "same-month", "vital_status": "dead", "death_date": "2020-01"},
        {"patient_id": "good", "vital_status": "dead", "death_date": "2020-06-01"},
    ]
    lesions = [
        {"patient_id": r["patient_id"], "organ": "lung", "first_seen_date": "2020-01"}
        for r in rows[1:]
    ]
    registry = registry_of(tmp_path / "r", {"patient": rows, "lesion": lesions})
    found = describe_registry(registry, time_zero="first_metastasis", level=95)
    assert [step.remaining.n for step in found.flow] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert found.flow[6].label == "order of the two known"
    assert found.imprecise.n == 7
    assert found.survival[0].n.n == 1


def test_small_groups_are_told_with_others(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r")
    found = describe_registry(
        registry, time_zero="first_metastasis", level=95, by="sex", small_cells=10
    )
    # 60 patients, 54 of them women: the description without groups tells the 60.
    assert found.table.columns == ("Together: female, male", "Overall")
    assert found.table.sizes == (60, 60)
    assert [one.n.n for one in found.survival] == [60, 60]
    assert "told together" in found.notes[0]
    assert found.notes[0].endswith("female, male.")
    assert "54" not in found.table.to_csv()


def test_groups_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "operated.csv"
    path.write_text("patient_id,group\np00,early\np01,late\np02,\n", encoding="utf-8")
    groups = read_groups(path)
    found = describe_registry(
        cohort(tmp_path / "r"),
        time_zero="first_metastasis",
        level=95,
        by="operated",
        groups=groups,
        groups_decided="later",
    )
    assert found.table.columns == ("early", "late", "Unknown", "Overall")
    assert any("immortal time" in note for note in found.notes)
    with pytest.raises(DesignError, match="need a word on when they were decided"):
        describe_registry(
            cohort(tmp_path / "r"), time_zero="first_metastasis", level=95, groups=groups
        )
    with pytest.raises(DesignError, match="of groups of your own only"):
        describe_registry(
            cohort(tmp_path / "r"),
            time_zero="first_metastasis",
            level=95,
            by="sex",
            groups_decided="later",
        )
    with pytest.raises(DesignError, match="1 patients of the groups are not in the registry"):
        describe_registry(
            cohort(tmp_path / "r"),
            time_zero="entry",
            level=95,
            by="x",
            groups={"stranger": "a"},
            groups_decided="at_time_zero",
        )
    path.write_text("patient_id,group\np00,a\np00,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3: patient p00 stands there twice"):
        read_groups(path)


def test_unknown_words_are_refused(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r")
    with pytest.raises(DesignError, match="did you mean first_metastasis"):
        describe_registry(registry, time_zero="first_metastases", level=95)  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="did you mean subtype_primary"):
        describe_registry(registry, time_zero="entry", level=95, by="subtype_prim")
    with pytest.raises(DesignError, match=r"no patient .* has a time zero"):
        describe_registry(
            registry_of(tmp_path / "s", {"patient": [{"patient_id": "a"}]}),
            time_zero="entry",
            level=95,
        )


def test_a_synthetic_registry_says_so(tmp_path: Path) -> None:
    registry = registry_of(
        tmp_path / "r",
        {"patient": [{"patient_id": "a", "entry_date": "2020-01-01"}]},
        synthetic=True,
    )
    found = describe_registry(registry, time_zero="entry", level=95)
    assert found.summary().splitlines()[2].startswith("SYNTHETIC")
    assert found.to_dict()["synthetic"] is True


def shown_text(found: Any) -> str:
    """Everything that is printed or written."""
    return json.dumps(found.to_dict()) + found.summary() + found.table.to_csv()


def mixed(folder: Path) -> Registry:
    """100 patients of site A, 4 of them dead, and 60 of site B, 30 of them dead."""
    patients, lesions = [], []
    for i in range(160):
        at_a, name = i < 100, f"p{i:03d}"
        died = i < 4 or (not at_a and i % 2 == 0)
        end = (ZERO + timedelta(days=100 + i)).isoformat()
        patients.append(
            {
                "patient_id": name,
                "site_id": "A" if at_a else "B",
                "birth_year": None if i in (5, 6, 7) else 1960,
                # Three of A and twenty of B come late.
                "entry_date": (
                    ZERO + timedelta(days=30 * (i in (10, 11, 12) or i >= 140))
                ).isoformat(),
                "vital_status": "dead" if died else "alive",
                "death_date": end if died else None,
                # Seven of A and 13 of B have no end.
                "last_contact_date": None
                if died or i in range(20, 27) or i in range(101, 127, 2)
                else end,
            }
        )
        if i != 159:
            lesions.append(
                {"patient_id": name, "organ": "liver", "first_seen_date": ZERO.isoformat()}
            )
    return registry_of(folder, {"patient": patients, "lesion": lesions})


def test_small_counts_of_a_group_are_not_the_difference_of_others(tmp_path: Path) -> None:
    registry = mixed(tmp_path / "r")
    found = describe_registry(
        registry, time_zero="first_metastasis", level=95, by="site_id", at=(3, 6), small_cells=10
    )
    a, b, overall = found.survival
    # Four deaths, three late entries and seven without an end at A; the sums are exact else.
    assert (a.deaths.text, a.late_entries.text, a.n.text) == ("≤10", "≤10", "≥90")
    for what in ("deaths", "late_entries", "n"):
        assert sum(getattr(one, what).n is None for one in (a, b, overall)) >= 2, what
    assert found.flow[-1].remaining.text == overall.n.text
    # The median and the curve of four deaths, and another curve: that of B where all together are
    # shown, as in the description without groups; else that of all.
    assert a.hidden == ("survival",)
    assert a.survival == (None, None, None)
    assert [[one.at[i][1] is None for one in (a, b, overall)] for i in (0, 1)] == [
        [True, True, False],
        [True, False, True],
    ]
    alone = describe_registry(
        registry, time_zero="first_metastasis", level=95, at=(3, 6), small_cells=10
    ).survival[-1]
    # As text: a survival without an interval has limits that are not a number.
    for what in ("deaths", "n", "late_entries", "at"):
        assert repr(getattr(alone, what)) == repr(getattr(overall, what))


def test_the_size_of_the_table_is_known_and_hides_who_lacks_a_time_zero(tmp_path: Path) -> None:
    registry = mixed(tmp_path / "r")
    found = describe_registry(registry, time_zero="first_metastasis", level=95, small_cells=10)
    assert found.table.sizes == (159,)
    first, second = found.flow[:2]
    assert (first.remaining.text, second.left_out.text) == ("≤169", "≤10")
    assert (second.remaining.n, first.remaining.n) == (159, None)
    assert "160" not in shown_text(found).replace(str(registry.path), "")


def test_known_values_give_no_small_unknown_away(tmp_path: Path) -> None:
    registry = mixed(tmp_path / "r")
    found = describe_registry(registry, time_zero="first_metastasis", level=95, small_cells=10)
    age = next(line for line in found.to_dict()["table"]["lines"] if line["variable"] == "age")
    # Three of 159 have no year of birth.
    assert "n" not in age["cells"][0]
    assert age["cells"][0]["median"] == 60
    full = describe_registry(registry, time_zero="first_metastasis", level=95)
    age = next(line for line in full.to_dict()["table"]["lines"] if line["variable"] == "age")
    assert age["cells"][0]["n"] == 156


def test_survival_at_close_months_shows_no_few_deaths(tmp_path: Path) -> None:
    registry = mixed(tmp_path / "r")
    found = describe_registry(
        registry, time_zero="first_metastasis", level=95, at=(5, 6, 7.5, 8, 40), small_cells=10
    )
    # Of 34 deaths 4 by month 5 and 6, 19 by month 7.5, 26 by month 8, all by month 40.
    died = [row[1] is None for row in found.survival[0].at]
    assert died == [True, True, False, True, False]


def test_a_written_table_of_made_up_patients_says_so(tmp_path: Path) -> None:
    tables = {"patient": [{"patient_id": "a", "entry_date": "2020-01-01"}]}
    for synthetic in (True, False):
        registry = registry_of(tmp_path / str(synthetic), tables, synthetic=synthetic)
        found = describe_registry(registry, time_zero="entry", level=95)
        rows = found.table.to_csv().splitlines()
        assert all(row.endswith(",SYNTHETIC") for row in rows[1:]) is synthetic
        assert rows[0].endswith(",data") is synthetic


@pytest.mark.parametrize(
    ("groups", "hidden"),
    [
        # A alone is hidden: the smaller of the others goes with it, and all together are shown.
        ((("A", 60, 3), ("B", 50, 25), ("C", 80, 40)), {"A", "B"}),
        # Of two groups the other one too: all together stand in the description without groups.
        ((("A", 60, 3), ("B", 50, 25)), {"A", "B"}),
        # Two with 7 deaths in all: their sum is the difference of the rest.
        ((("A", 60, 3), ("B", 50, 4), ("C", 80, 40)), {"A", "B", "C"}),
        ((("A", 60, 9), ("B", 50, 9), ("C", 80, 40)), {"A", "B"}),
        ((("A", 60, 20), ("B", 50, 25)), set()),
    ],
)
def test_curves_are_hidden_together(groups: Any, hidden: set[str]) -> None:
    died = np.concatenate([np.arange(n) < deaths for _, n, deaths in groups])
    zero = np.full(died.size, np.datetime64("2020-01-01"))
    # Everybody is followed for a year; who dies does so in the first month.
    people = {
        "zero": zero,
        "end_date": zero + np.where(died, 20, 365).astype("timedelta64[D]"),
        "entry_date": zero,
        "died": died,
    }
    names = np.concatenate([np.full(n, name, dtype=object) for name, n, _ in groups])
    sizes = {name: n for name, n, _ in groups} | {"Overall": died.size}
    found = survival_of(
        people, np.ones(died.size, bool), names, level=95, at=(6,), sizes=sizes, small_cells=10
    )
    assert {one.group for one in found if one.at[0][1] is None} == hidden


def primaries(folder: Path) -> Registry:
    """One patient: a cancer of the lung of 2000, one of the breast of 2010, born in 1950."""
    tumours = [
        {"patient_id": "a", "topography": "C34.1", "dx_date": "2000-01-01", "laterality": "left"},
        {"patient_id": "a", "topography": "C50.4", "dx_date": "2010-01-01", "laterality": "right"},
    ]
    lesions = [{"patient_id": "a", "organ": "liver", "first_seen_date": "2012-01-01"}]
    patient = {"patient_id": "a", "birth_year": 1950}
    return registry_of(folder, {"patient": [patient], "primary_tumour": tumours, "lesion": lesions})


def lines_of(found: Any) -> dict[str, Any]:
    return {line.variable: line for line in found.table.lines}


def test_the_primary_is_the_first_of_the_breast(tmp_path: Path) -> None:
    registry = primaries(tmp_path / "r")
    found = describe_registry(registry, time_zero="first_metastasis", level=95)
    lines = lines_of(found)
    assert lines["laterality"].level == "right"
    assert lines["interval_months"].cells[0].median == pytest.approx(24.0, abs=0.1)
    assert any("first one of the breast" in note for note in found.notes)
    assert (
        lines_of(describe_registry(registry, time_zero="primary_diagnosis", level=95))["zero_year"]
        .cells[0]
        .median
        == 2010
    )


@pytest.mark.parametrize("calendar", ["real", "shifted", "relative"])
def test_age_is_that_of_an_emulation(tmp_path: Path, calendar: str) -> None:
    tables = rows_of(a={"patient": {"calendar": calendar, "birth_year": 1950}})
    told = known(tmp_path / "r", tables, "age", "year", follow_up={"until": "last_contact"})
    found = describe_registry(read_registry(tmp_path / "r"), time_zero="first_metastasis", level=95)
    cells = [lines_of(found)[name].cells[0] for name in ("age", "zero_year")]
    assert tuple(cell.median for cell in cells) == told["a"]
    assert (told["a"][0] is not None) is (calendar == "real")


def test_an_output_names_the_folder_and_no_path(tmp_path: Path) -> None:
    found = describe_registry(cohort(tmp_path / "r"), time_zero="entry", level=95)
    assert found.registry == "r"
    assert str(tmp_path) not in shown_text(found)
