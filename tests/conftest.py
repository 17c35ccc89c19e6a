"""What every test stands on: its own settings and cache, the shared data, and calm Hypothesis."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import coverage
import pyarrow as pa
import pytest
from hypothesis import settings

from haoma.numbers import enrich

ROOT = Path(__file__).parent.parent
QUICK = tuple(ROOT / place for place in ("src", "tests/unit", "tests/laws"))
COUNTED = pytest.StashKey[bool]()
ONE_OF = 3  # tests whose lines are counted
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
ROOM_BYTES = 4 << 30

pytest.register_assert_rewrite("contracts")

# The first example of a law may compile a kernel, which takes seconds.
settings.register_profile("haoma", deadline=None, print_blob=True, max_examples=40)
settings.load_profile("haoma")


def pytest_configure(config: pytest.Config) -> None:
    """Cut the tests off from the user's settings, but keep the packed table between runs: it rebuilds itself.

    Before anything is collected: a doctest of src may be the first to read a number.
    """
    # A script's background job ignores Ctrl-C, and so would every command that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith("HAOMA_")]:
        del os.environ[name]
    if quick(config) and not hasattr(config, "workerinput"):
        into_memory(config)
    place = tempfile.TemporaryDirectory(prefix="haoma-tests-")
    config.add_cleanup(place.cleanup)
    os.environ["HAOMA_DATA_DIR"] = str(ROOT / ".cache" / "tests")
    os.environ["XDG_CONFIG_HOME"] = f"{place.name}/config"
    os.environ["XDG_DATA_HOME"] = f"{place.name}/data"
    os.environ.pop("FORCE_COLOR", None)
    os.environ["NO_COLOR"] = "1"


def quick(config: pytest.Config) -> bool:
    """Whether the run is of `make test` alone, without a journey or a peer."""
    named = [(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args]
    return all(any(path.is_relative_to(place) for place in QUICK) for path in named)


def into_memory(config: pytest.Config) -> None:
    """Let temporary files lie in memory where there is room; workers find TMPDIR in the environment they inherit."""
    # What a killed process wrote is kept by the kernel; only a power cut needs a disk.
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return
    place = tempfile.TemporaryDirectory(prefix="haoma-tests-", dir=MEMORY)
    config.add_cleanup(place.cleanup)
    os.environ["TMPDIR"] = tempfile.tempdir = place.name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have lines counted by the first case of a third of the tests, always the same ones: all would take a half longer.

    What is shown as covered is covered; a line that is shown as missing may be run by a test that is not counted.
    """
    seen = set[str]()
    for item in items:
        name = item.nodeid.partition("[")[0]
        counted = zlib.crc32(name.encode()) % ONE_OF == 0 and item.path.parent.name != "laws"
        item.stash[COUNTED] = counted and name not in seen
        seen.add(name)


def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what was imported and collected: a fifth of the tests' time went there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Leave a test uncounted from its fixtures on; pytest-cov's own marker counts what they run."""
    # In a worker there are two that count: when one stops, the other goes on.
    counting = list[coverage.Coverage]()
    while not item.stash[COUNTED] and (found := coverage.Coverage.current()) is not None:
        found.stop()
        counting.append(found)
    try:
        return (yield)
    finally:
        for one in reversed(counting):
            one.start()


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """The kernel, built and compiled once, before any test compares what a command says on stderr."""
    enrich(pa.array(["95588"]))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """../shared/data, read in place: material with licences of its own, which a plain clone does not have."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared/data is missing, and CI must test with it")
        pytest.skip("needs ../shared/data, which is not part of the repository")
    return path
