"""Imports take effect in one step or not at all, once, and can be taken back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.sink import CodeUse, Problem, SetAside, rows_table
from locoreg.registry.store import read_registry
from locoreg.registry.store.batch import KEPT_PER_PROBLEM, ImportBatch
from locoreg.registry.store.files import damaged_files
from locoreg.registry.store.manifest import Batch
from locoreg.registry.store.transaction import add_import, purge, undo_import
from tests.registry.build import registry_of

ROOT = Path(__file__).resolve().parents[3]


def patients(*ids: str, sex: str = "female") -> dict[str, list[dict[str, str]]]:
    return {"patient": [{"patient_id": name, "sex": sex} for name in ids]}


def ids(folder: Path) -> list[str]:
    return sorted(read_registry(folder).table("patient").column("patient_id").to_pylist())


def add(folder: Path, mark: str, *names: str, supersedes: tuple[str, ...] = ()) -> Batch:
    def fill(batch: ImportBatch) -> None:
        rows = [{"patient_id": n, "source_file": "f.csv", "source_row": 2} for n in names]
        batch.count_read("f.csv", len(rows))
        batch.add("patient", rows_table("patient", rows))

    batch, _ = add_import(
        folder, fill, source="test", source_system="t", fingerprint=mark * 8, supersedes=supersedes
    )
    return batch


def test_rows_know_their_source(tmp_path: Path) -> None:
    table = registry_of(tmp_path / "r", patients("a")).table("patient").to_pylist()[0]
    assert (table["source_system"], table["source_file"], table["source_row"]) == (
        "test",
        "test.csv",
        2,
    )
    assert table["import_id"].startswith("0001-")


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    registry_of(folder, patients("a", "b"))
    before = (folder / "manifest.json").read_bytes()
    registry_of(folder, patients("a", "b"))
    assert (folder / "manifest.json").read_bytes() == before


def test_append_counts_equal_rows_and_sets_different_ones_aside(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    registry_of(folder, patients("a", "b"))
    registry = registry_of(
        folder, {"patient": [*patients("b", "c")["patient"], {"patient_id": "a", "sex": "male"}]}
    )
    count = registry.batches[-1].counts["patient"]
    assert (count.accepted, count.already_there, count.set_aside) == (1, 1, 1)
    assert registry.batches[-1].leans_on == (registry.batches[0].import_id,)
    assert ids(folder) == ["a", "b", "c"]
    aside = registry.table("set_aside").to_pylist()[0]
    assert aside["source_row"] == 4
    assert '"sex":"male"' in aside["raw"]


def test_rows_set_aside_before_and_after_the_keys_are_all_kept(tmp_path: Path) -> None:
    def fill(batch: ImportBatch) -> None:
        batch.set_aside([SetAside(reason="no date", source_file="f.csv", source_row=9)])
        rows = [{"patient_id": "a", "sex": s, "source_file": "f.csv"} for s in ("male", "female")]
        batch.add("patient", rows_table("patient", rows))

    add_import(tmp_path / "r", fill, source="test", source_system="t", fingerprint="f" * 64)
    registry = read_registry(tmp_path / "r")
    assert registry.table("set_aside").num_rows == 2
    assert sum(registry.batches[0].set_aside.values()) == 2


def test_rows_without_a_required_value_are_set_aside(tmp_path: Path) -> None:
    registry = registry_of(
        tmp_path / "r", {"lesion": [{"organ": "liver"}, {"patient_id": "a", "organ": "lung"}]}
    )
    assert registry.rows()["lesion"] == 1
    assert registry.batches[0].set_aside == {"lesion.patient_id is missing": 1}
    assert registry.table("set_aside").column("source_row").to_pylist() == [2]


def test_a_code_outside_its_vocabulary_is_a_bug_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"patient\.sex can't be 'F'"):
        registry_of(tmp_path / "r", {"patient": [{"patient_id": "a", "sex": "F"}]})
    with pytest.raises(DataError, match="no registry"):
        read_registry(tmp_path / "r")


def test_superseding_and_undoing(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    first = add(folder, "a", "p1", "p2")
    second = add(folder, "b", "p2", "p3", supersedes=(first.import_id,))
    assert ids(folder) == ["p2", "p3"]
    assert second.leans_on == ()
    undo_import(folder, second.import_id)
    assert ids(folder) == ["p1", "p2"]
    # An undone import may be made again.
    third = add(folder, "b", "p2", "p3", supersedes=(first.import_id,))
    assert third.import_id not in {first.import_id, second.import_id}
    assert ids(folder) == ["p2", "p3"]


def test_an_import_that_others_lean_on_stays(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    first = add(folder, "a", "p1")
    second = add(folder, "b", "p1", "p2")
    with pytest.raises(DesignError, match=f"import {second.import_id} left out rows"):
        undo_import(folder, first.import_id)
    with pytest.raises(DesignError, match="left out rows"):
        add(folder, "c", "p9", supersedes=(first.import_id,))
    add(folder, "d", "p1", "p2", supersedes=(first.import_id, second.import_id))
    assert ids(folder) == ["p1", "p2"]


def test_undo_that_would_bring_back_taken_keys_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    first = add(folder, "a", "p1")
    second = add(folder, "b", "p2", supersedes=(first.import_id,))
    third = add(folder, "c", "p1")
    with pytest.raises(DesignError, match=rf"patient p1.*undo {third.import_id} first"):
        undo_import(folder, second.import_id)
    assert ids(folder) == ["p1", "p2"]


def test_what_is_not_active_can_not_be_undone(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    first = add(folder, "a", "p1")
    second = add(folder, "b", "p1", supersedes=(first.import_id,))
    with pytest.raises(DesignError, match=f"superseded by {second.import_id}"):
        undo_import(folder, first.import_id)
    with pytest.raises(DataError, match="there is no import '0009-x'"):
        undo_import(folder, "0009-x")


def test_purge_deletes_what_no_reader_sees(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    first = add(folder, "a", "p1")
    add(folder, "b", "p1", supersedes=(first.import_id,))
    assert len(list(folder.glob("tables/*/*.parquet"))) == 2
    assert purge(folder) == 1
    assert len(list(folder.glob("tables/*/*.parquet"))) == 1
    assert ids(folder) == ["p1"]
    undo_import(folder, read_registry(folder).batches[1].import_id)
    assert ids(folder) == []


def test_an_open_registry_keeps_its_state(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    add(folder, "a", "p1")
    earlier = read_registry(folder)
    undo_import(folder, earlier.batches[0].import_id)
    add(folder, "b", "p2")
    assert earlier.table("patient").column("patient_id").to_pylist() == ["p1"]
    assert ids(folder) == ["p2"]


def test_synthetic_and_real_patients_do_not_mix(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", patients("a"), synthetic=True)
    assert registry.synthetic
    assert all("SYNTHETIC" in path.name for path in (tmp_path / "r").glob("tables/*/*"))
    with pytest.raises(DesignError, match="holds synthetic patients; real ones can't"):
        registry_of(tmp_path / "r", patients("b"))


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"holds other things \(notes.txt\)"):
        add(tmp_path, "a", "p1")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_damage_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    registry = registry_of(folder, patients("a"))
    assert damaged_files(folder, registry.manifest) == ()
    stored = next(registry.manifest.files("patient")).path
    (folder / stored).write_bytes(b"PAR1")
    assert damaged_files(folder, registry.manifest) == (stored,)
    (folder / stored).unlink()
    with pytest.raises(DataError, match="is damaged"):
        read_registry(folder)


def test_problems_are_counted_beyond_those_kept(tmp_path: Path) -> None:
    def fill(batch: ImportBatch) -> None:
        batch.problem(
            Problem(rule="unknown-code", severity="minor", message="m", source_file="f")
            for _ in range(KEPT_PER_PROBLEM + 5)
        )
        use = {"table_name": "patient", "column_name": "sex", "canonical_code": "female"}
        for rows in (2, 3):
            batch.code([CodeUse(source_code="F", n_rows=rows, **use)])

    batch, _ = add_import(
        tmp_path / "r", fill, source="test", source_system="t", fingerprint="f" * 64
    )
    registry = read_registry(tmp_path / "r")
    issues = registry.table("issue").to_pylist()
    assert batch.issues == {"unknown-code": {"minor": KEPT_PER_PROBLEM + 5}}
    assert len(issues) == KEPT_PER_PROBLEM + 1
    assert issues[-1]["message"] == "5 more rows with this problem are not listed."
    assert registry.table("code_map").column("n_rows").to_pylist() == [5]


def add_site(folder: Path, site: str, prefix: str = "") -> Batch:
    def fill(batch: ImportBatch) -> None:
        where = {"patient_id": "1", "source_file": "person"}
        batch.add("patient", rows_table("patient", [{**where, "site_id": site}]))
        batch.add("lesion", rows_table("lesion", [{**where, "lesion_id": site, "organ": "lung"}]))
        batch.problem(
            [Problem(rule="r", severity="note", message="m", source_file="f", patient_id="1")]
        )

    batch, _ = add_import(
        folder, fill, source="t", source_system="t", fingerprint=site * 64, id_prefix=prefix
    )
    return batch


def test_two_sites_that_number_their_patients_alike_are_kept_apart(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    add_site(folder, "A")
    with pytest.raises(DesignError, match=r"first: 1, of B here and of A in .*--id-prefix"):
        add_site(folder, "B")
    assert ids(folder) == ["1"]
    add_site(folder, "B", "B-")
    registry = read_registry(folder)
    assert ids(folder) == ["1", "B-1"]
    lesions = registry.table("lesion").select(["lesion_id", "patient_id"]).to_pylist()
    assert lesions[1] == {"lesion_id": "B-B", "patient_id": "B-1"}
    assert registry.table("issue").column("patient_id").to_pylist() == ["1", "B-1"]


SCRIPT = """
import os, signal, sys
from pathlib import Path
from locoreg.registry.intake.sink import rows_table
from locoreg.registry.store import transaction
moment, folder = sys.argv[1], Path(sys.argv[2])
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def fill(batch):
    for part in range(3):
        rows = [{"patient_id": f"new{part}-{i}", "source_file": "f"} for i in range(60_000)]
        batch.add("patient", rows_table("patient", rows))
        if moment == "while reading" and part == 1:
            die()
if moment == "before the manifest":
    transaction.write_manifest = die
if moment == "while the manifest is written":
    import pathlib
    pathlib.Path.replace = lambda self, target: (
        die() if self.name.startswith(".manifest") else os.replace(self, target))
transaction.add_import(folder, fill, source="s", source_system="s", fingerprint="e" * 64)
"""


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize(
    "moment", ["while reading", "before the manifest", "while the manifest is written"]
)
def test_a_killed_import_leaves_the_registry_as_it_was(
    tmp_path: Path, moment: str, new: bool
) -> None:
    folder = tmp_path / "r"
    if not new:
        add(folder, "a", "p1")
        before = (folder / "manifest.json").read_bytes()
    done = subprocess.run([sys.executable, "-c", SCRIPT, moment, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    if new:
        assert not (folder / "manifest.json").exists()
    else:
        assert (folder / "manifest.json").read_bytes() == before
        assert ids(folder) == ["p1"]
    # The next import clears away what was left, and the lock is free.
    add(folder, "b", "p2")
    assert ids(folder) == (["p2"] if new else ["p1", "p2"])
    kept = {p.relative_to(folder).as_posix() for p in folder.rglob("*.parquet")}
    assert kept == {f.path for f in read_registry(folder).manifest.files("patient")}
    assert not (folder / ".staging").exists()


HOLDER = """
import sys, time
from pathlib import Path
from locoreg.registry.store.lock import writing
with writing(Path(sys.argv[1]), wait_seconds=5):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_waits_or_is_refused_and_readers_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    add(folder, "a", "p1")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataError, match=r"another process is changing .* waited 0.1 s"):
            undo_import(folder, read_registry(folder).batches[0].import_id, wait_seconds=0.1)
        assert ids(folder) == ["p1"]
        holder.stdin.close()
        add(folder, "b", "p2")
    assert ids(folder) == ["p1", "p2"]


def test_two_imports_at_once_both_arrive(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tests.registry.store.test_transaction import add
        add(Path(sys.argv[1]), sys.argv[2], *(f"{sys.argv[2]}{i}" for i in range(50)))
        """
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "r"), mark], env=environment)
        for mark in "abc"
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(ids(tmp_path / "r")) == 150
    numbers = [batch.import_id[:4] for batch in read_registry(tmp_path / "r").batches]
    assert numbers == ["0001", "0002", "0003"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "supersede", "undo"]),
        st.sets(st.sampled_from("abcdef"), min_size=1, max_size=4),
        st.integers(0, 5),
    ),
    max_size=7,
)


@given(steps=STEPS)
@settings(deadline=None, max_examples=15)
def test_keys_stay_unique_whatever_is_done(
    steps: list[tuple[str, set[str], int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("r") / "r"
    for number, (verb, names, which) in enumerate(steps):
        batches = read_registry(folder).batches if (folder / "manifest.json").exists() else ()
        target = batches[which % len(batches)].import_id if batches else None
        try:
            if verb == "undo" and target is not None:
                undo_import(folder, target)
            elif verb != "undo":
                over = (target,) if verb == "supersede" and target is not None else ()
                add(folder, f"{number:08d}", *sorted(names), supersedes=over)
        except DesignError:
            pass
        if (folder / "manifest.json").exists():
            found = ids(folder)
            assert len(found) == len(set(found))
            if verb != "undo" and not over:
                assert names <= set(found)
