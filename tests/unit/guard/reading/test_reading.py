from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.page_readers import READS, children
from haoma.errors import BadInput, Unavailable
from haoma.guard.extract import mentions_of
from haoma.guard.model import Names
from haoma.guard.reading import Bounds, Readers, Unreadable

PAGE = "<title>甲银行</title><p>甲银行客服热线 <b>95588</b></p><p>乙银行 021-38784800".encode()
NAMES, RIVALS = Names("甲银行", ("甲行",), ("jia.cn",)), [Names("乙银行")]
SLOW = ("<table>" + "<tr><td>代理机构电话<td>021-55500101" * 400 + "<tr>" * 1_200_000).encode()  # takes seconds
LARGE = ("<table>" + ("<tr>" + "<td>x</td>" * 50) * 20_000).encode()  # takes 500 MB
TESTS = Path(__file__).parents[3]


def of(readers: Readers) -> set[int]:
    """The processes of these readers."""
    return {one.pid for one in readers._running}


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(Bounds(20, 512), 1, READS) as found:
        yield found


@pytest.fixture(scope="module")
def hasty() -> Iterator[Readers]:
    with Readers(Bounds(1, 512), 1, READS) as found:
        yield found


def test_a_page_is_read_as_it_is_read_here(readers: Readers) -> None:
    how = {"url": "http://www.jia.cn/", "content_type": "text/html; charset=utf-8", "names": NAMES, "rivals": RIVALS}
    assert readers(PAGE, **how) == mentions_of(PAGE, **how)
    assert len(readers(PAGE)) == 2
    assert readers(b"") == []


def test_one_process_reads_page_after_page(readers: Readers) -> None:
    readers(PAGE)
    before = of(readers)
    for _ in range(5):
        readers(PAGE)
    assert of(readers) == before


@pytest.mark.parametrize("page", [b"expression", b"xpath", SLOW], ids=["expression", "xpath", "slow"])
def test_a_page_has_so_long_and_no_longer(hasty: Readers, page: bytes) -> None:
    hasty(PAGE)
    begun = time.monotonic()
    with pytest.raises(Unreadable, match="within 1 s"):
        hasty(page)
    assert 1 <= time.monotonic() - begun < 5
    assert len(hasty(PAGE)) == 2


@pytest.mark.parametrize("page", [b"memory", LARGE], ids=["memory", "large"])
def test_a_page_has_so_much_memory_and_no_more(page: bytes) -> None:
    with Readers(Bounds(60, 256), 1, READS) as readers:
        with pytest.raises(Unreadable, match="within 256 MB"):
            readers(page)
        assert len(readers(PAGE)) == 2


@pytest.mark.parametrize("page", [b"killed", b"garbage", b"endless", b"more than one", b"fails"])
def test_a_page_that_breaks_its_reader_is_told(readers: Readers, page: bytes) -> None:
    with pytest.raises(Unreadable) as told:
        readers(page)
    assert "138" not in str(told.value)
    assert len(readers(PAGE)) == 2


def test_a_reader_that_somebody_killed_is_replaced(readers: Readers) -> None:
    readers(PAGE)
    (one,) = of(readers)
    os.kill(one, signal.SIGKILL)
    assert len(readers(PAGE)) == 2
    assert one not in of(readers)
    assert one not in children(os.getpid())


def test_a_reader_that_is_stopped_is_replaced(hasty: Readers) -> None:
    hasty(PAGE)
    (one,) = of(hasty)
    os.kill(one, signal.SIGSTOP)
    with pytest.raises(Unreadable, match="within 1 s"):
        hasty(b" " * (8 << 20))
    assert len(hasty(PAGE)) == 2


def test_threads_have_a_reader_each_as_far_as_there_are_any() -> None:
    with Readers(Bounds(30, 512), 2, READS) as readers:
        found: list[int] = []
        asking = [threading.Thread(target=lambda: found.append(len(readers(PAGE)))) for _ in range(8)]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert found == [2] * 8
        ours = of(readers)
        assert 1 <= len(ours) <= 2
    assert not ours & set(children(os.getpid()))


def test_who_waits_for_a_page_is_told_when_reading_is_ended() -> None:
    told: list[BaseException] = []
    readers = Readers(Bounds(60, 512), 1, READS)
    readers(PAGE)

    def ask() -> None:
        try:
            readers(b"expression")
        except Unavailable as error:
            told.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    readers.close()
    asking.join(5)
    assert len(told) == 1
    with pytest.raises(Unavailable):
        readers(PAGE)


def test_readers_end_with_who_asks_in_the_middle_of_a_page(tmp_path: Path) -> None:
    code = (
        "import sys; from haoma.guard.reading import Bounds, Readers\n"
        f"r = Readers(Bounds(60, 512), 1, {READS!r}); r(b'x'); print('ready', flush=True); r(b'expression')"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, sys.path)])}
    with subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "ready\n"
        (reader,) = children(asking.pid)
        time.sleep(0.3)
        asking.kill()
    until = time.monotonic() + 5
    while runs(reader) and time.monotonic() < until:
        time.sleep(0.05)
    assert not runs(reader)


def runs(process: int) -> bool:
    try:
        return b"haoma.guard.reading.child" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def test_half_of_a_pair_of_surrogates_harms_nothing(readers: Readers) -> None:
    page = b'<p>call us</p><script type="application/ld+json">{"name":"\\ud800","telephone":"+862138784800"}</script>'
    (one,) = readers(page, url="http://\ud800/", names=NAMES)
    assert (one.digits, one.owner) == ("862138784800", "?")


def test_a_reader_has_no_setting_that_it_does_not_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAOMA_DATABASE", "postgresql://user:secret@db/haoma")
    with Readers(Bounds(20, 512), 1, READS) as readers:
        readers(PAGE)
        (given,) = (Path(f"/proc/{one}/environ").read_bytes() for one in of(readers))
    assert b"HAOMA_DATA_DIR" in given
    assert b"secret" not in given


def test_a_process_that_cannot_be_started_is_no_fault_of_the_page() -> None:
    with Readers(Bounds(20, 512), 1, "no.such.module:read") as readers, pytest.raises(Unavailable, match="started"):
        readers(PAGE)


@pytest.mark.parametrize("bounds", [(0, 512), (-1, 512), (90_000, 512), (1, 1)])
def test_bounds_that_are_none_are_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(BadInput):
        Bounds(*bounds)
