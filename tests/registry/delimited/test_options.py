from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DesignError
from locoreg.registry.importing import import_into
from locoreg.registry.intake.source import SourceOptions


def test_a_dictionary_is_refused(tmp_path: Path) -> None:
    options = SourceOptions(dictionary=tmp_path / "dictionary.csv")
    with pytest.raises(DesignError, match="takes no dictionary"):
        import_into(tmp_path / "registry", ["x.csv"], source="delimited", options=options)
    assert not (tmp_path / "registry").exists()
