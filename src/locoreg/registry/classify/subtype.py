"""Receptors, subtype and conversion from receptor assays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.classify.asof import drop
from locoreg.registry.classify.options import SubtypeOptions

if TYPE_CHECKING:
    import duckdb

CONTEXTS = ("primary", "locoregional_recurrence", "metastasis")
# Which context speaks for the patient now, if known.
PRECEDENCE = ("metastasis", "locoregional_recurrence", "primary")


def build(con: duckdb.DuckDBPyConnection, options: SubtypeOptions) -> None:
    """Make ``d_subtype``, and ``d_receptors`` with one row per patient and context.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``make_first_metastasis``.
    options : SubtypeOptions
        Cut-offs and what to do with undated assays.
    """
    _make_assays(con, options)
    _make_hormone_receptors(con)
    _make_her2(con)
    _make_receptors(con)
    _make_subtype(con)
    drop(con, "assay", "hormone", "her2")


def _make_assays(con: duckdb.DuckDBPyConnection, options: SubtypeOptions) -> None:
    """Make one row per assay: what it says, and from when on it is known."""
    undated = ""
    if options.undated_assays == "use":
        undated = """
            UNION ALL BY NAME
            SELECT * REPLACE (DATE '0001-01-01' AS d_min, DATE '0001-01-01' AS d_max)
            FROM dated_receptor_assay WHERE d_min IS NULL"""
    least, low = options.receptor_positive_percent, options.er_low_percent
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE assay AS
        WITH all_assays AS (SELECT * FROM known_receptor_assay {undated}),
        -- The range that a number with its operator leaves open.
        numbers AS (
            SELECT *, CASE WHEN value_unit = '1' AND marker IN ('ER', 'PR') THEN 100 * value_num
                ELSE value_num END AS v
            FROM all_assays),
        ranges AS (
            SELECT *, coalesce(operator, '=') AS op,
                v IS NOT NULL AND (marker NOT IN ('ER', 'PR') OR (v BETWEEN 0 AND 100
                    AND coalesce(value_unit, '%') IN ('%', '1'))) AS usable
            FROM numbers)
        SELECT a.patient_id, a.context, a.marker, a.value_code, a.d_min AS sampled, a.d_max,
            CASE a.marker
                WHEN 'ER' THEN {_receptor(least)} WHEN 'PR' THEN {_receptor(least)}
                WHEN 'HER2_IHC' THEN {_IHC}
                WHEN 'HER2_ISH' THEN {_ish(options.her2_ish_ratio)}
                ELSE {_CODED} END AS result,
            CASE WHEN a.marker = 'ER' AND usable THEN
                CASE WHEN op IN ('=', '<=', '<') AND v <= {low} THEN true
                    WHEN op IN ('=', '>=') AND v > {low} THEN false
                    WHEN op = '>' AND v >= {low} THEN false END END AS low,
            CASE WHEN a.marker IN ('ER', 'PR') AND usable AND a.interpretation IS NOT NULL
                THEN a.interpretation IS DISTINCT FROM {_receptor(least)} ELSE false END
                AS against_interpretation
        FROM ranges a LEFT JOIN chosen_primary p USING (patient_id)
        WHERE a.context IS NOT NULL AND a.marker IN ('ER', 'PR', 'HER2', 'HER2_IHC', 'HER2_ISH')
            -- Assays of another primary of the patient say nothing about this one.
            AND (a.context <> 'primary' OR a.tumour_id IS NULL OR p.tumour_id IS NULL
                OR a.tumour_id = p.tumour_id)""")


_CODED = """coalesce(
    CASE value_code WHEN 'pos' THEN 'positive' WHEN 'neg' THEN 'negative'
        WHEN 'equivocal' THEN 'equivocal' END, interpretation)"""
_IHC = """coalesce(
    CASE value_code WHEN '3+' THEN 'positive' WHEN 'pos' THEN 'positive'
        WHEN '2+' THEN 'equivocal' WHEN 'equivocal' THEN 'equivocal'
        WHEN '1+' THEN 'negative' WHEN '0-1+' THEN 'negative' WHEN '0' THEN 'negative'
        WHEN 'neg' THEN 'negative' END, interpretation)"""


def _receptor(least: float) -> str:
    """Return the SQL of ER or PR: number first, then code, then the laboratory's word."""
    return f"""coalesce(
        CASE WHEN usable THEN CASE
            WHEN op IN ('=', '>=') AND v >= {least} THEN 'positive'
            WHEN op = '>' AND v >= {least} THEN 'positive'
            WHEN op IN ('=', '<=') AND v < {least} THEN 'negative'
            WHEN op = '<' AND v <= {least} THEN 'negative' END END, {_CODED})"""


def _ish(ratio: float) -> str:
    """Return the SQL of ISH: the laboratory's word first, then the ratio.

    Amplification may rest on the copy number, which a ratio does not show.
    """
    return f"""coalesce({_CODED}, CASE
        WHEN op IN ('=', '>=', '>') AND v >= {ratio} THEN 'positive'
        WHEN op IN ('=', '<=') AND v < {ratio} THEN 'negative'
        WHEN op = '<' AND v <= {ratio} THEN 'negative' END)"""


def _make_hormone_receptors(con: duckdb.DuckDBPyConnection) -> None:
    """Take the latest assay that says something; several of that day must agree."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE hormone AS
        WITH last AS (
            SELECT patient_id, context, marker, max(sampled) AS latest FROM assay
            WHERE marker IN ('ER', 'PR') AND result IS NOT NULL GROUP BY ALL)
        SELECT a.patient_id, a.context, a.marker,
            CASE WHEN min(a.result) = max(a.result) THEN min(a.result) ELSE 'contradictory' END
                AS result,
            CASE WHEN min(a.result) = max(a.result) AND min(a.low) = max(a.low)
                THEN min(a.low) AND min(a.result) = 'positive' END AS low,
            bool_or(a.against_interpretation) AS against_interpretation
        FROM assay a JOIN last l ON l.patient_id = a.patient_id AND l.context = a.context
            AND l.marker = a.marker
        -- A month that holds the latest day may hide a later sample: it counts as the same day.
        WHERE a.result IS NOT NULL AND a.d_max >= l.latest
        GROUP BY a.patient_id, a.context, a.marker""")


def _make_her2(con: duckdb.DuckDBPyConnection) -> None:
    """Take HER2 of the latest sample; a later ISH also decides an equivocal IHC."""
    sides = ", ".join(
        f"min(result) FILTER (marker = '{marker}' AND is_last) AS {name}, "
        f"max(result) FILTER (marker = '{marker}' AND is_last) AS {name}_2"
        for marker, name in (("HER2_IHC", "ihc"), ("HER2_ISH", "ish"), ("HER2", "stated"))
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE her2 AS
        WITH last AS (
            SELECT patient_id, context, max(sampled) AS latest,
                max(sampled) FILTER (marker = 'HER2_IHC') AS latest_ihc
            FROM assay WHERE marker IN ('HER2', 'HER2_IHC', 'HER2_ISH') AND result IS NOT NULL
            GROUP BY ALL),
        said AS (
            SELECT a.patient_id, a.context, a.marker, a.result, a.value_code,
                a.d_max >= l.latest AS is_last, a.d_max >= l.latest_ihc AS is_last_ihc
            FROM assay a JOIN last l ON l.patient_id = a.patient_id AND l.context = a.context
            WHERE a.marker IN ('HER2', 'HER2_IHC', 'HER2_ISH') AND a.result IS NOT NULL),
        sides AS (
            SELECT patient_id, context, {sides},
                min(value_code) FILTER (marker = 'HER2_IHC' AND is_last_ihc) AS score_low,
                max(value_code) FILTER (marker = 'HER2_IHC' AND is_last_ihc) AS score_high
            FROM said GROUP BY patient_id, context),
        decided AS (
            SELECT *, CASE
                WHEN ihc <> ihc_2 OR ish <> ish_2 OR stated <> stated_2 THEN 'contradictory'
                WHEN ihc = 'positive' OR ish = 'positive' THEN 'positive'
                WHEN ihc = 'negative' THEN 'negative'
                WHEN ish IS NOT NULL THEN ish
                WHEN ihc = 'equivocal' THEN coalesce(
                    CASE WHEN stated <> 'equivocal' THEN stated END, 'equivocal')
                ELSE stated END AS result
            FROM sides)
        SELECT patient_id, context,
            CASE WHEN result IN ('positive', 'negative') AND stated IN ('positive', 'negative')
                AND stated <> result THEN 'contradictory' ELSE result END AS result,
            CASE WHEN result = 'positive' THEN false
                WHEN result <> 'negative' OR score_low IS DISTINCT FROM score_high
                    OR (ihc IS NULL AND ish IS NULL) THEN NULL
                WHEN score_low IN ('1+', '2+') THEN true
                WHEN score_low = '0' THEN false END AS low
        FROM decided""")


def _make_receptors(con: duckdb.DuckDBPyConnection) -> None:
    """Make one row per patient and context with the subtype and, where unknown, why."""
    listed = ", ".join(f"('{context}')" for context in CONTEXTS)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_receptors AS
        WITH cells AS (
            SELECT a.patient_id, c.context, e.result AS er, e.low AS er_low, p.result AS pr,
                h.result AS her2, h.low AS her2_low,
                coalesce(e.against_interpretation, false)
                    OR coalesce(p.against_interpretation, false) AS against_interpretation,
                CASE WHEN 'positive' IN (e.result, p.result) THEN 'positive'
                    WHEN e.result = 'negative' AND p.result = 'negative' THEN 'negative' END AS hr
            FROM as_of a CROSS JOIN (VALUES {listed}) c (context)
            LEFT JOIN hormone e ON e.patient_id = a.patient_id AND e.context = c.context
                AND e.marker = 'ER'
            LEFT JOIN hormone p ON p.patient_id = a.patient_id AND p.context = c.context
                AND p.marker = 'PR'
            LEFT JOIN her2 h ON h.patient_id = a.patient_id AND h.context = c.context)
        SELECT patient_id, context, er, er_low, pr, hr, her2, her2_low, against_interpretation,
            CASE WHEN hr = 'positive' AND her2 = 'negative' THEN 'HR+/HER2-'
                WHEN hr = 'positive' AND her2 = 'positive' THEN 'HR+/HER2+'
                WHEN hr = 'negative' AND her2 = 'positive' THEN 'HR-/HER2+'
                WHEN hr = 'negative' AND her2 = 'negative' THEN 'triple_negative'
                ELSE 'unknown' END AS subtype,
            CASE WHEN er IS NULL AND pr IS NULL AND her2 IS NULL THEN 'no_assay'
                WHEN hr IS NULL OR her2 IS NULL OR her2 NOT IN ('positive', 'negative') THEN
                concat_ws(';',
                    CASE WHEN hr IS NULL AND er IS DISTINCT FROM 'negative'
                        THEN 'er_' || coalesce(er, 'missing') END,
                    CASE WHEN hr IS NULL AND pr IS DISTINCT FROM 'negative'
                        THEN 'pr_' || coalesce(pr, 'missing') END,
                    CASE WHEN her2 = 'equivocal' THEN 'her2_equivocal'
                        WHEN her2 IS NULL THEN 'her2_missing'
                        WHEN her2 = 'contradictory' THEN 'her2_contradictory' END)
                END AS subtype_reason
        FROM cells""")


def _make_subtype(con: duckdb.DuckDBPyConnection) -> None:
    markers = ("er", "pr", "hr", "her2")
    known = "('positive', 'negative')"
    sides = ", ".join(
        f"{side}.{column} AS {column}_{name}"
        for side, name in (("p", "primary"), ("m", "metastasis"))
        for column in (*markers, "er_low", "her2_low", "subtype", "subtype_reason")
    )
    changes = ", ".join(
        f"""CASE WHEN p.{x} IN {known} AND m.{x} IN {known} THEN
            CASE WHEN p.{x} = m.{x} THEN 'unchanged' WHEN m.{x} = 'positive' THEN 'gained'
                ELSE 'lost' END END AS {x}_conversion"""
        for x in markers
    )
    current = " ".join(
        f"WHEN {context[0]}.subtype <> 'unknown' THEN '{context}'" for context in PRECEDENCE
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_subtype AS
        WITH wide AS (
            SELECT p.patient_id, {sides}, {changes}, l.subtype AS subtype_locoregional,
                CASE {current} END AS subtype_from,
                p.subtype AS p_subtype, l.subtype AS l_subtype, m.subtype AS m_subtype,
                p.against_interpretation OR m.against_interpretation OR l.against_interpretation
                    AS number_against_interpretation
            FROM d_receptors p
            JOIN d_receptors m ON m.patient_id = p.patient_id AND m.context = 'metastasis'
            JOIN d_receptors l ON l.patient_id = p.patient_id
                AND l.context = 'locoregional_recurrence'
            WHERE p.context = 'primary')
        SELECT patient_id,
            CASE subtype_from WHEN 'metastasis' THEN m_subtype WHEN 'primary' THEN p_subtype
                WHEN 'locoregional_recurrence' THEN l_subtype ELSE 'unknown' END AS subtype,
            subtype_from,
            CASE WHEN subtype_from IS NULL THEN concat_ws(' | ',
                'metastasis: ' || subtype_reason_metastasis,
                'primary: ' || subtype_reason_primary) END AS subtype_reason,
            * EXCLUDE (patient_id, subtype_from, p_subtype, l_subtype, m_subtype),
            CASE WHEN 'gained' IN (er_conversion, pr_conversion, her2_conversion)
                    OR 'lost' IN (er_conversion, pr_conversion, her2_conversion) THEN true
                WHEN er_conversion IS NULL OR pr_conversion IS NULL OR her2_conversion IS NULL
                    THEN NULL ELSE false END AS converted
        FROM wide""")
