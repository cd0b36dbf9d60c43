"""``locoreg info``."""

from __future__ import annotations

import platform

from locoreg.cli.output import print_json, print_text
from locoreg.core.version import __version__
from locoreg.workflows.evidence import open_tables
from locoreg.workflows.installation import dependency_versions


def print_info(*, json: bool) -> int:
    """Print versions of locoreg and what it stands on, and the size of the shipped tables."""
    catalog = open_tables()
    tables: dict[str, object] = {
        "source": catalog.source,
        "sha256": catalog.sha256,
        "questions": list(catalog.questions),
        "studies": len(catalog.studies),
        "references": len(catalog.references),
        "claims": len(catalog.claims),
        "pools": len(catalog.pools),
        "statements": len(catalog.statements),
    }
    content = {
        "locoreg": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "dependencies": dependency_versions(),
        "tables": tables,
        "use": "For research. Not a medical device.",
    }
    if json:
        print_json(content)
        return 0
    print_text(f"locoreg {__version__}, Python {content['python']}, {content['platform']}")
    for name, number in dependency_versions().items():
        print_text(f"  {name} {number}")
    for name, value in tables.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print_text(f"{name}: {shown}")
    print_text(str(content["use"]))
    return 0
