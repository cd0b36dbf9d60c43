"""Spark over a registry's Parquet files."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.engines.engine import IMPORT_LOG, Engine
from locoreg.registry.store import Registry, read_registry
from locoreg.registry.store.views import import_log_rows
from locoreg.registry.tables import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

# For one machine: Spark's own settings are for a cluster.
LOCAL = {
    # The most that Java may take; its own limit is too low for a million patients.
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "8",
    # Compressed files look small enough to be sent to every worker; decide when sizes are known.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.adaptive.autoBroadcastJoinThreshold": "10MB",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
_LOG_SETTINGS = Path(__file__).with_name("spark-log4j2.properties")
SPARK_TYPES = {
    "text": "string",
    "code": "string",
    "date": "date",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "number": "double",
    "bool": "boolean",
}


class SparkEngine(Engine):
    """Run expressions on Spark.

    Parameters
    ----------
    folder : Path
        The registry; a cluster must see it under the same path.
    """

    name = "spark"
    dialect = "pyspark"

    def __init__(self, folder: Path) -> None:
        registry = read_registry(folder)
        super().__init__(
            place=f"spark:{folder}",
            revision=registry.manifest.revision,
            synthetic=registry.synthetic,
        )
        self._session, self._ours = _session()
        self._registry = registry
        self._views: set[str] = set()

    def table(self, name: str) -> ir.Table:
        """Return a table as an ibis expression; Spark learns of it when it is first asked for."""
        table = super().table(name)
        if name not in self._views:
            _rows(self._session, self._registry, name).createOrReplaceTempView(name)
            self._views.add(name)
        return table

    def sql(self, expr: ir.Expr) -> str:
        """Return an expression in Spark's SQL."""
        _set_compiler_options()
        return super().sql(expr)

    def days_between(self, later: ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
        """Return whole days from one date to another."""
        return later.delta(earlier, unit="day")

    def close(self) -> None:
        """Stop Spark if this engine started it; a session that was there stays."""
        if self._ours:
            self._session.stop()

    def _run(self, sql: str) -> pa.Table:
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            return self._session.sql(sql).toArrow()
        except Py4JJavaError as error:
            raise DataError(f"{self.place}: {_first_line(error.java_exception)}") from error
        except PySparkException as error:
            raise DataError(f"{self.place}: {_first_line(error)}") from error


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0]


def _set_compiler_options() -> None:
    """Give ibis' compiler for Spark its options as ibis' connection to Spark would set them.

    That connection is not used: it needs pandas below 3, and Spark answers as Arrow without it.
    """
    import ibis

    if ibis.options.pyspark is None:
        fields = {"__annotations__": {"treat_nan_as_null": bool}, "treat_nan_as_null": False}
        ibis.options.pyspark = type("Options", (ibis.config.Config,), fields)()


def _session() -> tuple[Any, bool]:
    """Return a session with names of its own, and whether Spark was started for it."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise DesignError(
            "Spark needs the package pyspark.", hint="pip install 'locoreg[spark]'."
        ) from error
    active = SparkSession.getActiveSession()
    if active is not None:
        return active.newSession(), False
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (home and (Path(home) / "bin" / "java").exists())):
        raise DesignError(
            "Spark needs Java, and there is none.",
            hint="install Java 17 or later, or set JAVA_HOME.",
        )
    builder = SparkSession.builder.appName("locoreg").master("local[*]")
    quiet = f"-Dlog4j2.configurationFile={_LOG_SETTINGS.as_uri()}"
    for name, value in {**LOCAL, "spark.driver.extraJavaOptions": quiet}.items():
        builder = builder.config(name, value)
    # Else Spark asks the network who it is.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    with warnings.catch_warnings():
        # Rows come as Arrow, and pandas has no part in it.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        return builder.getOrCreate(), True


def _rows(session: Any, registry: Registry, name: str) -> Any:
    """Return a table as a Spark data frame that is read when it is needed."""
    if name == "import_log":
        kinds = {"string": "string", "int64": "bigint"}
        columns = ", ".join(f"`{column}` {kinds[kind]}" for column, kind in IMPORT_LOG.items())
        return session.createDataFrame(import_log_rows(registry.manifest), columns)
    described = [(f"`{c.name}`", SPARK_TYPES[c.type]) for c in TABLES[name].columns]
    paths = [_literal(registry.path / file.path) for file in registry.manifest.files(name)]
    if not paths:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in described)
        return session.sql(f"SELECT {nothing} WHERE false")
    # Columns that an older file lacks are null.
    schema = ", ".join(f"{column} {kind}" for column, kind in described)
    return session.read.schema(schema).parquet(*paths)


def _literal(path: Path) -> str:
    """Return a path in which no character stands for others."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", str(path.resolve()))
