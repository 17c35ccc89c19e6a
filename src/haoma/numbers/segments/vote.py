"""Makes one answer of what the sources say about a segment, and says how sure it is.

Rules held here:
- MIIT's table decides the kind and the operator. It has no city.
- Where phone.dat and libphonenumber name different cities, phone.dat's stands: in a vote of three sources
  libphonenumber was alone with its answer 15 times as often. Two cities are excepted (`SWEPT`).
- 济源 and 焦作 share an area code, and versions of phone.dat contradict each other on them: only the province is said.
- 江汉, an oil field's network, is 潜江 as often as phone.dat itself came to say so.
- Confidence is the measured share of right answers in the same situation; docs/guide/attribution.md derives each.
- A source is listed when the answer agrees with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from haoma.numbers.model import Kind
from haoma.numbers.segments.phonedat import Record
from haoma.numbers.segments.regions import Place

__all__ = ["LIBPHONENUMBER", "MIIT", "NETWORKS", "NOTHING", "OVERLAY", "PHONE_DAT", "Answer", "Block", "vote"]

MIIT, PHONE_DAT, LIBPHONENUMBER, NETWORKS, OVERLAY = 1, 2, 4, 8, 16

OPERATOR_PPM = 999_000
AGREED_PPM = 999_000
PHONE_DAT_PPM = 998_000
LIBPHONENUMBER_PPM = 972_000
DISPUTED_PPM = 940_000
HALF_PPM = 500_000


@dataclass(frozen=True, slots=True)
class Swept:
    """A city that phone.dat 2312 gives to prefixes of a neighbour under the same area code, which 2004 still had.

    `origin` is the neighbour's adcode, `disputed_ppm` how often libphonenumber is right in naming it, `alone_ppm` how
    often phone.dat is right where libphonenumber says nothing.
    """

    origin: str
    disputed_ppm: int
    alone_ppm: int


SWEPT = {
    "620200": Swept("620900", 872_000, 423_000),  # 嘉峪关 took 333 of 448 prefixes of 酒泉
    "620600": Swept("620300", 910_000, 872_000),  # 武威 took 234 of 271 prefixes of 金昌
}


# 14 of the 16 prefixes of 济源 that version 2004 also had were 焦作's there, and 124 of 焦作's were 济源's; to
# libphonenumber both are 焦作.
PARENT_OF = {"419001": "410800"}

# Of 49 prefixes that 2004 called 江汉 (0728) and 2312 gives to one of its three cities, 41 are 潜江's, 6 天门's and
# 2 仙桃's.
JIANGHAN, JIANGHAN_PROVINCE = "0728", "420000"
QIANJIANG = Place("湖北省", "潜江市", "429005")
QIANJIANG_PPM = 837_000


@dataclass(frozen=True, slots=True)
class Block:
    """A block as MIIT's table has it. `operator` is None where the table names none (其他单位)."""

    kind: Kind
    operator: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known about a segment. `sources` is a bit mask; `confidence_ppm` 0 where nothing is known."""

    kind: Kind = Kind.INVALID
    issued_by: str | None = None
    province: str | None = None
    city: str | None = None
    adcode: str | None = None
    area_code: str | None = None
    postcode: str | None = None
    confidence_ppm: int = 0
    sources: int = 0


NOTHING = Answer()


def vote(block: Block | None, record: Record | None, place: Place | None, area_code: str | None) -> Answer:
    """The answer for one segment; `area_code` is that of libphonenumber's place."""
    if block is None:
        return NOTHING
    known = Answer(block.kind, block.operator, confidence_ppm=OPERATOR_PPM if block.operator else 0, sources=MIIT)
    if record is not None:
        return _with_record(known, record, place)
    if place is not None:
        return replace(
            _at(known, place), area_code=area_code, confidence_ppm=LIBPHONENUMBER_PPM, sources=MIIT | LIBPHONENUMBER
        )
    return known


def _with_record(known: Answer, record: Record, place: Place | None) -> Answer:
    here = replace(_at(known, record.place), area_code=record.area_code, postcode=record.postcode)
    swept = SWEPT.get(record.place.adcode)
    if place is None:
        return _phone_dat_alone(here, record, swept)
    if place.adcode == PARENT_OF.get(record.place.adcode):
        return _province_alone(here, record.place)
    if place == record.place:
        return replace(here, confidence_ppm=AGREED_PPM, sources=MIIT | PHONE_DAT | LIBPHONENUMBER)
    if swept and place.adcode == swept.origin:
        there = replace(_at(here, place), postcode=None, confidence_ppm=swept.disputed_ppm)
        return replace(there, sources=MIIT | LIBPHONENUMBER)
    return replace(here, confidence_ppm=DISPUTED_PPM, sources=MIIT | PHONE_DAT)


def _phone_dat_alone(here: Answer, record: Record, swept: Swept | None) -> Answer:
    """What phone.dat alone says; of a city that it names too often, below one half the province alone is said."""
    if (record.area_code, record.place.adcode) == (JIANGHAN, JIANGHAN_PROVINCE):
        return replace(_at(here, QIANJIANG), confidence_ppm=QIANJIANG_PPM, sources=MIIT | PHONE_DAT)
    ppm = swept.alone_ppm if swept else PHONE_DAT_PPM
    if ppm < HALF_PPM or record.place.adcode in PARENT_OF:
        return _province_alone(here, record.place)
    return replace(here, confidence_ppm=ppm, sources=MIIT | PHONE_DAT)


def _province_alone(here: Answer, place: Place) -> Answer:
    whole = replace(here, city=None, adcode=f"{place.adcode[:2]}0000", postcode=None)
    return replace(whole, confidence_ppm=PHONE_DAT_PPM, sources=MIIT | PHONE_DAT)


def _at(answer: Answer, place: Place) -> Answer:
    return replace(answer, province=place.province, city=place.city, adcode=place.adcode)
