"""Traps of observation: who is seen from when, until when, and whose death would be known."""

from __future__ import annotations

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.validate.followup import follow_up_by_arm, follow_up_by_site
from locoreg.registry.validate.rule import Rule

# The end of the data: later days (a hundredth of all) may be slips.
_END = """(SELECT quantile_disc(coalesce(death_hi, contact_hi), 0.99) FROM person
    WHERE calendar = 'real')"""
_SITE = "coalesce(site_id, 'site not stated')"

RULES = (
    Rule(
        id="left-truncation",
        family="traps",
        severity="serious",
        title="Patients are under observation from time zero on.",
        action="Survival counted from first metastasis is too long: patients who died before they "
        "could enter are not in the registry. Put patients at risk from entry_date on (entry in "
        "every estimator), and show how many are at risk early.",
        whole=f"""SELECT '' AS subject, 'patient' AS table_name, 'entry_date' AS column_name,
            part, whole, format('{{:.1f}} %', 100.0 * part / whole) AS value,
            concat('{{part}} of {{whole}} patients ({{share}}) came under observation after their '
                'first metastasis, in the median ', format('{{:.1f}}', delay),
                ' months later (latest tenth: ', format('{{:.1f}}', late),
                ' months or more). Counted from metastasis, survival is too long.') AS message
        FROM (SELECT count(*) FILTER (entry_lo > met_hi) AS part,
                count(*) FILTER (entry_lo IS NOT NULL) AS whole,
                median((entry_lo - met_hi) / {DAYS_PER_MONTH}) FILTER (entry_lo > met_hi) AS delay,
                quantile_cont((entry_lo - met_hi) / {DAYS_PER_MONTH}, 0.9)
                    FILTER (entry_lo > met_hi) AS late
            FROM person WHERE met_lo IS NOT NULL)
        WHERE part > $share * whole""",
    ),
    Rule(
        id="entry-unknown",
        family="traps",
        severity="serious",
        title="It is known from when on a patient was under observation.",
        action="Fill entry_date: first visit, referral, sequencing or consent, whichever made the "
        "patient enter the registry. Without it nobody can tell whether survival is too long.",
        whole="""SELECT '' AS subject, 'patient' AS table_name, 'entry_date' AS column_name,
            part, whole, format('{:.1f} %', 100.0 * part / whole) AS value,
            'entry_date is unknown in {part} of {whole} patients with metastases ({share}): left '
            'truncation can be neither seen nor allowed for in them.' AS message
        FROM (SELECT count(*) FILTER (entry_lo IS NULL) AS part, count(*) AS whole
            FROM person WHERE met_lo IS NOT NULL)
        WHERE part > $share * whole""",
    ),
    Rule(
        id="first-line-missing",
        family="traps",
        severity="note",
        title="Systemic therapy is known from the first line on.",
        action="Ask for the earlier lines. Patients who are seen from a later line on had to "
        "survive the earlier ones.",
        whole="""SELECT '' AS subject, 'systemic_line' AS table_name, 'line_no' AS column_name,
            part, whole, format('{:.1f} %', 100.0 * part / whole) AS value,
            'The first metastatic line is missing in {part} of {whole} patients with numbered '
            'lines ({share}).' AS message
        FROM (SELECT count(*) FILTER (first > 1) AS part, count(*) AS whole FROM (
            SELECT patient_id, min(line_no) AS first FROM systemic_line
            WHERE setting = 'metastatic' AND line_no IS NOT NULL GROUP BY patient_id))
        WHERE part > $share * whole""",
    ),
    Rule(
        id="follow-up-differs-by-arm",
        family="traps",
        severity="serious",
        title="Patients treated locally and others are followed equally long.",
        action="Weight for censoring (ipcw) with what decides who is followed, or censor both arms "
        "at a date up to which follow-up is complete. Deaths that are seen in one arm only shift "
        "the difference.",
        compute=follow_up_by_arm,
    ),
    Rule(
        id="follow-up-differs-by-site",
        family="traps",
        severity="serious",
        title="Sites follow their patients equally long.",
        action="Stratify by site and end the analysis where all sites still follow. Where sites "
        "also differ in local treatment, follow-up passes for an effect.",
        compute=follow_up_by_site,
    ),
    Rule(
        id="lost-alive",
        family="traps",
        severity="serious",
        title="Patients who count as alive were seen lately.",
        action="Link to a register of deaths, or set last_contact_date to the last time at which a "
        "death would have been seen. If the lost have died unseen, survival is too long; if only "
        "the sick stop coming, censoring is informative.",
        whole=f"""SELECT {_SITE} AS subject, 'patient' AS table_name,
            'last_contact_date' AS column_name, count(*) FILTER (lost) AS part, count(*) AS whole,
            format('{{:.1f}} %', 100.0 * count(*) FILTER (lost) / count(*)) AS value,
            concat('{{part}} of {{whole}} patients ({{share}}) count as alive and were last seen '
                'more than ', CAST($months AS INTEGER), ' months before the end of the data (',
                any_value(ending), '). Their deaths may be missing.') AS message
        FROM (SELECT *, {_END} AS ending, death_lo IS NULL AND vital_status IS DISTINCT FROM 'dead'
                AND contact_hi < {_END} - CAST($months * {DAYS_PER_MONTH} AS INTEGER) AS lost
            FROM person WHERE calendar = 'real')
        GROUP BY site_id HAVING count(*) >= $patients
            AND count(*) FILTER (lost) > $share * count(*)""",
    ),
    Rule(
        id="vital-status-unknown",
        family="traps",
        severity="serious",
        title="It is known who is alive.",
        action="Ask the site. A missing death is no survival: leaving these patients out or "
        "counting them as alive both change the estimate.",
        whole=f"""SELECT {_SITE} AS subject, 'patient' AS table_name,
            'vital_status' AS column_name, count(*) FILTER (unknown) AS part, count(*) AS whole,
            format('{{:.1f}} %', 100.0 * count(*) FILTER (unknown) / count(*)) AS value,
            'Of {{part}} of {{whole}} patients ({{share}}) neither a vital status nor a death is '
            'known.' AS message
        FROM (SELECT *, vital_status IS NULL AND death_lo IS NULL AS unknown FROM person)
        GROUP BY site_id HAVING count(*) FILTER (unknown) > $share * count(*)""",
    ),
    Rule(
        id="few-deaths",
        family="traps",
        severity="serious",
        title="No site has far fewer deaths than the others for its time at risk.",
        action="Ask whether the site learns of deaths at home. Its patients look long-lived; if it "
        "treats more or fewer of them locally, so does the treatment.",
        whole=f"""WITH seen AS (
            SELECT {_SITE} AS site, death_lo IS NOT NULL AS died,
                (coalesce(death_lo, contact_lo) - greatest(met_lo, coalesce(entry_lo, met_lo)))
                / {DAYS_PER_MONTH} AS months FROM person WHERE met_lo IS NOT NULL),
        sums AS (
            SELECT site, count(*) AS n, count(*) FILTER (died) AS deaths, sum(months) AS months,
                sum(count(*) FILTER (died)) OVER () AS all_deaths,
                sum(sum(months)) OVER () AS all_months
            FROM seen WHERE months > 0 GROUP BY site),
        expected AS (
            SELECT *, months * (all_deaths - deaths) / nullif(all_months - months, 0) AS expected
            FROM sums)
        SELECT site AS subject, 'patient' AS table_name, 'death_date' AS column_name,
            deaths AS part, n AS whole, format('{{:.2f}}', deaths / expected) AS value,
            concat('{{part}} deaths in {{whole}} patients; at the death rate of the other sites ',
                format('{{:.1f}}', expected), ' would be expected. Deaths may be missing.')
                AS message
        FROM expected WHERE expected >= $expected AND deaths < $ratio * expected
            AND (expected - deaths) / sqrt(expected) > $z""",
    ),
    Rule(
        id="deaths-stop",
        family="traps",
        severity="serious",
        title="Deaths are known up to the last contact.",
        action="End follow-up of all patients at the day of linkage. After it patients are seen "
        "alive but can't be seen dead, which makes survival too long.",
        whole=f"""WITH ends AS (
            SELECT {_SITE} AS site, max(death_lo) AS last_death, count(death_lo) AS deaths,
                quantile_disc(contact_lo, 0.9) FILTER (death_lo IS NULL) AS contact,
                count(contact_lo) FILTER (death_lo IS NULL) AS n
            FROM person WHERE calendar = 'real' GROUP BY site_id),
        rates AS (
            SELECT site, any_value(contact) AS contact, any_value(last_death) AS last_death,
                any_value(n) AS n, any_value(deaths) AS deaths,
                (any_value(contact) - any_value(last_death)) / {DAYS_PER_MONTH} AS gap,
                -- Deaths by person-time in the two years up to the last one, which is the end of
                -- that time because it is a death, times person-time after it.
                (count(*) FILTER (death_lo > last_death - 730) - 1)
                    * sum(greatest(coalesce(death_lo, contact_lo) - last_death, 0))
                    / nullif(sum(greatest(least(coalesce(death_lo, contact_lo), last_death)
                        - greatest(coalesce(entry_lo, met_lo, dx_lo), last_death - 730), 0)), 0)
                    AS expected
            FROM ends JOIN person ON {_SITE} = site AND calendar = 'real' GROUP BY site)
        SELECT site AS subject, 'patient' AS table_name, 'death_date' AS column_name,
            n AS part, NULL AS whole, format('{{:.1f}} months', gap) AS value,
            concat('The last death is of ', strftime(last_death, '%Y-%m'), ', and a tenth of the '
                'living were seen in ', strftime(contact, '%Y-%m'), ' or later, ',
                format('{{:.1f}}', gap), ' months after it. At the death rate of the two years '
                'before, ', format('{{:.0f}}', expected), ' deaths would be expected in that time.')
                AS message
        FROM rates WHERE deaths >= $deaths AND gap > $months AND expected >= $expected""",
    ),
    Rule(
        id="selected-by-death",
        family="traps",
        severity="serious",
        title="Patients were not chosen because they died.",
        action="Ask how the patients were chosen. In a registry of the dead survival is too short, "
        "and an effect on it can't be estimated.",
        whole="""SELECT '' AS subject, 'patient' AS table_name, 'death_date' AS column_name,
            part, whole, format('{:.1f} %', 100.0 * part / whole) AS value,
            '{part} of {whole} patients ({share}) are dead.' AS message
        FROM (SELECT count(*) FILTER (death_lo IS NOT NULL) AS part, count(*) AS whole FROM person)
        WHERE whole >= $patients AND part >= $share * whole""",
    ),
    Rule(
        id="immortal-time",
        family="traps",
        severity="serious",
        title="Local treatment begins at time zero.",
        action="Never compare treated with untreated from metastasis on: the treated had to live "
        "until treatment. Use a landmark, clones with weights, or treatment as time-varying.",
        whole=f"""SELECT '' AS subject, 'local_therapy' AS table_name,
            'start_date' AS column_name, part, whole,
            format('{{:.1f}} %', 100.0 * part / whole) AS value,
            concat('{{part}} of {{whole}} locally treated patients ({{share}}) were treated more '
                'than ', CAST($days AS INTEGER), ' days after their first metastasis, in the '
                'median of all ', format('{{:.1f}}', delay), ' months after it. Grouped by '
                'treatment from metastasis on, that time is immortal and favours treatment.')
                AS message
        FROM (SELECT count(*) FILTER (r.local_lo - p.met_hi > $days) AS part, count(*) AS whole,
                median((r.local_lo - p.met_lo) / {DAYS_PER_MONTH}) AS delay
            FROM treated r JOIN person p ON p.patient_id = r.patient_id)
        WHERE part > $share * whole""",
    ),
)
