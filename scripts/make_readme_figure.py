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
    # Pages with a dark background show the file on it, and the figure has none of its own.
    text = TARGET.read_text(encoding="utf-8")
    paper = '</desc><rect width="100%" height="100%" fill="#ffffff"/>'
    TARGET.write_text(text.replace("</desc>", paper, 1), encoding="utf-8")


if __name__ == "__main__":
    main()
