"""Conformance: keys, references, vocabularies, syntax, reasons and precisions."""

from __future__ import annotations

from collections.abc import Iterator

from locoreg.registry.store.views import literal
from locoreg.registry.tables import CLINICAL, TABLES, Column
from locoreg.registry.validate.relations import REFERENCES
from locoreg.registry.validate.rule import Part, Rule

T_SYNTAX = r"T(X|0|is(\((DCIS|LCIS|Paget)\))?|1(mi|mic|[a-c])?|2|3|4[a-d]?)(\((m|s|[0-9]+)\))?"
N_SYNTAX = r"N(X|0(\((i|mol)[+-]\))?|1(mi|[a-c])?|2[ab]?|3[a-c]?)(\((f|sn)\))?"
M_SYNTAX = r"M(X|0(\(i\+\))?|1[a-d]?)"
STAGE_SYNTAX = r"(0|0is|I|IA|IB|II|IIA|IIB|III|IIIA|IIIB|IIIC|IV)"
SYNTAX = {"t": T_SYNTAX, "n": N_SYNTAX, "m": M_SYNTAX}
# Columns whose text may hold any word are not searched for codes of unknown.
FREE_TEXT = ("display", "term", "body", "analyte")
UNKNOWN_WORDS = (
    "unk",
    "unknown",
    "n/a",
    "na",
    "nd",
    "unk/nd",
    "none",
    "null",
    "nan",
    "missing",
    "?",
)


def _columns() -> Iterator[tuple[str, Column]]:
    for table in CLINICAL:
        for column in TABLES[table].columns:
            yield table, column


def _vocabulary(table: str, column: Column) -> Part:
    allowed = ", ".join(literal(code) for code in column.allowed)
    return Part(
        table=table,
        where=f'CAST(t."{column.name}" AS VARCHAR) NOT IN ({allowed})',
        column=column.name,
        message=f"Not one of {', '.join(column.allowed)}.",
    )


def _reason(table: str, column: Column) -> Part:
    return Part(
        table=table,
        where=f'(t."{column.of}" IS NOT NULL AND t."{column.name}" IS NOT NULL)',
        column=column.name,
        message=f'{{t."{column.name}"}} is given as the reason for no value, and there is one.',
    )


def _precision(table: str, name: str) -> Part:
    return Part(
        table=table,
        where=f'(t."{name}" IS NOT NULL AND t."{name}_precision" IS NULL)',
        column=name,
        message="The date has no precision: it is read as exact to the day.",
    )


def _period_start(table: str, name: str) -> Part:
    day, precision = f't."{name}"', f't."{name}_precision"'
    return Part(
        table=table,
        where=f"(p.calendar = 'real' AND (({precision} = 'month' AND day({day}) <> 1) "
        f"OR ({precision} = 'year' AND dayofyear({day}) <> 1)))",
        column=name,
        message=f"The date is known to the {{{precision}}} only and is not its first day.",
    )


def _unknown_word(table: str, column: Column) -> Part:
    words = ", ".join(literal(word) for word in UNKNOWN_WORDS)
    return Part(
        table=table,
        where=f'lower(trim(t."{column.name}")) IN ({words})',
        column=column.name,
        message="A word for unknown stands as a value.",
    )


def _references(own: bool) -> tuple[Part, ...]:
    parts = []
    for table, targets in REFERENCES.items():
        for alias, other, key in targets:
            if own:
                where = f"(t.{key} IS NOT NULL AND {alias}.{key} IS NULL)"
                message = f"There is no such row in {other}."
            else:
                where = f"{alias}.patient_id <> t.patient_id"
                message = f"The row of {other} belongs to another patient."
            parts.append(Part(table=table, where=where, column=key, message=message))
    return tuple(parts)


def _repeated(table: str) -> str:
    key = TABLES[table].key
    return f"""SELECT '{table}' AS table_name, '{key}' AS column_name, t."{key}" AS row_key,
        t.patient_id, t."{key}" AS value, 'The key stands in another row too.' AS message,
        t.source_file, t.source_row
    FROM {table} t WHERE hash(t."{key}") IN (
        SELECT h FROM (SELECT hash("{key}") AS h FROM {table}) GROUP BY h HAVING count(*) > 1)
    QUALIFY row_number() OVER (PARTITION BY t."{key}" ORDER BY t.source_file, t.source_row) > 1"""


def _snomed(table: str, column: str, when: str) -> Part:
    return Part(
        table=table,
        where=f"({when}t.{column} IN (SELECT code FROM bad_snomed))",
        column=column,
        message="No SNOMED CT concept has this identifier: its form or its check digit is wrong.",
    )


def _tnm() -> tuple[Part, ...]:
    return tuple(
        Part(
            table="primary_tumour",
            where=f"NOT regexp_full_match(t.{basis}{axis}, {literal(SYNTAX[axis])})",
            column=f"{basis}{axis}",
            message=f"This is no {axis.upper()} category of the AJCC/UICC manual.",
        )
        for basis in ("c", "p")
        for axis in ("t", "n", "m")
    )


RULES = (
    Rule(
        id="patient-unknown",
        family="conformance",
        severity="blocking",
        title="Every row belongs to a patient who is in the registry.",
        action="Import the patients' table, or correct the pseudonym: the rows can't be used.",
        parts=tuple(
            Part(
                table=table,
                where="p.patient_id IS NULL",
                column="patient_id",
                message="There is no such row in patient.",
            )
            for table in CLINICAL
            if table != "patient"
        ),
    ),
    Rule(
        id="reference-unknown",
        family="conformance",
        severity="blocking",
        title="A tumour, lesion, line, assessment or treatment that is referred to exists.",
        action="Import the table that is referred to, or correct the reference.",
        parts=_references(own=True),
    ),
    Rule(
        id="reference-other-patient",
        family="conformance",
        severity="blocking",
        title="A row refers to rows of its own patient.",
        action="Correct the reference or the pseudonym: two patients' data may be mixed up.",
        parts=_references(own=False),
    ),
    Rule(
        id="key-repeated",
        family="conformance",
        severity="blocking",
        title="A key stands once in its table.",
        action="Import the files again: an import never stores a key twice, so they were changed "
        "afterwards. Joins count such rows more than once.",
        query="\nUNION ALL\n".join(_repeated(table) for table in CLINICAL),
    ),
    Rule(
        id="code-outside-vocabulary",
        family="conformance",
        severity="blocking",
        title="A code is one of those that its column allows.",
        action="Map the code to one that is allowed, or to unknown with a reason.",
        parts=tuple(_vocabulary(table, c) for table, c in _columns() if c.allowed),
    ),
    Rule(
        id="snomed-identifier",
        family="conformance",
        severity="serious",
        title="A SNOMED CT identifier has the form of a concept and a right check digit.",
        action="Read code columns as text: spreadsheets round identifiers of more than 15 digits "
        "and write them as 2.69E+07 or 26929004.0.",
        parts=(
            _snomed("lesion", "snomed_body_site", ""),
            _snomed("local_therapy", "procedure_code", "t.procedure_system ILIKE 'snomed%' AND "),
            _snomed("systemic_drug", "drug_code", "t.drug_system = 'SNOMED' AND "),
            _snomed("comorbidity", "code", "t.system = 'SNOMED' AND "),
        ),
    ),
    Rule(
        id="icd-o-syntax",
        family="conformance",
        severity="serious",
        title="Topography and morphology are ICD-O-3 codes.",
        action="Write topography as C50.4 and morphology as 8500/3.",
        parts=(
            Part(
                table="primary_tumour",
                where=r"NOT regexp_full_match(t.topography, 'C[0-9]{2}(\.[0-9])?')",
                column="topography",
                message="This is no ICD-O-3 topography.",
            ),
            Part(
                table="primary_tumour",
                where="NOT regexp_full_match(t.morphology, '[89][0-9]{3}/[0-9]')",
                column="morphology",
                message="This is no ICD-O-3 morphology.",
            ),
        ),
    ),
    Rule(
        id="tnm-syntax",
        family="conformance",
        severity="serious",
        title="T, N, M and stage are categories of the AJCC/UICC manual.",
        action="Write T2, N1, M0, IIB; the prefix (c, p, yp) has a column of its own.",
        parts=(
            *_tnm(),
            Part(
                table="primary_tumour",
                where=f"NOT regexp_full_match(t.stage_group, {literal(STAGE_SYNTAX)})",
                column="stage_group",
                message="This is no stage group.",
            ),
        ),
    ),
    Rule(
        id="reason-beside-value",
        family="conformance",
        severity="minor",
        title="A reason for no value stands only where there is none.",
        action="Decide which of the two is right; analyses use the value.",
        parts=tuple(_reason(t, c) for t, c in _columns() if c.of and c.name.endswith("_reason")),
    ),
    Rule(
        id="precision-missing",
        family="conformance",
        severity="serious",
        title="A date says whether it is known to the day, the month or the year.",
        action="State the precision in the map. Without it dates filled up to the 1st or 15th pass "
        "for exact ones, and the order of events for known.",
        parts=tuple(_precision(t, c.name) for t, c in _columns() if c.type == "date"),
    ),
    Rule(
        id="precision-not-period-start",
        family="conformance",
        severity="minor",
        title="A date known to the month or year is stored as the first day of it.",
        action="Store the first day of the period, or the day with precision day if it is known.",
        parts=tuple(_period_start(t, c.name) for t, c in _columns() if c.type == "date"),
    ),
    Rule(
        id="unknown-as-value",
        family="conformance",
        severity="minor",
        title="Unknown is no value, with a reason.",
        action="Map these words to unknown with a reason: not_done, not_recorded, not_applicable.",
        parts=tuple(
            _unknown_word(t, c)
            for t, c in _columns()
            if c.type == "text"
            and not c.key
            and not c.name.endswith("_id")
            and c.name not in FREE_TEXT
            and not c.name.startswith(("source_", "import_"))
        ),
    ),
)
