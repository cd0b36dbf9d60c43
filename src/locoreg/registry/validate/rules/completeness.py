"""Completeness: variables that analyses can't do without, and sites that differ in them."""

from __future__ import annotations

from locoreg.registry.validate.rule import Rule

RULES = (
    Rule(
        id="completeness-low",
        family="completeness",
        severity="serious",
        title="Variables that analyses rest on are filled.",
        action="Fill them, or give the reason why there is no value. Leaving out patients with a "
        "gap changes whom the estimate is about; model the missing values and say so.",
        whole="""SELECT '' AS subject, c.table_name, c.column_name, c.part, c.whole,
            format('{:.1f} %', 100.0 * c.part / c.whole) AS value,
            concat('{part} of {whole} have ', CASE WHEN c.table_name = 'patients with' THEN
                c.column_name ELSE 'a value' END, ' ({share}); at least ',
                format('{:.0f} %', 100 * l.limit_value), ' are wanted.') AS message
        FROM (SELECT table_name, column_name, CAST(sum(n_values) AS BIGINT) AS part,
                CAST(sum(n - n_not_applicable) AS BIGINT) AS whole
            FROM completeness GROUP BY ALL) c
        JOIN wanted l ON l.variable = concat(c.table_name, '.', c.column_name)
        WHERE c.whole > 0 AND c.part < l.limit_value * c.whole""",
    ),
    Rule(
        id="completeness-differs-by-site",
        family="completeness",
        severity="serious",
        title="Sites fill the same variables.",
        action="Ask the site. With complete cases only, such a site drops out; its share of "
        "treated patients drops out with it.",
        whole="""WITH by_site AS (
            SELECT table_name, column_name, site, CAST(sum(n_values) AS BIGINT) AS part,
                CAST(sum(n - n_not_applicable) AS BIGINT) AS whole,
                sum(sum(n_values)) OVER w AS parts, sum(sum(n - n_not_applicable)) OVER w AS wholes
            FROM completeness GROUP BY table_name, column_name, site
            WINDOW w AS (PARTITION BY table_name, column_name))
        SELECT site AS subject, table_name, column_name, part, whole,
            format('{:.1f} %', 100.0 * part / whole) AS value,
            concat('{part} of {whole} have ', CASE WHEN table_name = 'patients with' THEN
                column_name ELSE 'a value' END, ' here ({share}), elsewhere ',
                format('{:.0f} %', 100.0 * (parts - part) / (wholes - whole)), '.') AS message
        FROM by_site
        JOIN wanted l ON l.variable = concat(table_name, '.', column_name)
        WHERE whole >= $rows AND wholes - whole >= $rows
            AND (parts - part) / (wholes - whole) - part * 1.0 / whole > $difference""",
    ),
    Rule(
        id="completeness-falls-by-year",
        family="completeness",
        severity="note",
        title="A variable is filled in all years alike.",
        action="Ask when the form changed; restrict the analysis to years in which the variable "
        "was asked for.",
        whole="""WITH by_year AS (
            SELECT table_name, column_name, year, CAST(sum(n_values) AS BIGINT) AS part,
                CAST(sum(n - n_not_applicable) AS BIGINT) AS whole
            FROM completeness WHERE year IS NOT NULL GROUP BY ALL HAVING whole >= $rows)
        SELECT '' AS subject, table_name, column_name, NULL AS part, NULL AS whole,
            concat(format('{:.0f} % in ', 100 * min(part / whole)), arg_min(year, part / whole))
                AS value,
            concat('From ', format('{:.0f} % in ', 100 * max(part / whole)),
                arg_max(year, part / whole), ' to ',
                format('{:.0f} % in ', 100 * min(part / whole)),
                arg_min(year, part / whole), '.') AS message
        FROM by_year JOIN wanted l ON l.variable = concat(table_name, '.', column_name)
        GROUP BY table_name, column_name
        HAVING max(part / whole) - min(part / whole) > $difference""",
    ),
)
