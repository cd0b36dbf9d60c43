"""Draw the figure of README from the shipped tables.

Usage: python scripts/make_readme_figure.py
"""

from __future__ import annotations

from pathlib import Path

import locoreg as lr

TARGET = Path(__file__).resolve().parent.parent / "docs/images/forest-primary-surgery.svg"


def main() -> None:
    """Pool the trials of primary surgery and draw their forest plot."""
    pool = lr.pool(lr.load_catalog(), "primary-surgery", design="rct", outcome="overall_survival")
    TARGET.parent.mkdir(exist_ok=True)
    lr.save(lr.plot(pool), TARGET)


if __name__ == "__main__":
    main()
