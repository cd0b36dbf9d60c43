"""Rules about rows: a patient that breaks each, and one that comes close and does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Edit = Mapping[str, Any]
DX, MET, END = "2015-03-10", "2017-06-20", "2019-04-15"

# Rule: what breaks it, what comes close. "table": changes of its first row; "table+": rows added;
# "table-": rows taken away. The patient is female, born 1946, diagnosed 2015-03-10, metastatic
# 2017-06-20 and under observation from then on, dead 2019-04-15. "@" stands for the patient's id.
CASES: dict[str, tuple[tuple[Edit, Edit], ...]] = {
    "patient-unknown": (
        (
            {"performance+": [{"patient_id": "@-nobody", "ecog": 1}]},
            {"performance+": [{"patient_id": "@", "ecog": 1}]},
        ),
    ),
    "reference-unknown": (
        ({"receptor_assay": {"tumour_id": "@-none"}}, {"receptor_assay": {"tumour_id": None}}),
        ({"systemic_drug": {"line_id": "@-none"}}, {"systemic_drug": {"line_id": "@-S2"}}),
        ({"lesion_measurement": {"assess_id": "@-none"}}, {}),
        (
            {"local_therapy+": [{"lesion_id": "@-none"}]},
            {"local_therapy+": [{"lesion_id": "@-L1"}]},
        ),
        (
            {"adverse_event+": [{"term": "Pain", "lt_id": "@-none"}]},
            {
                "local_therapy+": [{"lt_id": "@-X"}],
                "adverse_event+": [{"term": "Pain", "lt_id": "@-X"}],
            },
        ),
    ),
    "reference-other-patient": (
        ({"receptor_assay": {"tumour_id": "other-T"}}, {"receptor_assay": {"tumour_id": "@-T"}}),
        ({"local_therapy+": [{"lesion_id": "other-L0"}]}, {}),
    ),
    "snomed-identifier": (
        (
            {"lesion": {"snomed_body_site": "10200005"}},
            {"lesion": {"snomed_body_site": "39607008"}},
        ),
        ({"lesion": {"snomed_body_site": "26929004.0"}}, {}),
        (
            {"comorbidity": {"code": "3.8341E+07"}},
            {"comorbidity": {"code": "I10", "system": "ICD-10"}},
        ),
        (
            {"local_therapy+": [{"procedure_code": "392021010", "procedure_system": "SNOMED CT"}]},
            {"local_therapy+": [{"procedure_code": "392021009", "procedure_system": "SNOMED CT"}]},
        ),
        # Descriptions and relationships have identifiers too, with another partition.
        ({"lesion": {"snomed_body_site": "125605000016"}}, {}),
    ),
    "icd-o-syntax": (
        ({"primary_tumour": {"topography": "C504"}}, {"primary_tumour": {"topography": "C50"}}),
        ({"primary_tumour": {"morphology": "85003"}}, {"primary_tumour": {"morphology": "8520/3"}}),
    ),
    "tnm-syntax": (
        ({"primary_tumour": {"ct": "pT2"}}, {"primary_tumour": {"ct": "T1mi"}}),
        ({"primary_tumour": {"cn": "1"}}, {"primary_tumour": {"pn": "N0(i+)(sn)"}}),
        ({"primary_tumour": {"cm": "M9"}}, {"primary_tumour": {"cm": "M0(i+)"}}),
        ({"primary_tumour": {"stage_group": "2B"}}, {"primary_tumour": {"stage_group": "IIIC"}}),
    ),
    "reason-beside-value": (
        (
            {"patient": {"birth_year_reason": "not_recorded"}},
            {
                "patient": {
                    "menopausal_status_dx": None,
                    "menopausal_status_dx_reason": "not_recorded",
                }
            },
        ),
        ({"primary_tumour": {"dx_date_reason": "not_done"}}, {}),
    ),
    "precision-missing": (
        ({"primary_tumour": {"dx_date_precision": None}}, {"primary_tumour": {"dx_date": "2015"}}),
    ),
    "precision-not-period-start": (
        (
            {"primary_tumour": {"dx_date_precision": "month"}},
            {"primary_tumour": {"dx_date": "2015-03"}},
        ),
        (
            {"primary_tumour": {"dx_date_precision": "year"}},
            # A month after an origin that is no calendar day begins on any day.
            {"patient": {"calendar": "relative"}, "primary_tumour": {"dx_date_precision": "month"}},
        ),
    ),
    "unknown-as-value": (
        ({"systemic_line": {"regimen": "Unk/ND"}}, {"systemic_line": {"regimen": "unknown to us"}}),
    ),
    "death-before-diagnosis": (
        ({"patient": {"death_date": "2015-03-09"}}, {"patient": {"death_date": "2015-03"}}),
        ({"patient": {"death_date": "2015-02"}}, {"patient": {"death_date": "2015"}}),
    ),
    "death-before-entry": (
        ({"patient": {"death_date": "2017-06-19"}}, {"patient": {"death_date": "2017-06"}}),
    ),
    "surgery-before-diagnosis": (
        (
            {"local_therapy+": [{"start_date": "2015-03-09", "modality": "surgery"}]},
            {"local_therapy+": [{"start_date": "2015-03-10", "modality": "surgery"}]},
        ),
        (
            {"local_therapy+": [{"start_date": "2014", "modality": "surgery"}]},
            {"local_therapy+": [{"start_date": "2015", "modality": "surgery"}]},
        ),
    ),
    "treatment-before-diagnosis": (
        (
            {"systemic_line+": [{"setting": "adjuvant", "start_date": "2015-02"}]},
            {"systemic_line+": [{"setting": "adjuvant", "start_date": "2015-03"}]},
        ),
        ({"local_therapy+": [{"start_date": "2015-03-09", "modality": "rfa"}]}, {}),
    ),
    "disease-before-diagnosis": (
        (
            {"lesion+": [{"organ": "bone", "first_seen_date": "2015-01-08"}]},
            {"lesion+": [{"organ": "bone", "first_seen_date": "2015-01-09"}]},
        ),
        ({"disease_event+": [{"date": "2014", "type": "progression"}]}, {}),
    ),
    "treatment-after-death": (
        (
            {"local_therapy+": [{"start_date": "2019-04-16"}]},
            {"local_therapy+": [{"start_date": "2019-04-15"}]},
        ),
        (
            {"systemic_drug+": [{"start_date": "2019-05"}]},
            {"systemic_drug+": [{"start_date": "2019-04"}]},
        ),
    ),
    "event-after-death": (
        (
            {"disease_event+": [{"date": "2019-04-16", "type": "progression"}]},
            {"disease_event+": [{"date": "2019", "type": "progression"}]},
        ),
    ),
    "imaging-after-death": (
        (
            {"imaging_assessment+": [{"date": "2019-04-16"}]},
            {"imaging_assessment+": [{"date": "2019-04-15"}]},
        ),
    ),
    "record-after-death": (
        (
            {"biomarker+": [{"analyte": "CTC", "date": "2020"}]},
            {"biomarker+": [{"analyte": "CTC", "date": "2019"}]},
        ),
    ),
    "follow-up-after-death": (
        (
            {"patient": {"last_contact_date": "2019-04-16"}},
            {"patient": {"last_contact_date": "2019-04"}},
        ),
    ),
    "end-after-death": (
        (
            {"systemic_line+": [{"start_date": "2019-04-01", "end_date": "2019-04-20"}]},
            {"systemic_line+": [{"start_date": "2019-04-01", "end_date": "2019-04"}]},
        ),
    ),
    "treatment-after-last-contact": (
        (
            {
                "patient": {"last_contact_date": "2019-03-31"},
                "local_therapy+": [{"start_date": "2019-04-01"}],
            },
            {
                "patient": {"last_contact_date": "2019-04"},
                "local_therapy+": [{"start_date": "2019-04-15"}],
            },
        ),
    ),
    "record-after-last-contact": (
        (
            {
                "patient": {"last_contact_date": "2019-03-31"},
                "performance+": [{"date": "2019-04-01"}],
            },
            {"performance+": [{"date": "2019-04-15"}]},
        ),
    ),
    "last-contact-before-entry": (
        (
            {"patient": {"last_contact_date": "2017-06-19"}},
            {"patient": {"last_contact_date": "2017-06-20"}},
        ),
    ),
    "last-contact-before-diagnosis": (
        (
            {"patient": {"last_contact_date": "2015-03-09", "entry_date": None}},
            {"patient": {"last_contact_date": "2015-03-10", "entry_date": None}},
        ),
    ),
    "end-before-start": (
        (
            {"systemic_line": {"end_date": "2017-06-26"}},
            {"systemic_line": {"end_date": "2017-06-27"}},
        ),
        (
            {"observation_window": {"end_date": "2017-05"}},
            {"observation_window": {"end_date": "2017"}},
        ),
    ),
    "vital-status": (
        ({"patient": {"death_date": None}}, {"patient": {"vital_status": None}}),
        ({"patient": {"vital_status": "alive"}}, {}),
        (
            {"patient": {"death_date": None, "vital_status": "alive"}},
            {"patient": {"death_date": None, "vital_status": "alive", "death_cause": None}},
        ),
        (
            {
                "patient": {"death_date": None, "vital_status": None, "death_cause": None},
                "disease_event+": [{"type": "death", "date": END}],
            },
            {"disease_event+": [{"type": "death", "date": END}]},
        ),
    ),
    "death-dates-differ": (
        (
            {"disease_event+": [{"type": "death", "date": "2019-04-14"}]},
            {"disease_event+": [{"type": "death", "date": "2019-04"}]},
        ),
    ),
    "age-at-diagnosis": (
        ({"patient": {"birth_year": 2001}}, {"patient": {"birth_year": 2000}}),
        ({"patient": {"birth_year": 1904}}, {"patient": {"birth_year": 1905}}),
        ({}, {"patient": {"birth_year": 1704, "calendar": "relative"}}),
    ),
    "interval-too-long": (
        ({"primary_tumour": {"dx_date": "1977-01"}}, {"primary_tumour": {"dx_date": "1977-07"}}),
        ({"patient": {"birth_year": 1908}}, {"patient": {"birth_year": 1909}}),
        # At diagnosis already too old: age-at-diagnosis says it.
        ({}, {"patient": {"birth_year": 1880}}),
    ),
    "date-in-future": (
        (
            {"performance+": [{"date": "2095-01-01"}]},
            {"patient": {"calendar": "shifted"}, "performance+": [{"date": "2095-01-01"}]},
        ),
    ),
    "date-placeholder": (
        ({"performance+": [{"date": "1900-01-01"}]}, {"performance+": [{"date": "2016-01-01"}]}),
        ({"performance+": [{"date": "1970-01-01"}]}, {"performance+": [{"date": "1970-01-02"}]}),
    ),
    "size-range": (
        ({"primary_tumour": {"size_mm": 0.0}}, {"primary_tumour": {"size_mm": 0.1}}),
        ({"primary_tumour": {"size_mm": 300.5}}, {"primary_tumour": {"size_mm": 300.0}}),
        ({"primary_tumour": {"size_mm": float("nan")}}, {}),
        (
            {"lesion_measurement": {"longest_mm": 0.0}},
            {"lesion_measurement": {"longest_mm": 0.0, "short_axis_mm": 0.0, "state": "absent"}},
        ),
        ({"lesion_measurement": {"short_axis_mm": -1.0}}, {}),
        (
            {"local_therapy+": [{"closest_margin_mm": -1.0}]},
            {"local_therapy+": [{"closest_margin_mm": 0.0}]},
        ),
    ),
    "short-axis-longer": (
        (
            {"lesion_measurement": {"short_axis_mm": 15.1}},
            {"lesion_measurement": {"short_axis_mm": 15.0}},
        ),
    ),
    "number-for-unknown": (
        ({"imaging_assessment": {"n_lesions": 99}}, {"imaging_assessment": {"n_lesions": 98}}),
        ({"primary_tumour": {"size_mm": 999.0}}, {"primary_tumour": {"size_mm": 99.0}}),
        ({"patient": {"birth_year": 9999}}, {}),
    ),
    "percent-range": (
        ({"receptor_assay": {"value_num": 100.5}}, {"receptor_assay": {"value_num": 100.0}}),
        (
            {"receptor_assay+": [{"marker": "KI67", "value_num": -1.0, "value_unit": "%"}]},
            {"receptor_assay+": [{"marker": "KI67", "value_num": 0.0, "value_unit": "%"}]},
        ),
    ),
    "ratio-range": (
        (
            {"receptor_assay+": [{"marker": "HER2_ISH", "value_num": 31.0, "value_unit": "ratio"}]},
            {"receptor_assay+": [{"marker": "HER2_ISH", "value_num": 30.0, "value_unit": "ratio"}]},
        ),
    ),
    "value-unit": (
        ({"receptor_assay": {"value_unit": None}}, {"receptor_assay": {"value_unit": "%"}}),
        ({"receptor_assay": {"value_unit": "ratio"}}, {}),
        (
            {"biomarker+": [{"analyte": "CEA", "value": 3.0}]},
            {"biomarker+": [{"analyte": "CEA", "value": 3.0, "unit": "ug/L"}]},
        ),
        (
            {"systemic_drug": {"dose_unit": None}},
            {"systemic_drug": {"dose_unit": None, "dose": None}},
        ),
    ),
    "dose-in-cgy": (
        (
            {"local_therapy+": [{"modality": "sabr", "dose_gy": 3000.0, "fractions": 3}]},
            {"local_therapy+": [{"modality": "conventional_rt", "dose_gy": 80.0, "fractions": 40}]},
        ),
    ),
    "dose-range": (
        (
            {"local_therapy+": [{"modality": "sabr", "dose_gy": 36.0, "fractions": 1}]},
            {"local_therapy+": [{"modality": "sabr", "dose_gy": 34.0, "fractions": 1}]},
        ),
        (
            {"local_therapy+": [{"modality": "sabr", "dose_gy": 30.0, "fractions": 0}]},
            {"local_therapy+": [{"modality": "sabr", "dose_gy": 24.0, "fractions": 3}]},
        ),
        ({"local_therapy+": [{"modality": "conventional_rt", "dose_gy": 0.0}]}, {}),
        (
            {"local_therapy+": [{"modality": "conventional_rt", "dose_gy": 10.0, "fractions": 51}]},
            {},
        ),
    ),
    "sabr-without-ablative-dose": (
        (
            {"local_therapy+": [{"modality": "sabr", "dose_gy": 50.0, "fractions": 25}]},
            {"local_therapy+": [{"modality": "sabr", "dose_gy": 50.0, "fractions": 10}]},
        ),
    ),
    "treatment-columns": (
        (
            {"local_therapy+": [{"modality": "surgery", "dose_gy": 50.0}]},
            {"local_therapy+": [{"modality": "other", "dose_gy": 50.0}]},
        ),
        (
            {"local_therapy+": [{"modality": "sabr", "margin": "R0"}]},
            {"local_therapy+": [{"modality": "surgery", "margin": "R0"}]},
        ),
    ),
    "ecog-5-alive": (
        (
            {"performance+": [{"ecog": 5, "date": "2019-04-14"}]},
            {"performance+": [{"ecog": 5, "date": "2019-04-15"}]},
        ),
    ),
    "fatal-event-alive": (
        (
            {
                "patient": {"death_date": None, "vital_status": "alive", "death_cause": None},
                "adverse_event+": [{"term": "Sepsis", "grade": 5}],
            },
            {"adverse_event+": [{"term": "Sepsis", "grade": 5}]},
        ),
        (
            {
                "patient": {"death_date": None, "vital_status": "alive", "death_cause": None},
                "local_therapy+": [{"clavien_dindo": "V"}],
            },
            {"local_therapy+": [{"clavien_dindo": "V"}]},
        ),
        (
            {
                "patient": {"death_date": None, "vital_status": "alive", "death_cause": None},
                "systemic_line": {"end_reason": "death"},
            },
            # Known to be dead, the day is not: vital-status says that.
            {"patient": {"death_date": None}, "systemic_line": {"end_reason": "death"}},
        ),
    ),
    "karnofsky-range": (({"performance": {"karnofsky": 85}}, {"performance": {"karnofsky": 100}}),),
    "m0-with-distant-lesion": (
        (
            {"lesion+": [{"organ": "bone", "first_seen_date": "2015-04-09"}]},
            {"lesion+": [{"organ": "bone", "first_seen_date": "2015-04-10"}]},
        ),
        (
            {"lesion+": [{"organ": "liver", "first_seen_date": "2015-03-01"}]},
            {
                "lesion+": [
                    {"organ": "regional_ln", "first_seen_date": "2015-03-10", "is_regional": True}
                ]
            },
        ),
        (
            {},
            {
                "primary_tumour": {"cm": "M1", "stage_group": "IV"},
                "lesion+": [{"organ": "bone", "first_seen_date": "2015-03-10"}],
            },
        ),
    ),
    "m1-without-metastasis": (
        (
            {
                "primary_tumour": {"cm": "M1", "stage_group": "IV"},
                "lesion-": True,
                "receptor_assay-": True,
                "lesion_measurement-": True,
                "disease_event-": True,
            },
            {"primary_tumour": {"cm": "M1", "stage_group": "IV"}},
        ),
    ),
    "stage-against-m": (
        ({"primary_tumour": {"stage_group": "IV"}}, {"primary_tumour": {"stage_group": "IIIC"}}),
        ({"primary_tumour": {"cm": "M1"}}, {"primary_tumour": {"cm": "M1", "stage_group": "IV"}}),
    ),
    "not-a-breast-primary": (
        ({"primary_tumour": {"topography": "C34.1"}}, {"primary_tumour": {"topography": "C50.9"}}),
        (
            {"primary_tumour": {"morphology": "8500/6"}},
            {"primary_tumour": {"morphology": "8500/2"}},
        ),
    ),
    "sex-against-findings": (
        ({"patient": {"sex": "male"}}, {"patient": {"sex": "male", "menopausal_status_dx": None}}),
        (
            {
                "patient": {"sex": "male", "menopausal_status_dx": None},
                "lesion+": [{"organ": "ovary"}],
            },
            {"lesion+": [{"organ": "ovary"}]},
        ),
    ),
    "menopause-against-age": (
        (
            {"patient": {"menopausal_status_dx": "pre"}},
            {"patient": {"menopausal_status_dx": "pre", "birth_year": 1953}},
        ),
        ({"patient": {"birth_year": 1986}}, {"patient": {"birth_year": 1985}}),
    ),
    "side-of-treatment": (
        (
            {"local_therapy+": [{"target": "primary", "tumour_id": "@-T", "laterality": "left"}]},
            {"local_therapy+": [{"target": "primary", "tumour_id": "@-T", "laterality": "right"}]},
        ),
        (
            {},
            {
                "local_therapy+": [
                    {"target": "primary", "tumour_id": "@-T", "laterality": "bilateral"}
                ]
            },
        ),
    ),
    "lesion-count": (
        ({"imaging_assessment": {"n_lesions": -1}}, {"imaging_assessment": {"n_lesions": 0}}),
        (
            {"imaging_assessment+": [{"n_lesions": 0, "response": "PD"}]},
            {"imaging_assessment+": [{"n_lesions": 0, "response": "CR"}]},
        ),
    ),
    "biomarker-detection": (
        (
            {
                "biomarker+": [
                    {
                        "analyte": "ctDNA_fraction",
                        "value": 0.1,
                        "unit": "%",
                        "lod": 0.2,
                        "detected": True,
                    }
                ]
            },
            {
                "biomarker+": [
                    {
                        "analyte": "ctDNA_fraction",
                        "value": 0.2,
                        "unit": "%",
                        "lod": 0.2,
                        "detected": True,
                    }
                ]
            },
        ),
        (
            {"biomarker+": [{"analyte": "VAF", "value": 1.2, "unit": "1"}]},
            {"biomarker+": [{"analyte": "VAF", "value": 1.2, "unit": "%"}]},
        ),
        (
            {"biomarker+": [{"analyte": "CEA", "value": -0.1, "unit": "ug/L"}]},
            # Levels of a miRNA are given relative to others, on a log scale.
            {"biomarker+": [{"analyte": "miR-21", "value": -0.1, "unit": "1"}]},
        ),
    ),
    "answer-range": (
        (
            {"qol_response+": [{"instrument": "QLQ-C30", "item": "28", "value": 5}]},
            {"qol_response+": [{"instrument": "QLQ-C30", "item": "29", "value": 7}]},
        ),
        (
            {"qol_response+": [{"instrument": "FACT-B", "item": "GP1", "value": 5}]},
            {"qol_response+": [{"instrument": "FACT-B", "item": "GP1", "value": 9}]},
        ),
    ),
    "hormone-receptor-contradiction": (
        (
            {"receptor_assay": {"interpretation": "negative"}},
            {"receptor_assay": {"interpretation": "negative", "value_num": 9.0}},
        ),
        ({"receptor_assay": {"value_num": 0.5}}, {"receptor_assay": {"value_num": 1.0}}),
        (
            {"receptor_assay": {"value_num": 1.0, "operator": "<"}},
            {"receptor_assay": {"value_num": 1.0, "operator": "<", "interpretation": "negative"}},
        ),
        ({"receptor_assay": {"value_code": "neg"}}, {"receptor_assay": {"value_code": "pos"}}),
    ),
    "hormone-receptor-old-cut-off": (
        (
            {"receptor_assay": {"interpretation": "negative", "value_num": 9.0}},
            {"receptor_assay": {"interpretation": "negative", "value_num": 0.9}},
        ),
    ),
    "her2-contradiction": (
        (
            {
                "receptor_assay+": [
                    {"marker": "HER2_IHC", "value_code": "3+", "interpretation": "negative"}
                ]
            },
            {
                "receptor_assay+": [
                    {"marker": "HER2_IHC", "value_code": "3+", "interpretation": "positive"}
                ]
            },
        ),
        (
            {
                "receptor_assay+": [
                    {"marker": "HER2_IHC", "value_code": "0", "interpretation": "positive"}
                ]
            },
            {
                "receptor_assay+": [
                    {"marker": "HER2_IHC", "value_code": "2+", "interpretation": "equivocal"}
                ]
            },
        ),
        (
            {
                "receptor_assay+": [
                    {
                        "marker": "HER2_ISH",
                        "value_num": 2.0,
                        "value_unit": "ratio",
                        "interpretation": "negative",
                    }
                ]
            },
            {
                "receptor_assay+": [
                    {
                        "marker": "HER2_ISH",
                        "value_num": 1.99,
                        "value_unit": "ratio",
                        "interpretation": "negative",
                    }
                ]
            },
        ),
    ),
    "her2-ratio-below-cut-off": (
        (
            {
                "receptor_assay+": [
                    {
                        "marker": "HER2_ISH",
                        "value_num": 1.99,
                        "value_unit": "ratio",
                        "interpretation": "positive",
                    }
                ]
            },
            {
                "receptor_assay+": [
                    {
                        "marker": "HER2_ISH",
                        "value_num": 2.0,
                        "value_unit": "ratio",
                        "interpretation": "positive",
                    }
                ]
            },
        ),
    ),
    "her2-equivocal-decided": (
        (
            {
                "receptor_assay+": [
                    {"marker": "HER2_IHC", "value_code": "2+", "interpretation": "positive"}
                ]
            },
            {
                "receptor_assay+": [
                    {"marker": "HER2_IHC", "value_code": "2+", "interpretation": "positive"},
                    {
                        "marker": "HER2_ISH",
                        "value_num": 4.0,
                        "value_unit": "ratio",
                        "interpretation": "positive",
                    },
                ]
            },
        ),
    ),
    "receptor-results-differ": (
        (
            {
                "receptor_assay+": [
                    {
                        "marker": "ER",
                        "context": "primary",
                        "tumour_id": "@-T",
                        "sample_date": DX,
                        "interpretation": "negative",
                    }
                ]
            },
            {
                "receptor_assay+": [
                    {
                        "marker": "ER",
                        "context": "metastasis",
                        "lesion_id": "@-L0",
                        "sample_date": DX,
                        "interpretation": "negative",
                    }
                ]
            },
        ),
    ),
    "receptor-context": (
        ({"receptor_assay": {"context": "metastasis"}}, {"receptor_assay": {"context": "primary"}}),
    ),
    "lines-overlap": (
        (
            {"systemic_line": {"end_date": "2017-07-18"}},
            {"systemic_line": {"end_date": "2017-07-17"}},
        ),
        ({"systemic_line": {"end_date": "2017-08-01"}}, {"systemic_line": {"end_date": "2017-07"}}),
    ),
    "line-open-before-next": (
        (
            {"systemic_line": {"end_date": None, "end_date_reason": "not_applicable"}},
            {"systemic_line": {"end_date": None}},
        ),
    ),
    "line-order": (({"systemic_line": {"line_no": 3}}, {"systemic_line": {"line_no": 2}}),),
    "line-number-repeated": (
        (
            {"systemic_line": {"line_no": 2}},
            {"systemic_line": {"line_no": 2, "setting": "adjuvant"}},
        ),
    ),
    "line-number-range": (
        ({"systemic_line": {"line_no": 0}}, {"systemic_line": {"line_no": 1}}),
        ({"systemic_line+": [{"line_no": 26}]}, {"systemic_line+": [{"line_no": 25}]}),
    ),
    "count-below-measured": (
        (
            {
                "imaging_assessment": {"n_lesions": 1},
                "lesion_measurement+": [{"assess_id": "@-I", "lesion_id": "@-L1"}],
            },
            {
                "imaging_assessment": {"n_lesions": 1, "n_lesions_is_lower_bound": True},
                "lesion_measurement+": [{"assess_id": "@-I", "lesion_id": "@-L1"}],
            },
        ),
        (
            {},
            {
                "imaging_assessment": {"n_lesions": 1},
                "lesion_measurement+": [
                    {"assess_id": "@-I", "lesion_id": "@-L1", "state": "absent"}
                ],
            },
        ),
    ),
    "count-below-listed": (
        (
            {"imaging_assessment": {"n_lesions": 1}},
            {"imaging_assessment": {"n_lesions": 1, "n_lesions_is_lower_bound": True}},
        ),
        # Two assessments of a day add up; a lesion of another day, or a regional one, is not asked.
        (
            {
                "imaging_assessment": {"n_lesions": 0},
                "imaging_assessment+": [{"date": MET, "modality": "MRI_brain", "n_lesions": 1}],
            },
            {
                "imaging_assessment": {"n_lesions": 1},
                "imaging_assessment+": [{"date": MET, "modality": "MRI_brain", "n_lesions": 1}],
            },
        ),
        (
            {},
            {"imaging_assessment": {"n_lesions": 1}, "lesion": {"first_seen_date": "2017-06"}},
        ),
        ({}, {"imaging_assessment": {"n_lesions": 1}, "lesion": {"organ": "regional_ln"}}),
    ),
    "size-against-t": (
        (
            {"primary_tumour": {"size_mm": 2.5, "ct": "T2"}},
            {"primary_tumour": {"size_mm": 18.0, "ct": "T2"}},
        ),
        (
            {"primary_tumour": {"size_mm": 150.0, "ct": None, "pt": "T1c"}},
            {"primary_tumour": {"size_mm": 2.5, "ct": "T2", "pt": "T1a"}},
        ),
        (
            {"primary_tumour": {"size_mm": 6.0, "ct": "T3"}},
            {"primary_tumour": {"size_mm": 2.5, "ct": None, "pt": "T2", "pathologic_prefix": "yp"}},
        ),
        ({}, {"primary_tumour": {"size_mm": 2.5, "ct": "T4b"}}),
    ),
    "same-row-twice": (
        (
            {"disease_event+": [{"date": MET, "type": "distant_recurrence"}]},
            {"disease_event+": [{"date": "2017-06-21", "type": "distant_recurrence"}]},
        ),
        (
            {
                "local_therapy+": [{"start_date": MET, "modality": "surgery", "lesion_id": "@-L0"}]
                * 2
            },
            {
                "local_therapy+": [
                    {"start_date": MET, "modality": "surgery", "lesion_id": "@-L0"},
                    {"start_date": MET, "modality": "surgery", "lesion_id": "@-L1"},
                ]
            },
        ),
    ),
    "contralateral-lesion": (
        (
            {
                "lesion+": [{"organ": "contralateral_breast"}],
                "primary_tumour+": [{"laterality": "left", "dx_date": "2016-05-05"}],
            },
            {"primary_tumour+": [{"laterality": "left", "dx_date": "2016-05-05"}]},
        ),
    ),
    "contralateral-undecided": (
        ({"lesion+": [{"organ": "contralateral_breast"}]}, {"lesion+": [{"organ": "breast"}]}),
    ),
    "two-primaries-one-side": (
        (
            {"primary_tumour+": [{"laterality": "right", "dx_date": "2016-05-05"}]},
            {"primary_tumour+": [{"laterality": "left", "dx_date": "2016-05-05"}]},
        ),
    ),
    "several-primaries": (
        ({"primary_tumour+": [{"laterality": "left", "dx_date": "2016-05-05"}]}, {}),
    ),
    "second-primary-without-tumour": (
        (
            {"disease_event+": [{"type": "second_primary", "date": "2016-05-05"}]},
            {
                "disease_event+": [{"type": "second_primary", "date": "2016-05-05"}],
                "primary_tumour+": [{"laterality": "left", "dx_date": "2016-05-05"}],
            },
        ),
    ),
    "order-unknown": (
        (
            {"local_therapy+": [{"target": "lesion", "start_date": "2017-06"}]},
            {"local_therapy+": [{"target": "lesion", "start_date": "2017-07"}]},
        ),
        (
            {"local_therapy+": [{"target": "primary", "start_date": "2017"}]},
            {"local_therapy+": [{"target": "lesion", "start_date": MET}]},
        ),
        (
            {},
            {
                "local_therapy+": [
                    {"target": "lesion", "start_date": "2017-06", "intent": "diagnostic"}
                ]
            },
        ),
    ),
    "regional-as-distant": (
        (
            {"lesion+": [{"organ": "regional_ln", "is_regional": False}]},
            {"lesion+": [{"organ": "regional_ln", "is_regional": True}]},
        ),
        ({"lesion": {"is_regional": True}}, {"lesion": {"is_regional": None}}),
    ),
    "organ-unknown": (
        ({"lesion+": [{"organ_reason": "not_recorded"}]}, {"lesion+": [{"organ": "other"}]}),
    ),
}
