from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from locoreg.registry.engines import Engine, connect_engine
from tests.registry.build import registry_of
from tests.registry.engines.made_up import made_up
from tests.registry.engines.postgres_server import Server, missing, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a running server; its driver must be there too."""
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        missing("adbc-driver-postgresql is not installed (extra postgres)")
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def made_up_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a registry with everything that makes engines differ."""
    # Characters that Spark would take for a pattern.
    folder = tmp_path_factory.mktemp("r") / "ä {b} [c] d"
    registry_of(folder, made_up(7))
    return folder


@pytest.fixture(scope="session")
def spark(made_up_folder: Path) -> Iterator[Engine]:
    """Return the one Spark of the tests; others use its session."""
    if importlib.util.find_spec("pyspark") is None:
        missing("pyspark is not installed (extra spark)")
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java") and not (home and (Path(home) / "bin" / "java").exists()):
        missing("there is no Java, which Spark needs")
    # A few rows: compiling takes longer than running.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        engine = connect_engine(f"spark:{made_up_folder}")
    with engine:
        yield engine
