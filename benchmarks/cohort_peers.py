"""The cohort query without locoreg's: SQL by hand, pandas, polars. Same columns, same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

WITHIN, SITES_WITHIN = 180, 60
NOT_DISTANT = ["regional_ln", "breast", "contralateral_breast"]
BASES = ["lesion", "distant_recurrence", "m1_at_diagnosis"]
PRECISIONS = ["day", "month", "year"]
DATES = {"entry": "entry_date", "death": "death_date", "last_contact": "last_contact_date"}
COLUMNS = {
    "lesion": ["patient_id", "organ", "is_regional", "first_seen_date"],
    "disease_event": ["patient_id", "date", "type"],
    "primary_tumour": ["patient_id", "dx_date", "cm", "pm", "stage_group"],
    "local_therapy": [
        *("patient_id", "lt_id", "start_date", "target", "modality", "organ", "intent"),
    ],
    "patient": ["patient_id", "site_id", *DATES.values(), "vital_status"],
}

SQL = f"""
WITH distant AS (
  SELECT patient_id, organ, first_seen_date AS seen, first_seen_date_precision AS precision
  FROM lesion
  WHERE coalesce(organ NOT IN ('regional_ln', 'breast', 'contralateral_breast'), NOT is_regional)
    AND is_regional IS NOT true
), signs AS (
  SELECT patient_id, seen AS date, precision, 0 AS basis FROM distant
  UNION ALL
  SELECT patient_id, date, date_precision, 1 FROM disease_event WHERE type = 'distant_recurrence'
  UNION ALL
  SELECT patient_id, dx_date, dx_date_precision, 2 FROM primary_tumour
  WHERE cm LIKE 'M1%' OR pm LIKE 'M1%' OR stage_group LIKE 'IV%'
), first AS MATERIALIZED (
  SELECT patient_id, lo, date_latest(lo, a.p) AS hi, a.p AS p, a.b AS basis
  FROM (
    SELECT patient_id, min(date) AS lo,
      arg_min({{'p': coalesce(precision, 'day'), 'b': basis}},
        (date, CASE precision WHEN 'month' THEN 1 WHEN 'year' THEN 2 ELSE 0 END, basis))
        FILTER (date IS NOT NULL) AS a
    FROM signs GROUP BY patient_id
  )
), sites AS (
  SELECT patient_id,
    count(DISTINCT organ) FILTER (date_latest(seen, precision) - lo <= {SITES_WITHIN}) AS n_min,
    count(DISTINCT organ) FILTER (seen - hi <= {SITES_WITHIN}) AS n_max
  FROM distant JOIN first USING (patient_id)
  GROUP BY patient_id HAVING n_max > 0
), therapy AS (
  SELECT patient_id, lt_id, start_date, start_date_precision, target, modality, organ,
    start_date - hi AS least, date_latest(start_date, start_date_precision) - lo AS most
  FROM local_therapy JOIN first USING (patient_id)
  WHERE intent IS DISTINCT FROM 'diagnostic' AND most >= 0 AND least <= {WITHIN}
  QUALIFY row_number() OVER (PARTITION BY patient_id ORDER BY start_date,
    CASE start_date_precision WHEN 'month' THEN 1 WHEN 'year' THEN 2 ELSE 0 END, lt_id) = 1
)
SELECT f.patient_id, p.site_id, f.lo AS metastasis_date, f.p AS metastasis_date_precision,
  ['lesion', 'distant_recurrence', 'm1_at_diagnosis'][basis + 1] AS metastasis_basis,
  s.n_min AS n_sites_min, s.n_max AS n_sites_max,
  t.lt_id AS therapy_id, t.start_date AS therapy_date,
  t.start_date_precision AS therapy_date_precision, t.target AS therapy_target,
  t.modality AS therapy_modality, t.organ AS therapy_organ,
  t.least AS therapy_days_min, t.most AS therapy_days_max,
  entry_date, entry_date_precision, entry_date - hi AS entry_days_min,
  date_latest(entry_date, entry_date_precision) - lo AS entry_days_max,
  death_date, death_date_precision, death_date - hi AS death_days_min,
  date_latest(death_date, death_date_precision) - lo AS death_days_max,
  last_contact_date, last_contact_date_precision, last_contact_date - hi AS last_contact_days_min,
  date_latest(last_contact_date, last_contact_date_precision) - lo AS last_contact_days_max,
  vital_status
FROM first f
JOIN patient p USING (patient_id)
LEFT JOIN sites s USING (patient_id)
LEFT JOIN therapy t USING (patient_id)
ORDER BY f.patient_id
"""
# What the result holds, in order.
NAMES = [
    *("patient_id", "site_id", "metastasis_date", "metastasis_date_precision"),
    *("metastasis_basis", "n_sites_min", "n_sites_max", "therapy_id", "therapy_date"),
    *("therapy_date_precision", "therapy_target", "therapy_modality", "therapy_organ"),
    *("therapy_days_min", "therapy_days_max"),
    *(
        f"{name}_{part}"
        for name in DATES
        for part in ("date", "date_precision", "days_min", "days_max")
    ),
    "vital_status",
]


def hand_sql(folder: str) -> pa.Table:
    """Run the query by hand on the same views."""
    from locoreg.registry.store import read_registry

    with read_registry(folder).connect() as con:
        con.execute("SET enable_progress_bar = false")
        return con.execute(SQL).to_arrow_table()


def hash_of(table: Any) -> float:
    """Return a number that is the same for the same rows: 24 bits of their SHA-256."""
    from locoreg.registry.cohort.result import table_hash

    if not isinstance(table, pa.Table):
        table = table.table
    fields = []
    for name in NAMES:
        kind = pa.string()
        if name.endswith("_date"):
            kind = pa.date32()
        elif name.endswith(("_min", "_max")):
            kind = pa.int64()
        fields.append(pa.field(name, kind))
    return float(int(table_hash(table.select(NAMES).cast(pa.schema(fields)))[:6], 16))


def paths(folder: str, table: str) -> list[str]:
    return [str(path) for path in sorted((Path(folder) / "tables" / table).glob("*.parquet"))]


def wanted(table: str) -> list[str]:
    names = COLUMNS[table]
    dates = [name for name in names if name.endswith("date")]
    return [*names, *(f"{name}_precision" for name in dates)]


def with_polars(folder: str) -> pa.Table:
    """Run the query in polars, lazily."""
    import polars as pl

    def scan(table: str) -> pl.LazyFrame:
        return pl.scan_parquet(paths(folder, table)).select(wanted(table))

    def rank(name: str) -> pl.Expr:
        return pl.col(name).replace_strict(
            {"day": 0, "month": 1, "year": 2}, default=0, return_dtype=pl.Int32
        )

    def latest(name: str, precision: str | None = None) -> pl.Expr:
        date, word = pl.col(name), pl.col(precision or f"{name}_precision")
        return (
            pl.when(word == "month")
            .then(date.dt.offset_by("1mo").dt.offset_by("-1d"))
            .when(word == "year")
            .then(date.dt.offset_by("1y").dt.offset_by("-1d"))
            .otherwise(date)
        )

    def days(later: pl.Expr, earlier: str) -> pl.Expr:
        return (later - pl.col(earlier)).dt.total_days()

    def organs(apart: pl.Expr) -> pl.Expr:
        return pl.col("organ").filter(apart <= SITES_WITHIN).drop_nulls().n_unique()

    regional = pl.col("is_regional").fill_null(False)
    elsewhere = pl.col("organ").is_in(NOT_DISTANT).not_().fill_null(pl.col("is_regional").not_())
    distant = scan("lesion").filter(elsewhere.fill_null(False) & ~regional)
    event = scan("disease_event").filter(pl.col("type") == "distant_recurrence")
    stage = pl.any_horizontal(
        pl.col("cm").str.starts_with("M1").fill_null(False),
        pl.col("pm").str.starts_with("M1").fill_null(False),
        pl.col("stage_group").str.starts_with("IV").fill_null(False),
    )
    parts = (
        (distant, "first_seen_date"),
        (event, "date"),
        (scan("primary_tumour").filter(stage), "dx_date"),
    )
    signs = pl.concat(
        [
            rows.select(
                "patient_id",
                date=pl.col(name),
                key=pl.col(name).cast(pl.Int64) * 16
                + rank(f"{name}_precision") * 4
                + pl.lit(place),
            )
            for place, (rows, name) in enumerate(parts)
        ]
    )
    first = (
        signs.group_by("patient_id")
        .agg(metastasis_date=pl.col("date").min(), key=pl.col("key").min())
        .with_columns(
            metastasis_date_precision=(pl.col("key") % 16 // 4).replace_strict(
                dict(enumerate(PRECISIONS)), default=None, return_dtype=pl.String
            ),
            metastasis_basis=(pl.col("key") % 4).replace_strict(
                dict(enumerate(BASES)), default=None, return_dtype=pl.String
            ),
        )
        .with_columns(hi=latest("metastasis_date"))
    )
    near = first.select("patient_id", "metastasis_date", "hi")
    seen = distant.join(near, on="patient_id")
    least = days(pl.col("first_seen_date"), "hi")
    most = days(latest("first_seen_date"), "metastasis_date")
    sites = (
        seen.group_by("patient_id")
        .agg(
            n_sites_min=organs(most),
            n_sites_max=organs(least),
        )
        .filter(pl.col("n_sites_max") > 0)
    )
    therapy = (
        scan("local_therapy")
        .filter((pl.col("intent") != "diagnostic").fill_null(True))
        .join(near, on="patient_id")
        .with_columns(
            therapy_days_min=days(pl.col("start_date"), "hi"),
            therapy_days_max=days(latest("start_date"), "metastasis_date"),
            rank=rank("start_date_precision"),
        )
        .filter((pl.col("therapy_days_max") >= 0) & (pl.col("therapy_days_min") <= WITHIN))
        .sort("patient_id", "start_date", "rank", "lt_id")
        .unique("patient_id", keep="first", maintain_order=True)
        .select(
            "patient_id",
            "therapy_days_min",
            "therapy_days_max",
            therapy_id="lt_id",
            therapy_date="start_date",
            therapy_date_precision="start_date_precision",
            therapy_target="target",
            therapy_modality="modality",
            therapy_organ="organ",
        )
    )
    joined = (
        first.join(scan("patient"), on="patient_id")
        .join(sites, on="patient_id", how="left")
        .join(therapy, on="patient_id", how="left")
        .with_columns(
            **{f"{name}_days_min": days(pl.col(date), "hi") for name, date in DATES.items()},
            **{
                f"{name}_days_max": days(latest(date), "metastasis_date")
                for name, date in DATES.items()
            },
        )
    )
    return joined.select(NAMES).sort("patient_id").collect().to_arrow()


def with_pandas(folder: str) -> pa.Table:
    """Run the query in pandas: dates as days since 1970, unknown ones NaN."""
    import numpy as np
    import pandas as pd
    import pyarrow.parquet as pq

    def read(table: str) -> pd.DataFrame:
        rows = pq.read_table(paths(folder, table), columns=wanted(table))
        return rows.to_pandas(date_as_object=False)

    def rank(words: pd.Series) -> pd.Series:
        return words.map({"day": 0, "month": 1, "year": 2}).fillna(0)

    def latest(date: pd.Series, words: pd.Series) -> pd.Series:
        out = date.copy()
        for word, step in (("month", pd.offsets.MonthEnd(0)), ("year", pd.offsets.YearEnd(0))):
            chosen = words == word
            out[chosen] = date[chosen] + step
        return out

    def days(later: pd.Series, earlier: pd.Series) -> pd.Series:
        return (later - earlier).dt.days

    lesion = read("lesion")
    known = lesion["organ"].notna()
    regional = lesion["is_regional"]
    elsewhere = np.where(
        known, ~lesion["organ"].isin(NOT_DISTANT), regional.eq(False).fillna(False)
    )
    distant = lesion[elsewhere & ~regional.eq(True).fillna(False)]
    event = read("disease_event")
    event = event[event["type"] == "distant_recurrence"]
    tumour = read("primary_tumour")
    stage = np.zeros(len(tumour), dtype=bool)
    for name, start in (("cm", "M1"), ("pm", "M1"), ("stage_group", "IV")):
        stage |= tumour[name].astype("string").str.startswith(start).fillna(False).to_numpy(bool)
    signs = []
    parts = ((distant, "first_seen_date"), (event, "date"), (tumour[stage], "dx_date"))
    for place, (rows, name) in enumerate(parts):
        day = (rows[name] - pd.Timestamp(0)).dt.days
        key = day * 16 + rank(rows[f"{name}_precision"]) * 4 + place
        signs.append(
            pd.DataFrame({"patient_id": rows["patient_id"], "date": rows[name], "key": key})
        )
    first = pd.concat(signs).groupby("patient_id", sort=True).min().reset_index()
    code = first.pop("key")
    first["metastasis_date_precision"] = (code % 16 // 4).map(dict(enumerate(PRECISIONS)))
    first["metastasis_basis"] = (code % 4).map(dict(enumerate(BASES)))
    first = first.rename(columns={"date": "metastasis_date"})
    first["hi"] = latest(first["metastasis_date"], first["metastasis_date_precision"])
    near = first[["patient_id", "metastasis_date", "hi"]]
    seen = distant.merge(near, on="patient_id")
    late = latest(seen["first_seen_date"], seen["first_seen_date_precision"])
    sites = near[["patient_id"]].copy()
    for name, apart in (
        ("n_sites_min", days(late, seen["metastasis_date"])),
        ("n_sites_max", days(seen["first_seen_date"], seen["hi"])),
    ):
        within = seen.loc[apart <= SITES_WITHIN, ["patient_id", "organ"]].dropna()
        counted = within.drop_duplicates().groupby("patient_id").size()
        sites[name] = sites["patient_id"].map(counted).fillna(0)
    sites = sites[sites["n_sites_max"] > 0]
    therapy = read("local_therapy")
    therapy = therapy[therapy["intent"].ne("diagnostic").fillna(True)].merge(near, on="patient_id")
    late = latest(therapy["start_date"], therapy["start_date_precision"])
    therapy["therapy_days_min"] = days(therapy["start_date"], therapy["hi"])
    therapy["therapy_days_max"] = days(late, therapy["metastasis_date"])
    therapy = therapy[(therapy["therapy_days_max"] >= 0) & (therapy["therapy_days_min"] <= WITHIN)]
    therapy = therapy.assign(rank=rank(therapy["start_date_precision"]))
    therapy = therapy.sort_values(["patient_id", "start_date", "rank", "lt_id"])
    therapy = therapy.drop_duplicates("patient_id").drop(columns=["metastasis_date", "hi", "rank"])
    words = {name: f"therapy_{name}" for name in ("target", "modality", "organ")}
    therapy = therapy.rename(
        columns={
            "lt_id": "therapy_id",
            "start_date": "therapy_date",
            "start_date_precision": "therapy_date_precision",
            **words,
        }
    )
    joined = first.merge(read("patient"), on="patient_id")
    joined = joined.merge(sites, on="patient_id", how="left")
    joined = joined.merge(therapy, on="patient_id", how="left")
    for name, date in DATES.items():
        late = latest(joined[date], joined[f"{date}_precision"])
        joined[f"{name}_days_min"] = days(joined[date], joined["hi"])
        joined[f"{name}_days_max"] = days(late, joined["metastasis_date"])
    joined = joined[NAMES].sort_values("patient_id")
    return pa.Table.from_pandas(joined, preserve_index=False)
