from __future__ import annotations

import os
from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.locate.routing import Stores, read_stores
from haoma.places import wgs84_to_bd09, wgs84_to_gcj02

HERE = (31.2330, 121.4750)


def stores(folder: Path, text: str | bytes, coordinates: str = "wgs84", **columns: str) -> Stores:
    file = folder / "stores.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_stores(file, coordinates, columns)


def test_stores_of_three_maps_lie_in_one_place(tmp_path: Path) -> None:
    points = {"wgs84": HERE, "gcj02": wgs84_to_gcj02(*HERE), "bd09": wgs84_to_bd09(*HERE)}
    rows = [f"{name},S {name},{lat:.9f},{lon:.9f},{name}" for name, (lat, lon) in points.items()]
    rows += ["GCJ,S,{:.9f},{:.9f},GCJ-02".format(*points["gcj02"]), "usual,S,{:.9f},{:.9f},".format(*points["bd09"])]
    found = stores(tmp_path, "\n".join(["id,name,lat,lon,coordinates", *rows]), "bd09")
    assert (len(found), found.wrong) == (5, ())
    for at in range(5):
        alone = stores(tmp_path, f"id,name,lat,lon,coordinates\n{rows[at]}", "bd09")
        near = alone.nearest(*HERE, within_m=1)
        assert near is not None, rows[at]
        assert near.id == rows[at].partition(",")[0]


def test_a_row_that_is_no_store_is_named_with_its_reason_and_stops_nothing(tmp_path: Path) -> None:
    wrong = {
        ",no id,31.1,121.1,": "it has no id",
        "b,,31.1,121.1,": "it has no name",
        "a,again,31.1,121.1,": "an earlier row has its id",
        "c,C,,121.1,": "its lat is no number of degrees, such as 31.2304",
        "d,D,31.1,121°,": "its lon is no number of degrees, such as 31.2304",
        "e,E,121.47,31.23,": "its lat and lon look exchanged",
        "f,F,87.6,43.8,": "its lat and lon look exchanged",
        "g,G,95,181,": "it is not on Earth: lat is -90 to 90, lon -180 to 180",
        "h,H,0,0,": "it lies at 0, 0, which is open sea",
        "i,I,31.1,121.1,mars": "its coordinates are none of wgs84, gcj02, bd09",
        "j,J,31.1": "row has 3 fields, header 5",
        f"{'k' * 65},K,31.1,121.1,": "its id has more than 64 characters",
        "l\x01,L,31.1,121.1,": "its id has a control character",
        "m,M,nan,121.1,": "its lat is no number of degrees, such as 31.2304",
        "n,N,1e1,121.1,": "its lat is no number of degrees, such as 31.2304",
    }
    lines = ["id,name,lat,lon,coordinates", "a,A,31.2,121.4,", *wrong, "z,Z,31.3,121.5,"]
    found = stores(tmp_path, "\n".join(lines))
    assert (len(found), found.rows, found.wrong_rows) == (2, len(lines) - 1, len(wrong))
    assert [tuple(one) for one in found.wrong] == [(row, why) for row, why in enumerate(wrong.values(), 3)]
    near = found.nearest(31.3, 121.5, within_m=100)
    assert near is not None
    assert (near.id, near.name) == ("z", "Z")


def test_a_file_as_companies_have_it_is_read(tmp_path: Path) -> None:
    text = '门店编号;名称;纬度;经度\r\n 001 ;"上海;人民广场";31.2330;121.4750\r\n'
    own = {"id": "门店编号", "name": "名称", "lat": "纬度", "lon": "经度"}
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        found = stores(tmp_path, text.encode(encoding), **own).nearest(*HERE, within_m=10)
        assert found is not None
        assert (found.id, found.name) == ("001", "上海;人民广场")


def test_rows_that_say_of_which_map_they_are_are_never_passed_over(tmp_path: Path) -> None:
    lat, lon = wgs84_to_gcj02(*HERE)
    row = f"a,A,{lat:.9f},{lon:.9f},gcj02"
    for header in ("coordinates", " Coordinates"):
        assert stores(tmp_path, f"id,name,lat,lon,{header}\n{row}").nearest(*HERE, within_m=1)
    read = read_stores(tmp_path / "stores.csv", "wgs84", {"coordinates": "COORDINATES"})
    assert read.nearest(*HERE, within_m=1)
    with pytest.raises(BadInput):
        read_stores(tmp_path / "stores.csv", "wgs84", {"coordinates": "Karte"})


@pytest.mark.parametrize("text", ["", "id,name,lat\na,A,1", "id,name,lat,lat\na,A,1,2", "\x89PNG\r\n"])
def test_what_is_no_table_of_stores_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        stores(tmp_path, text)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    for name in ("nowhere.csv", "stores.parquet", "stores"):
        with pytest.raises(BadInput):
            read_stores(tmp_path / name, "wgs84")
    with pytest.raises(BadInput):
        stores(tmp_path, "id,name,lat,lon\n", "mars")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stores.csv")
    with pytest.raises(BadInput, match="no plain file"):
        read_stores(tmp_path / "stores.csv", "wgs84")


def test_without_stores_there_is_none_near(tmp_path: Path) -> None:
    found = stores(tmp_path, "id,name,lat,lon\nx,X,,\n")
    assert (len(found), found.wrong_rows) == (0, 1)
    assert found.nearest(*HERE, within_m=3000) is None
