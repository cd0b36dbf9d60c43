"""What tests of the web application share.

``client`` asks an application without a network; ``full_shelf`` has applications in a thread, with
something in every state; ``server`` is `locoreg serve` in a process of its own; ``browser_page`` is
chromium that refuses every request that would leave this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient

from locoreg.core.findings import Finding
from locoreg.web.app import create_app
from locoreg.web.settings import Settings
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.evidence import audit_tables
from locoreg.workflows.registry.deriving import simulate
from locoreg.workflows.selection.result import SelectionResult
from tests.web import stepruns
from tests.web.browsing import BrowserPage, chromium, opened
from tests.web.serving import Server, serving
from tests.web.shelf import Shelf, shelf
from tests.web.stored import comparable, write_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ADDRESS = "http://127.0.0.1"
Connect = Callable[[Settings], TestClient]


@pytest.fixture(scope="session")
def small_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a synthetic registry of 400 patients; never write into it."""
    folder = tmp_path_factory.mktemp("registry") / "small"
    simulate(folder, patients=400, seed=1, scenario="heterogeneous")
    return folder


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run written by hand, one step of each kind; never write into it."""
    return write_run(tmp_path_factory.mktemp("runs") / "small-study")


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> EmulationResult:
    """An emulation of a small table with its sensitivity analyses."""
    return stepruns.emulated(tmp_path_factory.mktemp("emulated"))


@pytest.fixture(scope="session")
def gains() -> dict[str, SelectionResult]:
    """Who gains, in the states that a page knows."""
    return stepruns.selections()


@pytest.fixture(scope="session")
def study_run(
    tmp_path_factory: pytest.TempPathFactory,
    emulated: EmulationResult,
    gains: dict[str, SelectionResult],
) -> Path:
    """Folder of a run with emulations and selections in every state; never write into it."""
    states = {
        "early": emulated, "failing": stepruns.failing(emulated),
        "blocked": stepruns.blocked(emulated), "biased": stepruns.biased(emulated),
    }  # fmt: skip
    return stepruns.write_run(tmp_path_factory.mktemp("study") / "study", states, gains)


@pytest.fixture(scope="session")
def shipped_findings() -> tuple[Finding, ...]:
    """What the audit of the shipped tables finds; it takes seconds, so once a session."""
    return audit_tables()[0].findings


@pytest.fixture
def app_settings(tmp_path: Path, small_run: Path, small_registry: Path) -> Settings:
    """Settings with a workspace of the test's own, one run and one registry."""
    return Settings(
        workspace=tmp_path / "workspace", runs=(small_run,), registries=(small_registry,)
    )


@pytest.fixture
def connect(shipped_findings: tuple[Finding, ...]) -> Iterator[Connect]:
    """Return a function from settings to a client of a new application."""
    clients: list[TestClient] = []

    def connect(settings: Settings) -> TestClient:
        app = create_app(settings)
        if settings.tables == ("shipped",):
            app.state.locoreg.__dict__["findings"] = shipped_findings
        # An error is a page with status 500, as for users.
        client = TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(app_settings: Settings, connect: Connect) -> TestClient:
    """Return a client of an application with one run and one registry."""
    return connect(app_settings)


@pytest.fixture
def empty_client(tmp_path: Path, connect: Connect) -> TestClient:
    """Return a client of an application without runs and registries."""
    return connect(Settings(workspace=tmp_path / "empty"))


@pytest.fixture(scope="session")
def full_shelf(
    tmp_path_factory: pytest.TempPathFactory,
    small_run: Path,
    study_run: Path,
    small_registry: Path,
    shipped_findings: tuple[Finding, ...],
) -> Iterator[Shelf]:
    """One application with something in every state, and one that has nothing."""
    folder = tmp_path_factory.mktemp("shelf")
    earlier = comparable(folder / "earlier", planning=[{"events": 12.5}])
    later = comparable(folder / "later", planning=[{"events": 16.5}])
    with shelf(
        folder, runs=(small_run, study_run, earlier, later),
        registries=(small_registry,), findings=shipped_findings,
    ) as one:  # fmt: skip
        yield one


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, small_run: Path, small_registry: Path
) -> Iterator[Server]:
    """One `locoreg serve` for the session, with one run and one registry."""
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, runs=(small_run,), registries=(small_registry,)) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for the session."""
    with chromium() as started:
        yield started


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[BrowserPage]:
    """A page 1280 wide; at the end it has asked nobody else and reported nothing."""
    with opened(browser) as one:
        yield one
        one.assert_quiet()
