"""``locoreg protocol``: list, show and check protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.core.errors import DataError
from locoreg.workflows.emulation import protocols

app = App(name="protocol", help="Protocols of emulated trials: list, show, check.")
Flag = Parameter(negative=())


@app.command(name="list")
def list_(*, json: Annotated[bool, Flag] = False) -> int:
    """List the shipped examples.

    Parameters
    ----------
    json
        Print one JSON document.
    """
    found = protocols.examples()
    if json:
        print_json({"examples": [{"name": name, "title": title} for name, title in found]})
    else:
        width = max(len(name) for name, _ in found)
        print_text("\n".join(f"{name:<{width}}  {title}" for name, title in found))
    return 0


@app.command
def show(name: str, *, out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None) -> int:
    """Print a shipped example, or write it to a new file as a start for one's own.

    Parameters
    ----------
    name
        Name of the example.
    out
        New file.
    """
    text = protocols.example_text(name)
    if out is None:
        print_text(text)
        return 0
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise DataError(f"{out} can't be written: {error.strerror}.") from error
    print_text(f"Wrote {out}.")
    return 0


@app.command
def check(protocol: str, *, json: Annotated[bool, Flag] = False) -> int:
    """Check a protocol, and print its hash and what it asks.

    Parameters
    ----------
    protocol
        Protocol (YAML), or the name of a shipped example.
    json
        Print one JSON document.
    """
    found = protocols.check(protocol)
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.summary())
    return 0
