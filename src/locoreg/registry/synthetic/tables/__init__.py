"""The canonical tables of simulated patients."""

from __future__ import annotations

import numpy as np

from locoreg.registry.synthetic.columns import Block
from locoreg.registry.synthetic.seen import Seen
from locoreg.registry.synthetic.tables.disease import disease_blocks
from locoreg.registry.synthetic.tables.markers import biomarker_blocks
from locoreg.registry.synthetic.tables.person import person_blocks
from locoreg.registry.synthetic.tables.quality import qol_blocks
from locoreg.registry.synthetic.tables.systemic import systemic_blocks
from locoreg.registry.synthetic.tables.therapy import therapy_blocks

WRITERS = (
    person_blocks,
    disease_blocks,
    systemic_blocks,
    therapy_blocks,
    biomarker_blocks,
    qol_blocks,
)


def all_blocks(rng: np.random.Generator, seen: Seen) -> list[Block]:
    """Return the rows of all tables about patients.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    seen : Seen
        Patients.

    Returns
    -------
    list of (str, pyarrow.Table)
        Table and rows; a table may come in several blocks, some of them empty.
    """
    return [piece for write in WRITERS for piece in write(rng, seen)]
