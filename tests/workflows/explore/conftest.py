"""The shipped tables with their audit, once for all tests of the explorer."""

from __future__ import annotations

import pytest

from locoreg.core.findings import Finding
from locoreg.evidence.records import Catalog
from locoreg.workflows.evidence import audit_tables, open_tables


@pytest.fixture(scope="session")
def shipped() -> tuple[Catalog, tuple[Finding, ...]]:
    """The shipped tables and what their audit finds."""
    return open_tables(), audit_tables()[0].findings
