from __future__ import annotations

from haoma.numbers.model import Kind
from haoma.numbers.segments.phonedat import Record
from haoma.numbers.segments.regions import resolve
from haoma.numbers.segments.vote import LIBPHONENUMBER, MIIT, NOTHING, PHONE_DAT, Answer, Block, vote

BLOCK = Block(Kind.MVNO, "中国联通")
HANGZHOU, NINGBO = resolve("浙江", "杭州"), resolve("浙江", "宁波")
RECORD = Record(HANGZHOU, "0571", "310000")


def test_outside_miit_s_blocks_nothing_is_said() -> None:
    assert vote(None, RECORD, HANGZHOU, "0571") == NOTHING


def test_the_operator_alone_is_said_where_no_source_has_a_place() -> None:
    assert vote(BLOCK, None, None, None) == Answer(Kind.MVNO, "中国联通", confidence_ppm=999_000, sources=MIIT)


def test_a_block_without_operator_and_place_has_no_confidence() -> None:
    assert vote(Block(Kind.SATELLITE, None), None, None, None) == Answer(Kind.SATELLITE, sources=MIIT)


def test_agreement_is_surer_than_one_source_and_one_source_surer_than_dispute() -> None:
    agreed = vote(BLOCK, RECORD, HANGZHOU, "0571")
    alone = vote(BLOCK, RECORD, None, None)
    disputed = vote(BLOCK, RECORD, NINGBO, "0574")
    assert agreed.confidence_ppm > alone.confidence_ppm > disputed.confidence_ppm
    assert agreed.sources == MIIT | PHONE_DAT | LIBPHONENUMBER
    assert disputed.sources == MIIT | PHONE_DAT
    assert {agreed.city, alone.city, disputed.city} == {"杭州市"}


def test_libphonenumber_wins_where_phone_dat_swept_a_neighbour_s_prefixes() -> None:
    jiayuguan = Record(resolve("甘肃", "嘉峪关"), "0937", "735100")
    answer = vote(BLOCK, jiayuguan, resolve("甘肃", "酒泉"), "0937")
    assert (answer.city, answer.area_code, answer.postcode) == ("酒泉市", "0937", None)
    assert answer.sources == MIIT | LIBPHONENUMBER
    assert vote(BLOCK, jiayuguan, resolve("甘肃", "嘉峪关"), "0937").city == "嘉峪关市"
    assert vote(BLOCK, jiayuguan, NINGBO, "0574").city == "嘉峪关市"


def test_a_city_more_often_wrong_than_right_is_not_said() -> None:
    answer = vote(BLOCK, Record(resolve("甘肃", "嘉峪关"), "0937", "735100"), None, None)
    assert (answer.province, answer.city, answer.adcode, answer.area_code) == ("甘肃省", None, "620000", "0937")
    wuwei = vote(BLOCK, Record(resolve("甘肃", "武威"), "0935", "733000"), None, None)
    assert (wuwei.city, wuwei.confidence_ppm) == ("武威市", 872_000)


def test_libphonenumber_alone_gives_place_and_its_only_area_code() -> None:
    answer = vote(BLOCK, None, NINGBO, "0574")
    assert (answer.city, answer.area_code, answer.postcode) == ("宁波市", "0574", None)
    assert answer.sources == MIIT | LIBPHONENUMBER


def test_jiyuan_is_not_said_where_the_sources_do_not_keep_it_apart_from_jiaozuo() -> None:
    jiyuan = Record(resolve("河南", "济源"), "0391", "454650")
    for place in (None, resolve("河南", "焦作")):
        answer = vote(BLOCK, jiyuan, place, "0391")
        assert (answer.province, answer.city, answer.adcode, answer.area_code) == ("河南省", None, "410000", "0391")
    assert vote(BLOCK, jiyuan, resolve("河南", "济源"), "0391").city == "济源市"


def test_an_oil_field_s_network_is_said_to_be_qianjiang_as_surely_as_was_measured() -> None:
    answer = vote(BLOCK, Record(resolve("湖北", "江汉"), "0728", None), None, None)
    assert (answer.city, answer.adcode, answer.area_code, answer.postcode) == ("潜江市", "429005", "0728", None)
    assert answer.confidence_ppm == 837_000
    nowhere = vote(BLOCK, Record(resolve("湖北"), "0710", None), None, None)
    assert (nowhere.province, nowhere.city) == ("湖北省", None)
