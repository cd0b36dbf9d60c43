from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.registry import builtin_histories, builtin_variables
from locoreg.registry.engines import connect_engine
from tests.emulation.cohort.registry.asking import asked, known, rows_of, steps


def test_variables_of_the_person(tmp_path: Path) -> None:
    names = ("age", "year", "sex", "menopausal_status", "site", "ecog", "n_comorbidities")
    patient = {"birth_year": 1960, "sex": "female", "menopausal_status_dx": "pre", "site_id": "B"}
    found = known(
        tmp_path / "r",
        rows_of(
            a={
                "patient": patient,
                "performance": [
                    {"date": "2017-12-01", "ecog": 0},
                    {"date": "2018-01-01", "ecog": 1},
                    {"date": "2018-01-01", "ecog": 2},
                    {"date": "2018-01-02", "ecog": 4},
                ],
                "comorbidity": [
                    {"date": "2017-01-01", "code": "I25.9", "present": True},
                    {"date": "2018-01-01", "code": "I25.9", "present": True},
                    {"date": "2018-01-01", "code": "J44.9", "present": True},
                    {"date": "2018-01-01", "code": "I63.9", "present": False},
                    {"date": "2018-01-02", "code": "Z85.0", "present": True},
                ],
            },
            # The same site records what is absent: no row means that nobody asked.
            b={"patient": {"site_id": "B"}, "performance": {"date": "2017-09-01", "ecog": 1}},
            c={"patient": {"site_id": "A"}, "performance": {"date": "2018-01-01", "ecog": 5}},
        ),
        *names,
    )
    assert found == {
        "a": (58, 2018, "female", "pre", "B", "2", 2),
        "b": (None, 2018, None, None, "B", None, None),
        "c": (None, 2018, None, None, "A", None, 0),
    }


def assay(marker: str, day: str | None, context: str = "primary", **more: Any) -> dict[str, Any]:
    return {"marker": marker, "sample_date": day, "context": context, **more}


def negative(context: str, day: str | None) -> list[dict[str, Any]]:
    return [
        assay(marker, day, context, interpretation="negative") for marker in ("ER", "PR", "HER2")
    ]


def test_the_subtype_that_was_known_at_time_zero(tmp_path: Path) -> None:
    positive = [
        assay("ER", "2015-01-01", value_num=90.0, value_unit="%", operator="="),
        assay("PR", "2015-01-01", interpretation="negative"),
        assay("HER2_IHC", "2015-01-01", value_code="1+"),
    ]
    lost = negative("metastasis", "2018-01-01")
    undated = [{**row, "sample_date": None} for row in positive]
    found = known(
        tmp_path / "r",
        rows_of(
            primary={"receptor_assay": positive},
            lost={"receptor_assay": [*positive, *lost]},
            later={"receptor_assay": [*positive, *negative("metastasis", "2018-01-02")]},
            undated={"receptor_assay": undated},
            undated_metastasis={"receptor_assay": negative("metastasis", None)},
            nothing={},
        ),
        "subtype",
        "subtype_primary",
        "hormone_receptor_lost",
    )
    assert found == {
        "primary": ("HR+/HER2-", "HR+/HER2-", None),
        "lost": ("triple_negative", "HR+/HER2-", "yes"),
        "later": ("HR+/HER2-", "HR+/HER2-", None),
        "undated": ("HR+/HER2-", "HR+/HER2-", None),
        "undated_metastasis": (None, None, None),
        "nothing": (None, None, None),
    }


def test_the_subtype_is_that_of_the_classification(tmp_path: Path) -> None:
    from locoreg.registry.classify import SubtypeOptions, receptor_subtype
    from locoreg.registry.synthetic import simulate_registry
    from tests.emulation.cohort.registry.asking import protocol

    folder = tmp_path / "r"
    simulate_registry(folder, patients=300, seed=5, scenario="dirty")
    with connect_engine(folder) as engine:
        from locoreg.emulation.cohort.registry.timezero import begin
        from locoreg.emulation.cohort.registry.variables import variable

        study = begin(engine, protocol()).study
        column = variable(study, "subtype")
    ours = {
        person: "unknown" if code != code else column.levels[int(code)]
        for person, code in zip(study.person_id.to_pylist(), column.values.tolist(), strict=True)
    }
    import pyarrow as pa

    from locoreg.registry.store import read_registry

    dates = pa.table(
        {"patient_id": study.person_id, "as_of": study.zero.last.astype("datetime64[D]")}
    )
    theirs = receptor_subtype(
        read_registry(folder),
        as_of=dates,
        primary="first",
        options=SubtypeOptions(undated_assays="use"),
    ).table
    expected = dict(
        zip(
            theirs.column("patient_id").to_pylist(),
            theirs.column("subtype").to_pylist(),
            strict=True,
        )
    )
    assert ours == expected
    assert len(set(ours.values())) > 3


def tumour(day: str | None = "2015-01-01", **more: Any) -> dict[str, Any]:
    return {"dx_date": day, "topography": "C50.4", **more}


def test_variables_of_the_primary(tmp_path: Path) -> None:
    names = ("de_novo", "metastasis_free_interval", "interval_class", "grade", "t_category")
    found = known(
        tmp_path / "r",
        rows_of(
            m1={"primary_tumour": tumour("2018-01-01", cm="M1", grade=3, ct="T4d", pt="T2")},
            recurrent={"primary_tumour": tumour(cm="M0", grade=2, pt="pT1mi", pn="N1a")},
            near={"primary_tumour": tumour("2017-10-10", ct="cT2", cn="N0(i+)")},
            ninety_one={"primary_tumour": tumour("2017-10-02", ct="Tis")},
            undated={"primary_tumour": tumour(None, grade=1)},
            second={
                "primary_tumour": [tumour("2017-06-01", grade=1), tumour(grade=3, ct="TX")],
            },
            lung={"primary_tumour": tumour(grade=3) | {"topography": "C34.1"}},
        ),
        *names,
        "n_category",
    )
    five_years = 1096 / 30.4375
    assert found == {
        "m1": ("yes", 0, "de novo", "3", "T4", None),
        "recurrent": ("no", five_years, ">=24", "2", "T1", "N1"),
        "near": ("yes", 0, "de novo", None, "T2", "N0"),
        "ninety_one": ("no", 91 / 30.4375, "<6", None, "Tis", None),
        "undated": (None, None, None, None, None, None),
        "second": ("no", five_years, ">=24", "3", None, None),
        "lung": (None, None, None, None, None, None),
    }


def test_a_metastasis_found_after_time_zero_makes_nobody_de_novo(tmp_path: Path) -> None:
    tables = rows_of(
        later={"primary_tumour": tumour("2017-12-01")},
        same={"primary_tumour": tumour("2018-01-01")},
    )
    found = known(
        tmp_path / "r",
        tables,
        "de_novo",
        "interval_class",
        "n_organs",
        "visceral",
        time_zero={"event": "diagnosis"},
    )
    assert found == {
        "later": ("no", None, None, None),
        "same": ("yes", "de novo", 1, "yes"),
    }


def lesions(*organs: str | None, day: str = "2018-01-01") -> list[dict[str, Any]]:
    return [{"organ": o, "first_seen_date": day, "is_regional": False} for o in organs]


def test_variables_of_the_metastases(tmp_path: Path) -> None:
    names = ("n_organs", "visceral", "brain", "bone_only", "organ_bone")
    found = known(
        tmp_path / "r",
        rows_of(
            bone={"lesion": lesions("bone", "bone", "breast")},
            two={"lesion": [*lesions("bone", "leptomeninges"), *lesions("liver", day="2018-03")]},
            somewhere={"lesion": lesions("bone", None)},
            nowhere={"lesion": lesions(None)},
            named={
                "lesion": lesions(None),
                "disease_event": {
                    "date": "2018-01-01",
                    "type": "distant_recurrence",
                    "organs": "lung; bone",
                },
            },
        ),
        *names,
    )
    assert found == {
        "bone": (1, "no", "no", "yes", "yes"),
        "two": (2, "yes", "yes", "no", "yes"),
        "somewhere": (None, None, None, None, "yes"),
        "nowhere": (None, None, None, None, None),
        "named": (None, "yes", None, "no", "yes"),
    }


def imaging(day: str, n: int | None, *, bound: bool | None = False) -> dict[str, Any]:
    return {"date": day, "n_lesions": n, "n_lesions_is_lower_bound": bound}


def test_the_number_of_lesions(tmp_path: Path) -> None:
    listed = {"lesion": lesions("bone", "bone", "liver")}
    found = known(
        tmp_path / "r",
        rows_of(
            listed=listed,
            counted={**listed, "imaging_assessment": imaging("2018-01-01", 5)},
            fewer={**listed, "imaging_assessment": imaging("2018-01-01", 2)},
            at_least={**listed, "imaging_assessment": imaging("2018-01-01", 4, bound=True)},
            not_said={**listed, "imaging_assessment": imaging("2018-01-01", 4, bound=None)},
            many={**listed, "imaging_assessment": imaging("2018-01-01", 10, bound=True)},
            later={**listed, "imaging_assessment": imaging("2018-01-02", 9)},
            one={"lesion": lesions("bone")},
        ),
        "n_lesions",
        "lesion_class",
    )
    assert found == {
        "listed": (3, "2-3"),
        "counted": (5, "4-5"),
        "fewer": (3, "2-3"),
        "at_least": (None, None),
        "not_said": (None, None),
        "many": (10, ">5"),
        "later": (3, "2-3"),
        "one": (1, "1"),
    }


def test_lines_and_ctdna(tmp_path: Path) -> None:
    def blood(day: str, detected: bool | None, **more: Any) -> dict[str, Any]:
        return {"analyte": "VAF", "date": day, "fluid": "plasma", "detected": detected, **more}

    found = known(
        tmp_path / "r",
        rows_of(
            a={
                "systemic_line": [
                    {"setting": "metastatic", "start_date": "2017-12-01"},
                    {"setting": "metastatic", "start_date": "2018-02-01"},
                    {"setting": "adjuvant", "start_date": "2015-01-01"},
                ],
                "biomarker": [
                    blood("2017-12-01", True),
                    blood("2018-01-01", False),
                    blood("2018-01-02", True),
                ],
            },
            limit={"biomarker": blood("2018-01-01", None, value=0.02, lod=0.01)},
            against={"biomarker": blood("2018-01-01", False, value=0.02, lod=0.01)},
            tissue={"biomarker": blood("2018-01-01", True) | {"fluid": "tissue"}},
        ),
        "on_line",
        "ctdna_detected",
    )
    assert found == {
        "a": (1, "no"),
        "limit": (0, "yes"),
        "against": (0, None),
        "tissue": (0, None),
    }


def own(**more: Any) -> dict[str, Any]:
    return {"table": "biomarker", "column": "value", "window_months": [-6, 0], **more}


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("last", 40.0),
        ("first", 10.0),
        ("max", 40.0),
        ("min", 10.0),
        ("count", 3.0),
        ("any", "yes"),
    ],
)
def test_a_variable_of_ones_own(tmp_path: Path, take: str, expected: Any) -> None:
    def marker(day: str | None, value: float | None, analyte: str = "CEA") -> dict[str, Any]:
        return {"analyte": analyte, "date": day, "value": value}

    tables = rows_of(
        a={
            "biomarker": [
                marker("2017-08-01", 10.0),
                marker("2017-09-01", 20.0),
                marker("2018-01", 40.0),
                marker("2018-02-01", 99.0),
                marker("2017-01-01", 99.0),
                marker(None, 99.0),
                marker("2017-10-01", None),
                marker("2017-10-01", 99.0, "CA15-3"),
            ]
        },
        b={},
    )
    variables = {"cea": own(where={"analyte": "CEA"}, take=take)}
    found = known(tmp_path / "r", tables, "cea", variables=variables)
    nothing = {"count": 0.0, "any": "no"}.get(take)
    assert found == {"a": (expected,), "b": (nothing,)}


def test_codes_words_and_columns_of_the_patient(tmp_path: Path) -> None:
    variables = {
        "side": {
            "table": "primary_tumour",
            "column": "laterality",
            "window_months": [-600, 0],
            "take": "last",
        },
        "drug": {
            "table": "systemic_drug",
            "column": "drug",
            "date": "start_date",
            "where": {"drug_class": ["chemo", "ET"]},
            "window_months": [-12, 0],
            "take": "last",
        },
        "proven": {
            "table": "lesion",
            "column": "biopsied",
            "window_months": [-12, 0],
            "take": "any",
        },
        "germline": {
            "table": "patient",
            "column": "brca1_germline",
            "window_months": [0, 0],
            "take": "last",
        },
    }
    found = known(
        tmp_path / "r",
        rows_of(
            a={
                "patient": {"brca1_germline": "vus"},
                "primary_tumour": tumour(laterality="left"),
                "systemic_drug": [
                    {"drug": "letrozole", "drug_class": "ET", "start_date": "2017-05-01"},
                    {"drug": "denosumab", "drug_class": "bone", "start_date": "2017-06-01"},
                ],
                "lesion": [*lesions("bone"), {**lesions("liver")[0], "biopsied": True}],
            },
            b={},
        ),
        *variables,
        "brca1_germline",
        variables=variables,
    )
    assert found == {
        "a": ("left", "letrozole", "yes", "vus", "vus"),
        "b": (None, None, "no", None, None),
    }


@pytest.mark.parametrize(
    ("name", "variables", "message"),
    [
        ("agee", {}, r"no variable 'agee'.*did you mean age"),
        ("death_cause", {}, "no variable 'death_cause'"),
        ("age", {"age": own(take="last")}, "has the name of a shipped one"),
        ("later", {"later": own(take="last", window_months=[-1, 2])}, "2 months after time zero"),
        (
            "size",
            {
                "size": {
                    "table": "lesion_measurement",
                    "column": "longest_mm",
                    "window_months": [-1, 0],
                    "take": "max",
                }
            },
            "rows of lesion_measurement have no date",
        ),
    ],
    ids=["typing slip", "later", "two names", "after time zero", "no date"],
)
def test_variables_that_can_not_be(
    tmp_path: Path, name: str, variables: dict[str, Any], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        known(tmp_path / "r", rows_of(a={}), name, variables=variables)


def test_what_is_named_is_there(tmp_path: Path) -> None:
    names = builtin_variables()
    assert all(words.endswith(".") for words in names.values())
    found = known(tmp_path / "r", rows_of(a={}), *names)
    assert len(found["a"]) == len(names)
    assert set(builtin_histories()) == {"response", "ecog", "line"}


def criterion(variable: str, **comparison: Any) -> dict[str, Any]:
    return {"name": f"on {variable}", "variable": variable, "unknown": "exclude", **comparison}


def test_criteria_one_after_another(tmp_path: Path) -> None:
    def person(sex: str | None, ecog: int | None) -> dict[str, Any]:
        rows = [] if ecog is None else [{"date": "2018-01-01", "ecog": ecog}]
        return {"patient": {"sex": sex}, "performance": rows}

    cohort = asked(
        tmp_path / "r",
        rows_of(
            a=person("female", 1),
            b=person("male", 1),
            c=person(None, 4),
            d=person("female", 3),
            e=person("female", None),
        ),
        eligibility=[
            criterion("sex", equals="female"),
            {**criterion("ecog", at_most=2), "unknown": "include"},
        ],
    )
    assert cohort.person_id == ("a", "e")
    assert steps(cohort)["on sex"] == (2, 1)
    assert steps(cohort)["on ecog"] == (1, 0)


@pytest.mark.parametrize(
    ("asked_for", "kept"),
    [
        (criterion("organ_liver", equals=True), ("a",)),
        (criterion("organ_liver", equals=False), ("b",)),
        (criterion("organ_liver", one_of=["yes", "no"]), ("a", "b")),
        (criterion("grade", at_least=2, at_most=3), ("a",)),
        (criterion("grade", equals=1), ("b",)),
        (criterion("n_lesions", one_of=[1, 2]), ("a", "b")),
        (criterion("year", equals=2018), ("a", "b")),
    ],
)
def test_comparisons(tmp_path: Path, asked_for: dict[str, Any], kept: tuple[str, ...]) -> None:
    tables = rows_of(
        a={"primary_tumour": tumour(grade=2)},
        b={"primary_tumour": tumour(grade=1), "lesion": lesions("bone", "bone")},
    )
    assert asked(tmp_path / "r", tables, eligibility=[asked_for]).person_id == kept


def test_a_slip_in_a_criterion_is_found(tmp_path: Path) -> None:
    slip = criterion("subtype", one_of=["HR+/HER2-", "TNBC"])
    with pytest.raises(DesignError, match=r"subtype is never 'TNBC'.*triple_negative"):
        asked(tmp_path / "r", rows_of(a={}), eligibility=[slip])
    with pytest.raises(DesignError, match="category"):
        asked(tmp_path / "s", rows_of(a={}), eligibility=[criterion("sex", at_least=1)])
