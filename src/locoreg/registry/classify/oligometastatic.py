"""Oligometastatic states by three definitions, as of a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.classify.asof import drop
from locoreg.registry.classify.history import make_questions
from locoreg.registry.classify.options import LesionOptions, OligometastaticOptions

if TYPE_CHECKING:
    import duckdb

QUESTIONS = (
    "polymetastatic_before",
    "oligometastatic_before",
    "metachronous",
    "on_systemic_therapy",
    "progressive",
)
NINE_STATES = (
    "synchronous_oligometastatic",
    "metachronous_oligorecurrence",
    "metachronous_oligoprogression",
    "repeat_oligorecurrence",
    "repeat_oligoprogression",
    "repeat_oligopersistence",
    "induced_oligorecurrence",
    "induced_oligoprogression",
    "induced_oligopersistence",
)


def tree_sql(therapy: str = "on_systemic_therapy") -> tuple[str, str]:
    """Return the EORTC/ESTRO decision tree as SQL: the state, and the question left open.

    Parameters
    ----------
    therapy : str
        Column that answers whether systemic therapy is active.

    Returns
    -------
    tuple of str
        Two expressions over the columns named in ``QUESTIONS``, each yes, no or unknown.

    Notes
    -----
    Guckenberger et al., Lancet Oncol 2020;21:e18-e28. A first oligometastasis that appears under
    active systemic therapy is progression: there is no metachronous oligopersistence.
    """
    genuine_first = "polymetastatic_before = 'no' AND oligometastatic_before = 'no'"
    start = """CASE WHEN polymetastatic_before = 'yes' THEN 'induced'
        WHEN oligometastatic_before = 'yes' THEN 'repeat' ELSE 'metachronous' END"""
    open_question = f"""CASE
        WHEN polymetastatic_before = 'unknown' THEN 'polymetastatic_before'
        WHEN polymetastatic_before = 'no' AND oligometastatic_before = 'unknown'
            THEN 'oligometastatic_before'
        WHEN {genuine_first} AND metachronous = 'unknown' THEN 'metachronous'
        WHEN {genuine_first} AND metachronous = 'no' THEN NULL
        WHEN {therapy} = 'unknown' THEN 'on_systemic_therapy'
        WHEN {genuine_first} OR {therapy} = 'no' THEN NULL
        WHEN progressive = 'unknown' THEN 'progressive' END"""
    state = f"""CASE WHEN ({open_question}) IS NOT NULL THEN 'undetermined'
        WHEN {genuine_first} AND metachronous = 'no' THEN 'synchronous_oligometastatic'
        WHEN {therapy} = 'no' THEN ({start}) || '_oligorecurrence'
        WHEN {genuine_first} OR progressive = 'yes' THEN ({start}) || '_oligoprogression'
        ELSE ({start}) || '_oligopersistence' END"""
    return state, open_question


def build(
    con: duckdb.DuckDBPyConnection, options: OligometastaticOptions, lesions: LesionOptions
) -> None:
    """Make ``d_oligometastatic``: the state by each definition, and why it is undetermined.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``lesions.build``, with a table ``judgement`` (patient_id, date, treatable).
    options : OligometastaticOptions
        Limits and what counts as evidence.
    lesions : LesionOptions
        Which imaging is current.
    """
    make_questions(con, options, lesions)
    _make_judged(con, options)
    most = options.max_lesions
    therapy = "with" if options.adjuvant_endocrine_is_active else "without"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE burden AS
        SELECT l.*, f.met_min, q.* EXCLUDE (patient_id),
            q.therapy_{therapy}_adjuvant AS on_systemic_therapy, {_treatable(options)} AS treatable,
            {_size(options)} AS size_fits,
            CASE WHEN f.met_min IS NULL AND n_lesions_listed_max = 0
                    AND coalesce(n_lesions_reason, '') NOT LIKE '%across%'
                    THEN 'no_metastasis_known'
                WHEN n_lesions_min > {most} THEN 'polymetastatic'
                WHEN n_lesions_max = 0 THEN 'no_lesion_present'
                WHEN n_lesions_min >= 1 AND n_lesions_max <= {most} THEN 'few'
                ELSE 'undetermined' END AS burden
        FROM d_lesions l JOIN first_met f USING (patient_id) JOIN questions q USING (patient_id)
        LEFT JOIN judged j USING (patient_id)""")
    state, open_question = tree_sql()
    variants = ", ".join(
        f"CASE burden WHEN 'few' THEN {tree_sql(f'therapy_{name}_adjuvant')[0]} ELSE burden END "
        f"AS eortc_estro_{label}"
        for name, label in (
            ("with", "if_adjuvant_endocrine_is_active"),
            ("without", "if_adjuvant_endocrine_is_not_active"),
        )
    )
    counted = "coalesce(n_lesions_reason, 'number_of_lesions')"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_oligometastatic AS
        SELECT patient_id, n_lesions_min, n_lesions_max,
            CASE burden WHEN 'few' THEN {_abc5()} ELSE burden END AS abc5,
            CASE burden WHEN 'undetermined' THEN {counted} WHEN 'few' THEN
                nullif(concat_ws(';', CASE WHEN treatable = 'unknown' AND size_fits <> 'no'
                        THEN 'treatable' END,
                    CASE WHEN size_fits = 'unknown' AND treatable <> 'no' THEN 'size' END), '') END
                AS abc5_reason,
            CASE burden WHEN 'few' THEN {_estro_astro()} ELSE burden END AS estro_astro,
            CASE burden WHEN 'undetermined' THEN {counted} WHEN 'few' THEN
                CASE WHEN treatable <> 'no' THEN nullif(concat_ws(';',
                    CASE WHEN treatable = 'unknown' THEN 'treatable' END,
                    CASE WHEN polymetastatic_before = 'unknown' THEN 'polymetastatic_before' END),
                    '') END END AS estro_astro_reason,
            CASE burden WHEN 'few' THEN {state} ELSE burden END AS eortc_estro,
            CASE burden WHEN 'undetermined' THEN {counted} WHEN 'few' THEN {open_question} END
                AS eortc_estro_reason,
            {variants}, {", ".join(QUESTIONS)}, treatable,
            diagnosis_min AS state_diagnosis_date_min, diagnosis_max AS state_diagnosis_date_max
        FROM burden""")
    drop(
        con,
        "burden",
        "questions",
        "therapy",
        "line_kind",
        "progress",
        "past_count",
        "concurrent",
        "judged",
    )


def _make_judged(con: duckdb.DuckDBPyConnection, options: OligometastaticOptions) -> None:
    """Make ``judged``: whether all lesions can be treated, judged at the current diagnosis."""
    if options.treatability == "all_sites_treated":
        source = """
            SELECT t.patient_id, t.d_min AS day, t.all_sites_treated AS treatable
            FROM known_local_therapy t JOIN diagnosis d USING (patient_id)
            WHERE t.d_min >= d.diagnosis_min AND t.all_sites_treated IS NOT NULL"""
    else:
        source = """
            SELECT d.patient_id, j.date AS day, j.treatable
            FROM judgement j JOIN as_of a ON a.pseudonym = j.patient_id
            JOIN diagnosis d ON d.patient_id = a.patient_id
            WHERE j.date <= d.as_of AND j.date >= d.window_start AND j.treatable IS NOT NULL"""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE judged AS
        WITH judgements AS ({source})
        SELECT patient_id, CASE WHEN count(DISTINCT treatable) = 1 THEN any_value(treatable) END
            AS treatable
        FROM (SELECT *, max(day) OVER (PARTITION BY patient_id) AS latest FROM judgements)
        WHERE day = latest GROUP BY patient_id""")


def _abc5() -> str:
    return """CASE WHEN treatable = 'no' OR size_fits = 'no' THEN 'not_oligometastatic'
        WHEN treatable = 'yes' AND size_fits = 'yes' THEN 'oligometastatic'
        ELSE 'undetermined' END"""


def _estro_astro() -> str:
    return """CASE WHEN treatable = 'no' THEN 'not_oligometastatic'
        WHEN treatable = 'unknown' OR polymetastatic_before = 'unknown' THEN 'undetermined'
        WHEN polymetastatic_before = 'yes' THEN 'induced_oligometastatic'
        ELSE 'oligometastatic' END"""


def _treatable(options: OligometastaticOptions) -> str:
    if options.treatability == "assumed":
        return "'yes'"
    return "CASE j.treatable WHEN true THEN 'yes' WHEN false THEN 'no' ELSE 'unknown' END"


def _size(options: OligometastaticOptions) -> str:
    if options.largest_lesion_mm is None:
        return "'yes'"
    limit = options.largest_lesion_mm
    return f"""CASE WHEN largest_mm > {limit} THEN 'no'
        WHEN n_measured >= n_lesions_max THEN 'yes' ELSE 'unknown' END"""
