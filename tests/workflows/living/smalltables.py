"""Small evidence tables of invented trials."""

from __future__ import annotations

from pathlib import Path

STUDIES = "study_id,label,question_id,design\n"
CLAIMS = (
    "claim_id,study_id,kind,outcome,measure,reference_arm,estimate,ci_low,ci_high,ci_level,n,"
    "supersedes,reason\n"
)
TRIALS = (
    ("a", "1.05", "0.85", "1.30"),
    ("b", "0.80", "0.62", "1.03"),
    ("c", "0.95", "0.75", "1.20"),
)


def study(name: str) -> str:
    return f"{name},Trial {name.upper()},primary-surgery,rct\n"


def claim(key: str, name: str, hr: str, low: str, high: str, *, fixes: str = "") -> str:
    why = "read again" if fixes else ""
    return (
        f"{key},{name},effect,overall_survival,HR,control,{hr},{low},{high},95,900,{fixes},{why}\n"
    )


def tables(folder: Path, *, studies: str = "", claims: str = "") -> Path:
    """Write tables with the three trials and more."""
    folder.mkdir(parents=True)
    names = "".join(study(name) for name, *_ in TRIALS)
    rows = "".join(claim(f"{name.upper()}1", name, *numbers) for name, *numbers in TRIALS)
    (folder / "studies.csv").write_text(STUDIES + names + studies, encoding="utf-8")
    (folder / "claims.csv").write_text(CLAIMS + rows + claims, encoding="utf-8")
    return folder


def new_rows(folder: Path, **contents: str) -> Path:
    """Write a folder of new rows."""
    folder.mkdir(parents=True)
    for name, text in contents.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
