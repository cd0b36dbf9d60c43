from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.registry.mcode.make import (
    ICD,
    SCT,
    Resource,
    breast,
    concept,
    metastasis,
    observation,
    patient,
    read_resources,
    ref,
    resource,
)

IIB, IIIC, IV = "1222769001", "1222806003", "1222837003"


def group(identity: str, value: str, code: str = "399537006", **elements: Any) -> Resource:
    given = {"focus": [ref("Condition/breast")], **elements}
    return observation(
        identity, concept(SCT, code), valueCodeableConcept=concept(SCT, value), **given
    )


def category(identity: str, code: str, value: str, **elements: Any) -> Resource:
    return observation(
        identity, concept(SCT, code), valueCodeableConcept=concept(SCT, value), **elements
    )


def staged(summary: str, *assessments: str) -> list[Resource]:
    links = [ref(f"Observation/{name}") for name in assessments]
    return [{"summary": concept(SCT, summary), "assessment": links}]


@pytest.mark.parametrize("enrolled", [True, False])
def test_summary_against_the_group_that_it_rests_on(tmp_path: Path, enrolled: bool) -> None:
    more = [metastasis()] if enrolled else []
    done = read_resources(
        tmp_path, [patient(), breast(stage=staged(IIIC, "g")), group("g", IIB), *more]
    )
    (issue,) = done.issues("stage-summary-contradicts-assessment")
    assert issue.severity == "serious"
    assert issue.patient_id == "p"
    assert issue.value == "IIIC (Condition/breast); IIB (Observation/g)"
    assert done.enrolled == ({"p"} if enrolled else set())
    if enrolled:
        # Neither is chosen; both stay visible.
        row = done.one("primary_tumour")
        assert (row["stage_group"], row["stage_group_reason"]) == (None, "not_recorded")
        (several,) = done.issues("several-stages")
        assert several.value == "c: IIB; summary: IIIC"
        bodies = " ".join(raw["body"] for raw in done.rows("raw_resource"))
        assert IIB in bodies
        assert IIIC in bodies


def test_the_same_stage_twice_is_no_contradiction(tmp_path: Path) -> None:
    done = read_resources(
        tmp_path,
        [patient(), breast(stage=staged(IIB, "g")), group("g", IIB), metastasis()],
    )
    assert not done.rules() & {"stage-summary-contradicts-assessment", "several-stages"}
    assert done.one("primary_tumour")["stage_group"] == "IIB"


def test_clinical_group_of_pathological_members(tmp_path: Path) -> None:
    members = [ref("Observation/pt"), ref("Observation/pn")]
    done = read_resources(
        tmp_path,
        [
            patient(),
            breast(),
            group("g", IIB, hasMember=members),
            category("pt", "384625004", "1229859000"),
            category("pn", "371494008", "1229947003"),
        ],
    )
    (issue,) = done.issues("stage-group-of-other-basis")
    assert issue.value == "c: IIB; members: pT3, pN0"
    assert issue.row_key == "Observation/g"


def test_group_against_its_m_category(tmp_path: Path) -> None:
    done = read_resources(
        tmp_path,
        [
            patient(),
            breast(),
            group("g", IV, hasMember=[ref("Observation/m")]),
            category("m", "399387003", "1229901006"),
        ],
    )
    (issue,) = done.issues("stage-group-contradicts-members")
    assert issue.value == "IV; cM0 (Observation/m)"
    assert done.enrolled == {"p"}


@pytest.mark.parametrize(
    ("onset", "contradicts"),
    [("2018-06-01", True), ("2018-05", True), ("2020-06-01", False), ("2018-07", False)],
)
def test_m0_dated_after_a_metastasis(tmp_path: Path, onset: str, contradicts: bool) -> None:
    m0 = category("m", "399387003", "1229901006", effectiveDateTime="2018-07-01")
    done = read_resources(tmp_path, [patient(), breast(), metastasis(onsetDateTime=onset), m0])
    assert bool(done.issues("stage-contradicts-metastasis")) == contradicts


def radiotherapy(reason: str, **elements: Any) -> Resource:
    return resource(
        "Procedure",
        "rt",
        status="completed",
        code=concept(SCT, "1217123003"),
        reasonCode=[concept(ICD, reason)],
        **elements,
    )


@pytest.mark.parametrize(
    ("primaries", "reason", "contradicts"),
    [
        ([breast()], "C50.811", True),
        ([breast()], "C50.812", False),
        ([breast()], "C50.919", False),
        ([breast(), breast("second", code=concept(ICD, "C50.411"))], "C50.811", False),
        ([breast(), breast("again")], "C50.811", True),
        ([breast(code=concept(ICD, "C50.919"))], "C50.811", False),
    ],
)
def test_side_of_the_reason(
    tmp_path: Path, primaries: list[Resource], reason: str, contradicts: bool
) -> None:
    done = read_resources(tmp_path, [patient(), *primaries, radiotherapy(reason)])
    found = done.issues("laterality-contradicts-primary")
    assert bool(found) == contradicts
    if contradicts:
        assert found[0].value == "the reason is a cancer of the right breast; primary: left"
        assert found[0].row_key == "Procedure/rt"


def test_side_of_the_body_site(tmp_path: Path) -> None:
    other = radiotherapy("C50.812", bodySite=[concept(SCT, "73056007", "Right breast structure")])
    done = read_resources(tmp_path, [patient(), breast(), other])
    (issue,) = done.issues("laterality-contradicts-primary")
    assert issue.value == "the body site is the right breast; primary: left"


def test_a_primary_on_both_sides_at_once(tmp_path: Path) -> None:
    odd = breast(bodySite=[concept(SCT, "73056007", "Right breast structure")])
    done = read_resources(tmp_path, [patient(), odd, metastasis()])
    assert done.issues("laterality-contradiction")[0].value == "left; right"
    row = done.one("primary_tumour")
    assert (row["laterality"], row["laterality_reason"]) == (None, "not_recorded")


def test_code_and_words_of_a_metastasis_disagree(tmp_path: Path) -> None:
    odd = metastasis(code=concept(SCT, "94222008", "Secondary malignant neoplasm of liver"))
    done = read_resources(tmp_path, [patient(), breast(), odd])
    assert len(done.issues("code-and-words-disagree")) == 1
    assert done.one("lesion")["organ"] == "bone"


@pytest.mark.parametrize(
    ("code", "display"),
    [
        ("94222008", "Secondary malignant neoplasm of bone"),
        ("94391008", "Metastasis to lung and pleura"),
        ("94297009", "Secondary malignant neoplasm of female breast"),
    ],
)
def test_code_and_words_that_agree(tmp_path: Path, code: str, display: str) -> None:
    odd = metastasis(code=concept(SCT, code, display))
    done = read_resources(tmp_path, [patient(), breast(), odd])
    assert done.issues("code-and-words-disagree") == []


def test_body_site_against_code(tmp_path: Path) -> None:
    odd = metastasis(bodySite=[concept(SCT, "39607008", "Lung structure")])
    done = read_resources(tmp_path, [patient(), breast(), odd])
    assert done.issues("site-contradicts-code")[0].value == "liver; lung"


def test_category_whose_value_is_of_another_kind_or_basis(tmp_path: Path) -> None:
    done = read_resources(
        tmp_path,
        [
            patient(),
            breast(),
            metastasis(),
            category("t", "399504009", "1229973008"),
            category("n", "399534004", "1229947003"),
        ],
    )
    assert done.issues("category-of-another-kind")[0].value == "N1"
    assert done.issues("category-basis-contradiction")[0].value == "pN0"


def test_a_category_given_twice(tmp_path: Path) -> None:
    first = category("a", "399387003", "1229901006", effectiveDateTime="2018-05-10")
    later = category("b", "399387003", "1229903009", effectiveDateTime="2020-05-10")
    same = category("b", "399387003", "1229903009", effectiveDateTime="2018-05-10")
    done = read_resources(tmp_path, [patient(), breast(), first, later])
    assert done.one("primary_tumour")["cm"] == "M0"
    assert done.issues("several-categories")[0].severity == "minor"
    done = read_resources(tmp_path, [patient(), breast(), first, same])
    assert done.one("primary_tumour")["cm"] is None
    assert done.issues("several-categories")[0].severity == "serious"
