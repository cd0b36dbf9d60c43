"""A small CDM in which every rule has something to do."""

from __future__ import annotations

from tests.registry.omop.cdm import (
    BREAST,
    FIELD_CONDITION,
    FIELD_DRUG,
    FIELD_EPISODE,
    FIELD_MEASUREMENT,
    FIELD_PROCEDURE,
    LIVER_C,
    LIVER_M,
    LUNG_M,
    Builder,
)


def whole_cdm() -> Builder:
    """Return nine persons, of whom three enter; one of these has an id beyond 32 bits."""
    b = Builder()
    _treated(b, 1)
    _second_of_both_sides(b, 2)
    _sparse(b, 9_000_000_000_003)
    _others(b)
    return b


def _treated(b: Builder, p: int) -> None:
    b.person(p)
    dx = b.condition(p, 44505310, "2018-03-01", condition_source_value="8500/3-C50.4")
    b.condition(p, LIVER_C, "2020-05-10")
    liver = b.measure(p, LIVER_M, "2020-05-01", **b.about(FIELD_CONDITION, dx))
    lung = b.measure(p, LUNG_M, "2020-06-01", **b.about(FIELD_CONDITION, dx))
    b.condition(p, 201826, "2015-01-01")
    b.condition(p, 201826, "2016-01-01")
    for concept in (900135, 900136, 900132):
        b.measure(p, concept, "2018-03-05", **b.about(FIELD_CONDITION, dx))
    b.measure(p, 1634752, "2018-03-05", **b.about(FIELD_CONDITION, dx))
    b.measure(
        p,
        4139794,
        "2018-03-05",
        value_as_number=2.3,
        unit_concept_id=8582,
        **b.about(FIELD_CONDITION, dx),
    )
    b.measure(p, 35918306, "2018-03-05", value_as_concept_id=900150, **b.about(FIELD_CONDITION, dx))
    b.measure(
        p,
        36203168,
        "2018-03-06",
        value_as_number=1,
        operator_concept_id=4172704,
        unit_concept_id=8554,
        value_as_concept_id=9191,
        **b.about(FIELD_CONDITION, dx),
    )
    b.measure(
        p, 36203113, "2020-05-20", value_as_concept_id=9189, **b.about(FIELD_MEASUREMENT, liver)
    )
    b.measure(p, 36305384, "2020-06-01", value_as_number=1)
    b.measure(p, 3007220, "2020-06-02", value_as_number=55.5, unit_source_value="U/mL")
    b.measure(p, 3013682, "2020-06-02", value_as_number=4)
    b.observe(p, 4173614, "2020-07-01")
    mastectomy = b.procedure(p, 900160, "2018-04-01")
    wedge = b.procedure(p, 40485447, "2020-08-01", procedure_source_value="'; DROP TABLE x; --")
    b.measure(p, 1634643, "2018-04-03", **b.about(FIELD_PROCEDURE, mastectomy))
    b.observe(
        p,
        4162591,
        "2020-08-01",
        observation_event_id=wedge,
        obs_event_field_concept_id=FIELD_PROCEDURE,
    )
    assert lung
    course = b.episode(p, 32940, "2020-09-01", episode_end_date="2020-09-05")
    for day in ("2020-09-01", "2020-09-03", "2020-09-05"):
        b.belongs(course, FIELD_PROCEDURE, b.procedure(p, 4215577, day))
    line = b.episode(p, 32531, "2020-10-01", episode_object_concept_id=35804252, episode_number=1)
    b.measure(p, 4191637, "2020-10-01", **b.about(FIELD_EPISODE, line))
    cycle = b.episode(p, 32532, "2020-10-01", episode_parent_id=line)
    b.belongs(cycle, FIELD_DRUG, b.drug(p, 900180, "2020-10-01"))
    b.drug(p, 1125315, "2020-10-02")
    b.add("note", person_id=p, note_class_concept_id=0)
    b.add("specimen", person_id=p, specimen_concept_id=4002890)
    b.add("device_exposure", person_id=p, device_concept_id=0)
    b.episode(p, 32949, "2021-02-01")
    b.episode(p, 32948, "2021-05-01")
    b.add("death", person_id=p, death_date="2022-02-02", cause_concept_id=BREAST)
    b.add(
        "observation_period",
        person_id=p,
        observation_period_start_date="2017-01-01",
        observation_period_end_date="2022-01-31",
        period_type_concept_id=32817,
    )
    b.add(
        "visit_occurrence",
        person_id=p,
        visit_concept_id=9202,
        visit_start_date="2021-12-01",
        visit_end_date="2021-12-01",
    )


def _second_of_both_sides(b: Builder, p: int) -> None:
    b.person(p, gender_concept_id=8507, care_site_id=None, location_id=12)
    b.condition(p, 900101, "2010-01-01")
    b.condition(p, 900102, "2014-01-01")
    b.condition(p, BREAST, "2015-01-01")
    b.condition(p, 900110, "2016-01-01")
    b.measure(p, 900133, "2016-01-02")
    b.drug(p, 1348265, "2016-02-01", drug_exposure_end_date="2017-02-01")


def _sparse(b: Builder, p: int) -> None:
    b.person(p, gender_concept_id=0, year_of_birth=None)
    b.condition(p, BREAST, "2019-01-01")
    b.measure(p, 900130, "2019-01-05")
    b.condition(p, 0, "2019-02-01", condition_source_value="Z99.9 unknown")
    b.measure(p, 2000100002, "2019-03-01")


def _others(b: Builder) -> None:
    # 4: M0. 5: lung cancer with a metastasis. 6: axillary nodes only. 7: neither. 8: the
    # metastasis is linked to a lung cancer. 9: denied.
    for person in range(4, 10):
        b.person(person)
    b.condition(4, BREAST, "2019-01-01")
    b.measure(4, 900132, "2019-01-01")
    b.condition(5, 258369, "2019-01-01")
    b.condition(5, 900111, "2019-02-01")
    b.condition(6, BREAST, "2019-01-01")
    b.condition(6, 900112, "2019-01-01")
    b.condition(7, 201826, "2019-01-01")
    b.condition(8, BREAST, "2012-01-01")
    lung = b.condition(8, 258369, "2019-01-01")
    b.measure(8, 36768862, "2019-02-01", **b.about(FIELD_CONDITION, lung))
    b.condition(9, BREAST, "2019-01-01")
    b.measure(9, LIVER_M, "2019-02-01", value_as_concept_id=45880296)
