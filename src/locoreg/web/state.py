"""What all requests share: data that are read once, and pages that are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from locoreg.core.findings import Finding
from locoreg.web.settings import Settings
from locoreg.web.storedruns import NamedRun, Runs
from locoreg.workflows.evidence import audit_tables, open_tables
from locoreg.workflows.evidencestate import EvidenceState, evidence_state

if TYPE_CHECKING:
    from locoreg.evidence.records import Catalog

T = TypeVar("T")
# Entries; a page has some 100 kB.
KEPT = 500


class Kept:
    """Results by key, the least recently asked for dropped first; each is made once.

    Two requests for the same key at once wait for one computation; other keys don't wait.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._making: dict[tuple[object, ...], threading.Lock] = {}

    def get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what is kept under a key, or make it.

        Parameters
        ----------
        key : tuple
            What the result depends on: names, options, hashes of data. Nothing about a patient.
        make : callable
            Makes it.

        Returns
        -------
        T
            The result. A failure is not kept.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]  # type: ignore[return-value]
            mine = self._making.setdefault(key, threading.Lock())
        with mine:
            with self._lock:
                if key in self._values:
                    return self._values[key]  # type: ignore[return-value]
            try:
                made = make()
                with self._lock:
                    self._values[key] = made
                    while len(self._values) > self._most:
                        self._values.popitem(last=False)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made


class State:
    """Settings, evidence tables and kept results of one application.

    Parameters
    ----------
    settings : Settings
        What it was started with.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.kept = Kept()
        # Matplotlib's settings belong to the whole process: one drawing at a time.
        self.drawing = threading.Lock()
        self._runs = Runs()

    @cached_property
    def catalog(self) -> Catalog:
        """The evidence tables."""
        return open_tables(self.settings.tables)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the audit of the tables found; it takes seconds the first time."""
        return self.kept.get(
            ("findings", self.catalog.sha256),
            lambda: audit_tables(self.settings.tables)[0].findings,
        )

    @cached_property
    def evidence(self) -> EvidenceState:
        """Counts of what the tables hold and of what the audit found in them."""
        return evidence_state(self.catalog, self.findings)

    def runs(self) -> tuple[NamedRun, ...]:
        """Return the runs given at the start, and those that jobs made, as they are now."""
        return self._runs.find((*self.settings.runs, self.settings.workspace / "runs"))
