"""From an address to an engine."""

from __future__ import annotations

from pathlib import Path

from locoreg.core.errors import DesignError
from locoreg.registry.engines.engine import Engine
from locoreg.registry.engines.target import ServerAddress, is_server, scheme_of

SPARK = "spark"


def connect_engine(target: Path | str) -> Engine:
    """Open a registry on one of the engines.

    Parameters
    ----------
    target : Path or str
        A registry's folder (DuckDB reads it); ``postgresql://user@host/database?schema=NAME``, to
        which ``push_registry`` copied one; or ``spark:FOLDER``: the same folder read by Spark, in
        the session that is active, or else in one of its own on this machine.

    Returns
    -------
    Engine
        Close it after use, or use it in a ``with`` statement.

    Raises
    ------
    DataError
        If there is no registry, the server can't be reached, or the schema version differs.
    DesignError
        If the address is not understood, or an extra (or Java) is missing.
    """
    if isinstance(target, Path):
        return _duckdb(target)
    if is_server(target):
        from locoreg.registry.engines.on_postgresql import PostgresqlEngine

        return PostgresqlEngine(ServerAddress.parse(target))
    scheme, rest = scheme_of(target)
    if scheme == SPARK:
        from locoreg.registry.engines.on_spark import SparkEngine

        if not rest:
            raise DesignError("spark: names no folder.", hint="write spark:FOLDER.")
        return SparkEngine(Path(rest))
    if scheme is not None:
        raise DesignError(
            f"there is no engine for {scheme}: addresses.",
            hint="give a registry's folder, postgresql://user@host/database?schema=NAME or "
            "spark:FOLDER.",
        )
    return _duckdb(Path(target))


def _duckdb(folder: Path) -> Engine:
    from locoreg.registry.engines.on_duckdb import DuckdbEngine

    return DuckdbEngine(folder)
