"""What is installed beside locoreg."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version

MISSING = "missing"


def dependency_versions() -> dict[str, str]:
    """Return the version of each package that locoreg needs, or ``missing``.

    Returns
    -------
    dict of str to str
        Names as in the package's metadata; extras are left out.
    """
    found = {}
    for requirement in requires("locoreg") or []:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = MISSING
    return found
