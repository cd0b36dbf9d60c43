"""Duplicates: one person under two ids, one event in two rows, second primaries."""

from __future__ import annotations

from locoreg.registry.tables import TABLES
from locoreg.registry.validate.rule import Part, Rule

# Rows of a table that agree in all of these are one thing told twice, if the first is given.
SAME: dict[str, tuple[str, ...]] = {
    "disease_event": ("date", "type", "organs"),
    "local_therapy": (
        "start_date", "modality", "target", "organ", "laterality", "lesion_id", "tumour_id",
        "procedure_code",
    ),
    "systemic_line": ("start_date", "setting", "regimen", "line_no"),
    "systemic_drug": ("start_date", "drug", "drug_code", "line_id"),
    "imaging_assessment": ("date", "modality", "regions"),
    "receptor_assay": (
        "sample_date", "marker", "context", "tumour_id", "lesion_id", "value_num", "value_code",
        "method",
    ),
    "biomarker": ("date", "analyte", "gene", "fluid", "assay", "value"),
    "performance": ("date", "ecog", "karnofsky"),
    "qol_response": ("date", "instrument", "item"),
    "primary_tumour": ("dx_date", "laterality", "topography", "morphology"),
}  # fmt: skip


def _twice(table: str, columns: tuple[str, ...]) -> str:
    listed = ", ".join(f't."{c}"' for c in ("patient_id", *columns))
    key = TABLES[table].key
    return f"""SELECT '{table}' AS table_name, '{key}' AS column_name, t."{key}" AS row_key,
        t.patient_id, t."{key}" AS value,
        'Says the same as an earlier row of this patient: {", ".join(columns)}.' AS message,
        t.source_file, t.source_row
    FROM {table} t WHERE t."{columns[0]}" IS NOT NULL AND hash({listed}) IN (
        SELECT h FROM (SELECT hash({listed}) AS h FROM {table} t) GROUP BY h HAVING count(*) > 1)
    QUALIFY row_number() OVER (PARTITION BY {listed}
        ORDER BY t.source_file, t.source_row, t."{key}") > 1"""


# Each item: what it is and the number of values that it may take; a date to the day.
_ITEMS = (
    ("death", "CASE WHEN p.death_lo = p.death_hi THEN CAST(p.death_lo AS VARCHAR) END", 3650),
    ("last contact", "CASE WHEN p.death_lo IS NULL AND p.contact_lo = p.contact_hi "
     "THEN CAST(p.contact_lo AS VARCHAR) END", 3650),
    # As days since the date before them: metastases found at staging and treatments on the day of
    # diagnosis agree often by chance.
    ("first metastasis", "CASE WHEN p.met_lo = p.met_hi "
     "THEN CAST(p.met_lo - p.dx_lo AS VARCHAR) END", 3650),
    ("local therapy", "CASE WHEN r.local_lo = r.local_hi AND p.met_lo = p.met_hi "
     "THEN CAST(r.local_lo - p.met_lo AS VARCHAR) END", 365),
    ("side", "u.laterality", 2),
    ("morphology", "u.morphology", 10),
    ("grade", "CAST(u.grade AS VARCHAR)", 3),
    ("size", "CAST(u.size_mm AS VARCHAR)", 40),
)  # fmt: skip
_BLOCK = "coalesce(p.sex, ''), p.birth_year, p.dx_lo"


def _same_person() -> str:
    """Return the SQL of pairs that agree in more than chance gives.

    Pairs agree in sex, year of birth and day of diagnosis. What else agrees adds log2(1/p) bits,
    where p is the share of the others with that value, drawn towards an even spread over the values
    that there may be; what differs takes bits away (1 in ten items of the same person is wrong).
    Among N (N - 1) / 2 pairs, at most 2^-bits of them reach so many bits by chance (Markov's
    inequality on the likelihood ratio), so bits beyond log2(pairs / chance_pairs) leave fewer than
    ``chance_pairs`` chance pairs in the whole registry.
    """
    items = ", ".join(f"{sql} AS i{n}" for n, (_, sql, _) in enumerate(_ITEMS))
    shares = " UNION ALL ".join(
        f"SELECT {n} AS item, i{n} AS v, count(*) AS n, sum(count(*)) OVER () AS total, "
        f"{values} AS k FROM persons WHERE i{n} IS NOT NULL GROUP BY i{n}"
        for n, (_, _, values) in enumerate(_ITEMS)
    )
    unpivoted = " UNION ALL ".join(
        f"SELECT a, b, {n} AS item, a_i{n} AS av, b_i{n} AS bv FROM pairs "
        f"WHERE a_i{n} IS NOT NULL AND b_i{n} IS NOT NULL"
        for n in range(len(_ITEMS))
    )
    both = ", ".join(f"x.i{n} AS a_i{n}, y.i{n} AS b_i{n}" for n in range(len(_ITEMS)))
    words = ", ".join(f"'{name}'" for name, _, _ in _ITEMS)
    return f"""WITH persons AS (
        SELECT p.patient_id, p.site_id, coalesce(p.sex, '') AS sex, p.birth_year, p.dx_lo, {items}
        FROM person p LEFT JOIN treated r ON r.patient_id = p.patient_id
        LEFT JOIN (SELECT patient_id, any_value(laterality) AS laterality,
            any_value(morphology) AS morphology, any_value(grade) AS grade,
            any_value(size_mm) AS size_mm FROM primary_tumour GROUP BY patient_id
            HAVING count(*) = 1) u ON u.patient_id = p.patient_id
        WHERE p.birth_year IS NOT NULL AND p.dx_lo = p.dx_hi AND p.calendar <> 'relative'),
    pairs AS (
        SELECT x.patient_id AS a, y.patient_id AS b, x.sex, x.birth_year, x.dx_lo,
            x.site_id IS NOT DISTINCT FROM y.site_id AS one_site, {both}
        FROM persons x JOIN persons y ON x.birth_year = y.birth_year AND x.dx_lo = y.dx_lo
            AND x.sex = y.sex AND x.patient_id < y.patient_id),
    total AS (SELECT count(*) AS n FROM persons),
    years AS (SELECT birth_year, count(*) AS n FROM persons GROUP BY birth_year),
    days AS (SELECT dx_lo, count(*) AS n FROM persons GROUP BY dx_lo),
    shares AS ({shares}),
    compared AS (
        SELECT c.a, c.b, c.item, c.av = c.bv AS same,
            (greatest(s.n - 2, 0) + 1.0) / (greatest(s.total - 2, 0) + s.k) AS share
        FROM ({unpivoted}) c JOIN shares s ON s.item = c.item AND s.v = c.av),
    added AS (
        SELECT a, b, sum(CASE WHEN same THEN -log2(share) ELSE log2(0.1 / (1 - share)) END) AS bits,
            string_agg(CASE WHEN same THEN [{words}][item + 1] END, ', ' ORDER BY item) AS agreed
        FROM compared GROUP BY a, b),
    scored AS (
        SELECT x.*, coalesce(d.agreed, '') AS agreed, total.n * (total.n - 1.0) / 2 AS n_pairs,
            coalesce(d.bits, 0)
                - log2((greatest(g.n - 2, 0) + 1.0) / (greatest(total.n - 2, 0) + 60))
                - log2((greatest(q.n - 2, 0) + 1.0) / (greatest(total.n - 2, 0) + 3650)) AS bits
        FROM pairs x CROSS JOIN total
        JOIN years g ON g.birth_year = x.birth_year JOIN days q ON q.dx_lo = x.dx_lo
        LEFT JOIN added d ON d.a = x.a AND d.b = x.b)
    SELECT 'patient' AS table_name, 'patient_id' AS column_name, s.b AS row_key,
        s.b AS patient_id, s.a AS value,
        concat('May be the same person as ', s.a, CASE WHEN s.one_site THEN '' ELSE
            ' of another site' END, ': sex, year of birth and day of diagnosis agree',
            CASE WHEN s.agreed = '' THEN '' ELSE concat(', and ', s.agreed) END,
            '. Chance pairs expected in the registry with as much agreement: at most ',
            format('{{:.1g}}', s.n_pairs * pow(2, -s.bits)), '.') AS message,
        t.source_file, t.source_row
    FROM scored s JOIN patient t ON t.patient_id = s.b
    WHERE s.n_pairs * pow(2, -s.bits) <= $chance_pairs"""


RULES = (
    Rule(
        id="same-person-twice",
        family="duplicates",
        severity="serious",
        title="A person has one pseudonym.",
        action="Let the site compare the two records. A person counted twice makes intervals too "
        "narrow; if the records hold different parts of the course, deaths and treatments are "
        "missing in one of them.",
        query=_same_person(),
    ),
    Rule(
        id="same-row-twice",
        family="duplicates",
        severity="minor",
        title="An event, treatment, test or assessment stands in one row.",
        action="Remove the copies in the source, or import with --supersedes.",
        query="\nUNION ALL\n".join(_twice(table, columns) for table, columns in SAME.items()),
    ),
    Rule(
        id="contralateral-lesion",
        family="duplicates",
        severity="serious",
        title="A tumour in the other breast is a metastasis or a second primary, not both.",
        action="Let the site decide: counted twice it turns a second primary into metastatic "
        "disease.",
        parts=(
            Part(
                table="lesion",
                where="(t.organ = 'contralateral_breast' AND p.n_tumours > 1)",
                column="organ",
                message="A lesion in the contralateral breast, and {p.n_tumours} primaries.",
            ),
        ),
    ),
    Rule(
        id="contralateral-undecided",
        family="duplicates",
        severity="note",
        title="A lesion in the other breast is looked at as a possible second primary.",
        action="It does not make the disease metastatic here (C79.81 alone is no proof).",
        parts=(
            Part(
                table="lesion",
                where="(t.organ = 'contralateral_breast' AND p.n_tumours <= 1)",
                column="organ",
                message="A lesion in the contralateral breast: metastasis or second primary.",
            ),
        ),
    ),
    Rule(
        id="two-primaries-one-side",
        family="duplicates",
        severity="minor",
        title="Two primaries are on two sides.",
        action="Look whether the later one is a local recurrence, or the same tumour entered "
        "twice.",
        query="""SELECT 'primary_tumour' AS table_name, 'laterality' AS column_name,
            t.tumour_id AS row_key, t.patient_id, t.laterality AS value,
            concat('One of ', count(*) OVER w, ' primaries of the ', t.laterality, ' breast.')
                AS message, t.source_file, t.source_row
        FROM primary_tumour t WHERE t.laterality IN ('left', 'right')
        WINDOW w AS (PARTITION BY t.patient_id, t.laterality)
        QUALIFY row_number() OVER (PARTITION BY t.patient_id, t.laterality
            ORDER BY t.dx_date, t.tumour_id) > 1""",
    ),
    Rule(
        id="several-primaries",
        family="duplicates",
        severity="note",
        title="A patient with several primaries says which one has spread.",
        action="Name the origin of intervals: with several primaries, disease-free intervals and "
        "the subtype of the primary are ambiguous.",
        parts=(
            Part(
                table="patient",
                where="(p.n_tumours > 1 AND p.met_lo IS NOT NULL)",
                column="patient_id",
                message="{p.n_tumours} primaries and metastatic disease.",
                value="p.n_tumours",
            ),
        ),
    ),
    Rule(
        id="second-primary-without-tumour",
        family="duplicates",
        severity="minor",
        title="A second primary has a row among the tumours.",
        action="Enter the second primary.",
        parts=(
            Part(
                table="disease_event",
                where="(t.type = 'second_primary' AND p.n_tumours < 2)",
                column="type",
                message="A second primary, and {p.n_tumours} in the table of tumours.",
            ),
        ),
    ),
)
