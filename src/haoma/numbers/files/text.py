"""The bytes of a text file, and which encoding they are in.

Rules held here:
- UTF-8 and GB18030 (with it GBK and GB2312) are read as they are, for the bytes of comma, quote and line feed are no
  part of another character in either; every other encoding becomes UTF-8 on the way in.
- Unless it is named, the encoding is told by a byte order mark, else by the first place of the file that is not ASCII:
  UTF-8 where it is valid, else that of UTF-8 and GB18030 in which less is wrong. A file is looked at in sixteen places,
  a pipe at its beginning.
- Bytes that are wrong in their encoding stay what they are in a row that is passed on, and are U+FFFD in a cell. In
  another encoding each becomes `WRONG`, which UTF-8 never has, so that no wrong byte passes unseen.
"""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import os
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from haoma.errors import BadInput, HaomaError, Unavailable

__all__ = ["ANOTHER", "GB18030", "UTF_8", "WRONG", "Text", "open_text", "opened", "unreadable"]

UTF_8, GB18030 = "utf-8", "gb18030"
ANOTHER = "--encoding names another, such as gb18030, big5 or utf-16-le"
WRONG = b"\xff"
SAMPLE = 1 << 20
PIECE = 1 << 16
SENSIBLE = "utf-8, utf-16, gb18030, gbk, gb2312, big5, shift_jis, euc-kr, windows-1252"
PLACES = 16
MAGICS = (b"PK\3\4", b"\x89PNG", b"PAR1", b"%PDF-", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"\x7fELF")
_BOMS = {
    codecs.BOM_UTF8: UTF_8, codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
}  # fmt: skip
# Text in Python's eyes, but nothing that a file is kept in: any bytes may mean any character, or any program text.
_ODD = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"}
_SAME = {"gbk": GB18030, "gb2312": GB18030, "cp936": GB18030, "utf_8_sig": UTF_8, "utf-8-sig": UTF_8}


def _marked(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    if isinstance(error, UnicodeEncodeError):
        return WRONG * (error.end - error.start), error.end
    raise error


codecs.register_error("haoma-wrong", _marked)


class Text:
    """A text file's bytes in `encoding`, which is UTF-8 or GB18030; `bom` are those in front that are no text.

    `given` is the encoding that the file has, `recoded` tells whether that is another than `encoding`.
    """

    def __init__(self, file: BinaryIO, stream: BinaryIO, name: str, wanted: str | None, kept: Container[str]) -> None:
        self.name = name
        self._file = file
        self._stream = stream
        self._seen = 0
        self._head = self._filled(SAMPLE)
        self.bom, told = _bom(self._head)
        self._head = self._head[len(self.bom) :]
        inside = known(wanted) if wanted is not None else told or self._guess()
        if told and told.startswith(inside):
            inside = told
        self.given = inside
        self.encoding = inside if inside in kept else UTF_8
        self.recoded = self.encoding != inside
        self._decoder = codecs.getincrementaldecoder(inside)("haoma-wrong") if self.recoded else None
        if self._decoder is not None:
            self.bom = codecs.BOM_UTF8 if self.bom else b""
        elif self._head.startswith(MAGICS) or self._head[:PIECE].count(0) * 8 > len(self._head[:PIECE]):
            hint = "a spreadsheet is saved as CSV first; --encoding utf-16-le reads UTF-16 without a byte order mark"
            raise BadInput(f"{name}: this is no text", hint=hint)

    def read(self, size: int) -> bytes:
        """About `size` bytes of UTF-8 or GB18030; none at the end."""
        while True:
            some = self._head or self._filled(size)
            self._head = b""
            if self._decoder is None:
                return some
            try:
                text = self._decoder.decode(some, final=not some)
            except UnicodeError as error:
                raise BadInput(f"{self.name}: this is not {self.given.upper()}", hint=ANOTHER) from error
            if text or not some:
                return text.encode("utf-8", "haoma-wrong")

    def _filled(self, size: int) -> bytes:
        """That many bytes, fewer only at the end."""
        parts: list[bytes] = []
        try:
            while size > 0 and (part := self._stream.read(size)):
                parts.append(part)
                size -= len(part)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(f"{self.name}: the compressed file is cut or damaged") from error
        except OSError as error:
            raise unreadable(self.name, error) from error
        return b"".join(parts)

    def wrong(self, where: str) -> str:
        """What is told of a place that holds bytes that are no text."""
        return f"{where}bytes that are not {self.given.upper()}"

    def advanced(self) -> int:
        """How many bytes of the file have been read since the last time this was asked."""
        try:
            here = self._file.tell()
        except OSError:
            return 0
        self._seen, before = here, self._seen
        return here - before

    def _guess(self) -> str:
        for piece in self._pieces():
            if not piece.isascii():
                wrong = _wrong(piece, UTF_8)
                return UTF_8 if not wrong or wrong <= _wrong(piece, GB18030) else GB18030
        return UTF_8

    def _pieces(self) -> Iterator[bytes]:
        """The beginning, and lines from further places where the file can be looked at out of order."""
        yield self._head
        if self._stream is not self._file or not self._file.seekable():
            return
        here, end = self._file.tell(), self._file.seek(0, os.SEEK_END)
        for at in range(here, end, max(PIECE, (end - here) // PLACES)):
            self._file.seek(at)
            yield self._file.read(PIECE).partition(b"\n")[2]
        self._file.seek(here)


def known(encoding: str) -> str:
    """Python's name of an encoding; raises BadInput where it has none."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):  # ValueError: a NUL in the name
        raise BadInput(f"there is no encoding {encoding!r}", hint=f"for example {SENSIBLE}") from None
    if name in _ODD:
        raise BadInput(f"{encoding} is no encoding of files", hint=f"for example {SENSIBLE}")
    return _SAME.get(name, name)


@contextmanager
def open_text(source: Path | str, wanted: str | None, kept: Container[str]) -> Iterator[Text]:
    """Open a text file, "-" is stdin: unpacked where its name ends in .gz, recoded where its encoding is not `kept`."""
    if str(source) == "-":
        with _stdin() as stdin:
            yield Text(_raw(stdin), _raw(stdin), "stdin", wanted, kept)
        return
    with opened(source) as file:
        if not str(source).lower().endswith(".gz"):
            yield Text(_raw(file), _raw(file), str(source), wanted, kept)
            return
        with gzip.GzipFile(fileobj=_raw(file)) as unpacked:
            yield Text(_raw(file), _raw(unpacked), str(source), wanted, kept)


@contextmanager
def opened(source: Path | str) -> Iterator[io.FileIO]:
    """A file opened for reading; raises BadInput where it cannot be."""
    try:
        file = Path(source).open("rb", buffering=0)  # noqa: SIM115 - what goes wrong inside is told elsewhere
    except OSError as error:
        raise BadInput(f"{source}: {error.strerror}") from error
    with file:
        yield file


def _stdin() -> io.FileIO:
    try:
        # Unbuffered: Python waits at its exit for the lock of a buffer that a thread is still reading from.
        return open(0, "rb", buffering=0, closefd=False)
    except OSError as error:
        raise unreadable("stdin", error) from error


def unreadable(name: str, error: OSError) -> HaomaError:
    """What to raise where the system does not let a file be read."""
    if error.errno == errno.EBADF:
        return BadInput(f"{name}: it is closed, or open for writing only", hint="name a file, or feed a pipe")
    if isinstance(error, IsADirectoryError):
        return BadInput(f"{name}: this is a directory", hint="name a file")
    return Unavailable(f"{name}: {error.strerror}")


def _raw(file: io.RawIOBase | gzip.GzipFile) -> BinaryIO:
    return file  # type: ignore[return-value]  # it reads bytes, which is all that is asked of it


def _bom(head: bytes) -> tuple[bytes, str | None]:
    return next(((mark, name) for mark, name in _BOMS.items() if head.startswith(mark)), (b"", None))


def _wrong(piece: bytes, encoding: str) -> int:
    """How many places of a piece, which may be cut at its end, are wrong in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        decoder().decode(piece)
    except UnicodeDecodeError:
        return decoder("haoma-wrong").decode(piece).count("\udcff")
    return 0
