from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path

import pytest

from metaflow_provider.plan_cache import Entry, PlanCache

# A compilation that starts when all files are as they stay.
LATER = time.time() + 3600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "plans"


@pytest.fixture
def cache(folder: Path) -> PlanCache:
    return PlanCache(folder)


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    file = tmp_path / "train.py"
    file.write_text("flow", encoding="utf-8")
    return file


def touch(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() + seconds, time.time() + seconds))


def test_nothing_is_known_of_a_new_flow(cache: PlanCache, flow: Path) -> None:
    assert cache.look_up(flow, ()) == Entry(plan="", error="", fresh=False)


def test_what_was_kept_is_found(cache: PlanCache, flow: Path) -> None:
    cache.store(flow, (), "plan", "", [flow], LATER)
    assert cache.look_up(flow, ()) == Entry("plan", "", fresh=True)


def test_a_file_that_was_touched_but_is_equal_counts_as_unchanged(
    cache: PlanCache, folder: Path, flow: Path
) -> None:
    cache.store(flow, (), "plan", "", [flow], LATER)
    touch(flow, 10)
    assert cache.look_up(flow, ()).fresh
    # The new time is kept, so that the content is not read again.
    [file] = folder.iterdir()
    written = file.stat().st_mtime_ns
    assert cache.look_up(flow, ()).fresh
    assert file.stat().st_mtime_ns == written
    assert str(flow.stat().st_mtime_ns) in file.read_text(encoding="utf-8")


def test_a_changed_file_makes_the_plan_old_but_keeps_it(cache: PlanCache, flow: Path, tmp_path: Path) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("one", encoding="utf-8")
    cache.store(flow, (), "plan", "", [flow, helper], LATER)
    helper.write_text("two", encoding="utf-8")
    touch(helper, 10)
    assert cache.look_up(flow, ()) == Entry("plan", "", fresh=False)


def test_a_file_of_the_same_size_is_told_apart(cache: PlanCache, flow: Path) -> None:
    cache.store(flow, (), "plan", "", [flow], LATER)
    flow.write_text("wolf", encoding="utf-8")
    touch(flow, 10)
    assert not cache.look_up(flow, ()).fresh


def test_a_file_that_is_gone_makes_the_plan_old(cache: PlanCache, flow: Path, tmp_path: Path) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("one", encoding="utf-8")
    cache.store(flow, (), "plan", "", [flow, helper], LATER)
    helper.unlink()
    assert cache.look_up(flow, ()) == Entry("plan", "", fresh=False)


def test_a_failure_is_kept_beside_the_last_good_plan_and_is_tried_again_after_a_minute(
    cache: PlanCache, folder: Path, flow: Path
) -> None:
    cache.store(flow, (), "plan", "it does not compile", [flow], LATER)
    assert cache.look_up(flow, ()) == Entry("plan", "it does not compile", fresh=True)
    [file] = folder.iterdir()
    touch(file, -61)
    assert cache.look_up(flow, ()) == Entry("plan", "it does not compile", fresh=False)


def test_arguments_have_plans_of_their_own(cache: PlanCache, flow: Path) -> None:
    cache.store(flow, ("--max-workers=2",), "plan", "", [flow], LATER)
    assert cache.look_up(flow, ("--max-workers=2",)).fresh
    assert cache.look_up(flow, ("--max-workers=3",)) == Entry()
    assert cache.look_up(flow.with_name("other.py"), ("--max-workers=2",)) == Entry()


def test_a_damaged_entry_is_as_good_as_none(cache: PlanCache, folder: Path, flow: Path) -> None:
    cache.store(flow, (), "plan", "", [flow], LATER)
    [file] = folder.iterdir()
    for damaged in ("", "{", '{"plan": "'):
        file.write_text(damaged, encoding="utf-8")
        assert cache.look_up(flow, ()) == Entry()


def test_many_writers_and_readers_at_once(cache: PlanCache, folder: Path, flow: Path) -> None:
    plans = [f"plan {number} " * 10_000 for number in range(8)]
    cache.store(flow, (), plans[0], "", [flow], LATER)
    seen: list[Entry] = []

    def write(plan: str) -> None:
        for _ in range(10):
            cache.store(flow, (), plan, "", [flow], LATER)
            seen.append(cache.look_up(flow, ()))

    writers = [threading.Thread(target=write, args=(plan,)) for plan in plans]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(seen) == 80
    assert all(entry.fresh and entry.plan in plans for entry in seen)
    assert len(list(folder.iterdir())) == 1, "nothing is left beside the entry"


def test_a_file_that_changed_during_the_compilation_is_read_again(cache: PlanCache, flow: Path) -> None:
    cache.store(flow, (), "plan", "", [flow], time.time() - 60)

    assert cache.look_up(flow, ()) == Entry("plan", "", fresh=False)


def test_headers_do_not_hide_a_plan(
    cache: PlanCache, folder: Path, flow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.store(flow, (), "plan", "", [flow], LATER)
    monkeypatch.setenv("METAFLOW_SERVICE_HEADERS", "{}")
    assert PlanCache(folder).look_up(flow, ()).fresh
    monkeypatch.setenv("METAFLOW_DEFAULT_DATASTORE", "s3")
    assert PlanCache(folder).look_up(flow, ()) == Entry("plan", "", fresh=False)


def flow_in(folder: Path, text: str) -> Path:
    file = folder / "project" / "dags" / "flows" / "train.py"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_flows_in_folders_of_the_same_names_have_entries_of_their_own(
    cache: PlanCache, tmp_path: Path
) -> None:
    one, two = (flow_in(tmp_path / team, team) for team in ("team_a", "team_b"))
    cache.store(one, (), "plan a", "", [one], LATER)
    assert cache.look_up(two, ()) == Entry()
    cache.store(two, (), "plan b", "", [two], LATER)
    assert [cache.look_up(file, ()).plan for file in (one, two)] == ["plan a", "plan b"]
    assert [cache.last(file, ()) for file in (one, two)] == [Entry("plan a"), Entry("plan b")]


def test_a_worker_with_the_files_elsewhere_finds_the_plan_of_the_same_file(
    cache: PlanCache, tmp_path: Path
) -> None:
    for team in ("team_a", "team_b"):
        file = flow_in(tmp_path / team, team)
        cache.store(file, (), f"plan of {team}", "", [file], LATER)
    assert cache.last(flow_in(tmp_path / "worker_a", "team_a"), ()) == Entry("plan of team_a")
    assert cache.last(flow_in(tmp_path / "worker_b", "team_b"), ()) == Entry("plan of team_b")
    assert cache.last(flow_in(tmp_path / "worker_c", "another flow"), ()) is None


def test_a_worker_with_an_older_version_of_the_only_such_file_finds_its_plan(
    cache: PlanCache, tmp_path: Path
) -> None:
    file = flow_in(tmp_path / "tracking", "new")
    cache.store(file, (), "plan", "", [file], LATER)
    assert cache.last(flow_in(tmp_path / "version", "old"), ()) == Entry("plan")
    assert cache.last(flow_in(tmp_path / "other", "old"), ("--max-workers=2",)) is None


def test_conditions_of_this_machine_make_a_plan_old_but_do_not_hide_it(folder: Path, flow: Path) -> None:
    PlanCache(folder, ["/processor/python"]).store(flow, (), "plan", "", [flow], LATER)
    elsewhere = PlanCache(folder, ["/worker/python"])
    assert elsewhere.look_up(flow, ()) == Entry("plan", "", fresh=False)
    assert elsewhere.last(flow, ()) == Entry("plan")


def test_a_worker_writes_nothing(cache: PlanCache, folder: Path, flow: Path) -> None:
    assert cache.last(flow, ()) is None
    assert not folder.exists()
    cache.store(flow, (), "plan", "", [flow], LATER)
    [file] = folder.iterdir()
    written = file.stat().st_mtime_ns
    touch(flow, 10)
    assert cache.last(flow, ()) == Entry("plan")
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_entries_have_the_permissions_of_any_new_file(
    cache: PlanCache, folder: Path, flow: Path, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        cache.store(flow, (), "plan", "", [flow], LATER)
    finally:
        os.umask(before)
    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_folder_that_cannot_be_written_is_a_problem_and_no_error(tmp_path: Path, flow: Path) -> None:
    folder = tmp_path / "a file"
    folder.write_text("", encoding="utf-8")
    cache = PlanCache(folder / "plans")
    cache.store(flow, (), "plan", "", [flow], LATER)
    assert cache.problem == (
        f"Compiled plans cannot be kept in {folder / 'plans'} (Not a directory), so flows are compiled at "
        "every parse; set [metaflow] plan_cache_folder to a folder that can be written to"
    )


def test_an_entry_that_cannot_be_read_is_a_problem(cache: PlanCache, folder: Path, flow: Path) -> None:
    cache.store(flow, (), "plan", "", [flow], LATER)
    [file] = folder.iterdir()
    file.unlink()
    file.mkdir()  # permissions do not keep root from reading
    assert cache.last(flow, ()) is None
    assert cache.problem == f"{file} cannot be read (Is a directory); check [metaflow] plan_cache_folder"
