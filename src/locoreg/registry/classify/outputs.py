"""The tables that the rules make, and what their summaries count."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A table that a rule makes, and what its summary counts.

    Attributes
    ----------
    name, table, rule : str
        Name of the derivation, table in DuckDB, rule.
    options : tuple of str
        Parts of ``ClassifyOptions`` that it uses.
    counted : dict
        Variables to count, with the column of the reason (or an empty text).
    flags : dict
        Words by SQL condition.
    of_patient : tuple of str
        Columns that enter the table of patients.
    order : str
        Columns that sort the rows.
    """

    name: str
    table: str
    rule: str
    options: tuple[str, ...] = ()
    counted: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    of_patient: tuple[str, ...] = ()
    order: str = "patient_id"


SENSITIVITY = (
    "patients whose EORTC/ESTRO state hangs on whether adjuvant endocrine therapy is active "
    "systemic therapy"
)
# Told when it is 0 too, and no issue of a patient.
ALWAYS_SAID = (SENSITIVITY,)
OUTPUTS: tuple[Output, ...] = (
    Output(
        name="subtype",
        table="d_subtype",
        rule="subtype",
        options=("primary", "subtype"),
        counted={
            "subtype": "subtype_reason",
            "subtype_primary": "subtype_reason_primary",
            "subtype_metastasis": "subtype_reason_metastasis",
            "er_conversion": "",
            "pr_conversion": "",
            "her2_conversion": "",
        },
        flags={
            "patients with a percentage of cells against the laboratory's interpretation": (
                "number_against_interpretation"
            ),
            "patients with assays of one day that contradict each other": (
                "'contradictory' IN (er_primary, pr_primary, her2_primary, er_metastasis, "
                "pr_metastasis, her2_metastasis)"
            ),
        },
        of_patient=(
            "subtype",
            "subtype_from",
            "subtype_reason",
            "subtype_primary",
            "subtype_metastasis",
            "er_primary",
            "pr_primary",
            "her2_primary",
            "er_metastasis",
            "pr_metastasis",
            "her2_metastasis",
            "er_low_primary",
            "her2_low_primary",
            "er_low_metastasis",
            "her2_low_metastasis",
            "er_conversion",
            "pr_conversion",
            "her2_conversion",
            "converted",
        ),
    ),
    Output(
        name="receptors",
        table="d_receptors",
        rule="subtype",
        options=("primary", "subtype"),
        order="patient_id, context",
    ),
    Output(
        name="intervals",
        table="d_intervals",
        rule="intervals",
        options=("primary", "intervals"),
        counted={"mfi_days": "mfi_reason", "dfi_days": "dfi_reason"},
        flags={
            "patients whose metastatic line or sample of a metastasis is dated before the first "
            "metastasis": "mfi_indirect_earlier",
            "patients with several primaries": "n_primaries > 1",
        },
        of_patient=(
            "first_metastasis_date_min",
            "first_metastasis_date_max",
            "mfi_days",
            "mfi_days_min",
            "mfi_days_max",
            "mfi_reason",
            "dfi_days",
            "dfi_days_min",
            "dfi_days_max",
            "dfi_reason",
            "interval_origin",
        ),
    ),
    Output(
        name="de_novo",
        table="d_de_novo",
        rule="de_novo",
        options=("primary", "de_novo"),
        counted={"de_novo": "de_novo_reason"},
        flags={
            "patients with M1 whose first distant metastasis was seen outside the window": (
                "de_novo_contradiction = 'M1_but_first_seen_outside_the_window'"
            ),
            "patients with M0 and a distant metastasis seen in the window": (
                "de_novo_contradiction = 'M0_but_seen_in_the_window'"
            ),
        },
        of_patient=(
            "de_novo",
            "de_novo_reason",
            "de_novo_basis",
            "metastasis_days_from_diagnosis_min",
            "metastasis_days_from_diagnosis_max",
        ),
    ),
    Output(
        name="lesions",
        table="d_lesions",
        rule="lesions",
        options=("lesions",),
        counted={"n_lesions": "n_lesions_reason"},
        flags={
            "patients with more lesions listed than the imaging counts": "more_lesions_than_counted"
        },
        of_patient=(
            "n_lesions",
            "n_lesions_min",
            "n_lesions_max",
            "n_lesions_reason",
            "organs",
            "n_organs",
            "largest_mm",
        ),
    ),
    Output(
        name="oligometastatic",
        table="d_oligometastatic",
        rule="oligometastatic",
        options=("primary", "lesions", "oligometastatic"),
        counted={
            "abc5": "abc5_reason",
            "estro_astro": "estro_astro_reason",
            "eortc_estro": "eortc_estro_reason",
        },
        flags={
            SENSITIVITY: (
                "eortc_estro_if_adjuvant_endocrine_is_active IS DISTINCT FROM "
                "eortc_estro_if_adjuvant_endocrine_is_not_active"
            )
        },
        of_patient=(
            "abc5",
            "abc5_reason",
            "estro_astro",
            "estro_astro_reason",
            "eortc_estro",
            "eortc_estro_reason",
        ),
    ),
    Output(
        name="lines",
        table="d_lines",
        rule="lines",
        counted={"line_no_from": "line_no_reason"},
        flags={"lines whose stated number differs from the order of dates": "line_no_differs"},
        order="patient_id, start_date_min, line_id",
    ),
    Output(
        name="current_line",
        table="d_current_line",
        rule="lines",
        counted={"line_no": "line_no_reason"},
        of_patient=(
            "line_no",
            "line_no_stated",
            "line_no_from_dates",
            "line_active",
            "line_no_reason",
        ),
    ),
    Output(
        name="response",
        table="d_response",
        rule="response",
        counted={"latest_response": "", "best_response": "best_response_reason"},
        flags={"patients with several responses on the latest day": "latest_responses_differ"},
        of_patient=(
            "latest_response",
            "latest_response_date",
            "best_response",
            "best_response_date",
            "best_response_reason",
        ),
    ),
    Output(
        name="sabr",
        table="d_sabr",
        rule="sabr",
        options=("sabr",),
        counted={"sabr": "sabr_reason", "sabr_basis": ""},
        flags={
            "courses taken for SABR whose intent is not recorded": "inferred_without_intent",
            "courses whose code and dose disagree": "code_against_dose",
        },
        order="patient_id, start_date, lt_id",
    ),
    Output(
        name="local_therapy",
        table="d_local_therapy",
        rule="local_therapy",
        options=("primary", "sabr"),
        order="patient_id, start_date, lt_id",
    ),
    Output(
        name="resection",
        table="d_resection",
        rule="resection",
        options=("lesions",),
        counted={
            "complete_resection_of_metastases": "complete_resection_reason",
            "complete_resection_with_primary": "",
        },
        of_patient=(
            "complete_resection_of_metastases",
            "complete_resection_reason",
            "complete_resection_with_primary",
            "last_resection_date_min",
            "last_resection_date_max",
        ),
    ),
    Output(
        name="ctdna",
        table="d_ctdna",
        rule="ctdna",
        options=("ctdna",),
        counted={"status": "status_reason"},
        order="patient_id, date_min",
    ),
    Output(
        name="ctdna_status",
        table="d_ctdna_status",
        rule="ctdna",
        options=("ctdna",),
        counted={"ctdna_status": "ctdna_reason"},
        of_patient=(
            "ctdna_status",
            "ctdna_reason",
            "ctdna_date_min",
            "ctdna_date_max",
        ),
    ),
)
