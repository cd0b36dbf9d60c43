"""``locoreg info``."""

from __future__ import annotations

import platform
from dataclasses import asdict
from pathlib import Path

from locoreg.cli.output import print_json, print_text
from locoreg.core.version import __version__
from locoreg.workflows.evidence import open_tables
from locoreg.workflows.installation import Place, dependency_versions, extras, places


def print_info(*, json: bool, workspace: Path = Path("locoreg-workspace")) -> int:
    """Print what is installed, which extras work, the shipped tables, and where data lie."""
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
        "extras": [asdict(one) for one in extras()],
        "places": [asdict(one) for one in places(workspace)],
        "tables": tables,
        "use": "For research. Not a medical device.",
    }
    if json:
        print_json(content)
        return 0
    print_text(f"locoreg {__version__}, Python {content['python']}, {content['platform']}")
    for name, number in dependency_versions().items():
        print_text(f"  {name} {number}")
    for extra in extras():
        works = "works" if extra.works else f"does not work: {extra.fault}"
        print_text(f"extra {extra.name} ({extra.purpose}): {works}")
        for name, number in extra.packages.items():
            print_text(f"  {name} {number}")
    for place in places(workspace):
        print_text(f"{place.name}: {_where(place)}")
    for name, value in tables.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print_text(f"{name}: {shown}")
    print_text(str(content["use"]))
    return 0


def _where(place: Place) -> str:
    return f"{place.path} ({place.free})" if place.free else place.path or "none"
