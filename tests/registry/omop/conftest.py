"""Small imports are quicker on one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from locoreg.registry.omop import reader


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "THREADS", 1)
        yield
