"""The typeface of figures, for what is set around them."""

from __future__ import annotations

from pathlib import Path

import matplotlib

from locoreg.figures.textfit import FAMILY as FAMILY


def font_folder() -> Path:
    """Return the folder with the files of `FAMILY`, under a free licence (DejaVu)."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
