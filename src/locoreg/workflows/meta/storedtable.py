"""A table of studies that was uploaded, as the table of a meta-analysis."""

from __future__ import annotations

from pathlib import Path

from locoreg.core.csvtext import to_csv
from locoreg.core.errors import DataError
from locoreg.workflows.uploadedstudies import Asked, audit_uploaded, study_uploaded
from locoreg.workflows.uploads import UPLOADS

SHA256_DIGITS = 64
# Neither has a part in the effects of the single studies.
_ANY = Asked(method="REML", interval="normal")


def table_of_upload(folder: Path, design: str) -> tuple[str, str]:
    """Return the studies of one group of designs, as the audit reads them.

    Parameters
    ----------
    folder : Path
        Uploaded evidence tables.
    design : str
        ``rct`` or ``observational``: they are never in one table.

    Returns
    -------
    text, measure : str
        CSV with study, year, yi and sei on the scale of the pool, and the measure.

    Raises
    ------
    DataError
        If there is no usable study of that design.
    """
    studied = study_uploaded(audit_uploaded(folder), _ANY)
    found = [one.pool for one in studied.pools if one.pool.selection.design == design]
    if not found:
        raise DataError(f"the upload has no usable study of the design {design}.")
    pool = found[0]
    rows = [
        (study.label, study.year, y, se)
        for study, y, se in zip(pool.studies, pool.meta.yi, pool.meta.se, strict=True)
    ]
    return to_csv([("study", "year", "yi", "sei"), *rows]), pool.question.measure


def kept_uploads(workspace: Path) -> tuple[str, ...]:
    """Return the hashes of the tables of studies that are kept.

    Parameters
    ----------
    workspace : Path
        The application's folder.

    Returns
    -------
    tuple of str
    """
    folder = workspace / UPLOADS
    if not folder.is_dir():
        return ()
    return tuple(sorted(one.name for one in folder.iterdir() if len(one.name) == SHA256_DIGITS))
