"""A model file as the first version of the format had it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

from locoreg.core.provenance import sha256_of_bytes
from locoreg.selection.model.files import ARRAYS, JSON, _body_hash

HEAD = ("schema", "version", "software", "arrays_sha256", "body_sha256", "shapes")


def make_version_1(folder: Path) -> None:
    """Rewrite a model of version 2 as one of version 1: survival at the horizon, no range."""
    given = json.loads((folder / JSON).read_text())
    with np.load(folder / ARRAYS) as packed:
        arrays = {name: packed[name] for name in packed.files}
    months = given["survival_months"]
    last = f"survival{len(months) - 1}/"
    kept = {name: a for name, a in arrays.items() if not name.startswith(("survival", "hidden"))}
    kept |= {
        f"survival/{name.removeprefix(last)}": a
        for name, a in arrays.items()
        if name.startswith(last)
    }
    body = {k: v for k, v in given.items() if k not in (*HEAD, "odds_factor")}
    body["survival_months"] = months[-1] if months else None
    content = io.BytesIO()
    np.savez_compressed(content, **kept)
    (folder / ARRAYS).write_bytes(content.getvalue())
    head = {
        "schema": given["schema"], "version": 1, "software": "locoreg 0.1.0",
        "arrays_sha256": sha256_of_bytes(content.getvalue()), "body_sha256": _body_hash(body),
        "shapes": {name: list(a.shape) for name, a in kept.items()},
    }  # fmt: skip
    (folder / JSON).write_text(json.dumps({**head, **body}))
