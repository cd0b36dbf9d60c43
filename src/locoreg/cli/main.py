"""The ``locoreg`` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

from locoreg.cli.wholenumbers import convert
from locoreg.core.errors import LocoregError
from locoreg.core.version import __version__

app = App(
    name="locoreg",
    help=(
        "Evidence engine for local therapy in metastatic breast cancer: published results audited "
        "and pooled, trials emulated from a registry, who gains, one report.\n\n"
        "For research. Not a medical device."
    ),
    version=__version__,
    default_parameter=Parameter(converter=convert),
)
# Each name is imported only when its command is asked for, so that --help stays quick.
app.command(
    "locoreg.cli.evidence:app",
    name="evidence",
    help="Published evidence: list, audit, pool, reproduce, add, diff, and how sure a pool is.",
)
app.command(
    "locoreg.cli.meta:meta",
    name="meta",
    help="Meta-analysis of anyone's table: effects, counts, proportions, person-time, means.",
)
app.command(
    "locoreg.cli.curves:app",
    name="curves",
    help="Published survival curves, read by hand: template, reconstruct, pool.",
)
app.command(
    "locoreg.cli.plan:app",
    name="plan",
    help="The next trial: size, power, assurance, value, accrual, whom to randomise.",
)
app.command(
    "locoreg.cli.registry:app",
    name="registry",
    help="Patients' data: import, check, classify, describe, simulate.",
)
app.command(
    "locoreg.cli.emulate:emulate",
    name="emulate",
    help="Emulate the trial of a protocol from a registry or a table.",
)
app.command(
    "locoreg.cli.select:app",
    name="select",
    help="Who gains: effects by covariates, a rule, and what a model tells for one patient.",
)
app.command(
    "locoreg.cli.protocol:app",
    name="protocol",
    help="Protocols of emulated trials: list, show, check.",
)
app.command(
    "locoreg.cli.run:run",
    name="run",
    help="Run a study file: every part that it has, and one report.",
)
app.command(
    "locoreg.cli.compare:compare",
    name="compare",
    help="Name every number that moved between two runs, and why.",
)
app.command(
    "locoreg.cli.serve:serve",
    name="serve",
    help="Serve the web application on this machine.",
)
app.command(
    "locoreg.cli.km:km",
    name="km",
    help="Survival curves of anyone's table: numbers, and the figure with --out.",
)


@app.command
def info(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """Print versions, the shipped tables and where they lie.

    Parameters
    ----------
    json
        Print one JSON document.
    """
    from locoreg.cli.info import print_info

    return print_info(json=json)


@app.command
def doctor(
    *,
    progress: Literal["auto", "bar", "json", "none"] = "auto",
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Check the installation and compile the kernels, once per machine.

    Parameters
    ----------
    progress
        auto, bar, json or none; on stderr.
    json
        Print one JSON document.
    """
    from locoreg.cli.doctor import print_diagnosis

    return print_diagnosis(progress=progress, json=json)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process if not given.

    Notes
    -----
    Exit codes: 0 done, 1 the analysis failed, 2 the command was wrong, 3 the
    audit found a blocking problem and ``--strict`` was given, 4 a diagnostic failed and
    ``--strict`` was given, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = app(arguments, exit_on_error=False, print_error=True, result_action="return_value")
    except LocoregError as error:
        from locoreg.cli.output import print_error

        print_error(error, as_json="--json" in arguments)
        raise SystemExit(1) from None
    except CycloptsError:
        # Cyclopts has printed what was wrong with the command.
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    raise SystemExit(code if isinstance(code, int) else 0)
