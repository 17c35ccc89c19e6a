from __future__ import annotations

import numpy as np
import pytest

from haoma.errors import BadInput
from haoma.places import bd09_to_wgs84, distance_m, gcj02_to_wgs84, is_shifted, wgs84_to_bd09, wgs84_to_gcj02
from haoma.places.outline import inside

# WGS-84, read off maps: what lies at the outline, where a rectangle around China would be wrong
SHIFTED = {
    "罗湖口岸": (22.5325, 114.1131), "福田口岸": (22.523, 114.07), "深圳湾口岸": (22.504, 113.9443),
    "沙头角": (22.556, 114.2345), "盐田": (22.56, 114.26), "拱北": (22.22, 113.55), "横琴": (22.13, 113.535),
    "厦门": (24.4798, 118.0894), "大嶝": (24.555, 118.33), "平潭": (25.5, 119.79), "嵊泗": (30.725, 122.45),
    "洋山港": (30.62, 122.06), "涠洲岛": (21.04, 109.115), "三亚": (18.2528, 109.5117), "永兴岛": (16.834, 112.339),
    "丹东": (40.124, 124.385), "满洲里": (49.597, 117.455), "绥芬河": (44.396, 131.164), "黑河": (50.245, 127.5),
    "珲春": (42.862, 130.366), "二连浩特": (43.653, 111.977), "霍尔果斯": (44.213, 80.412), "喀什": (39.467, 75.99),
    "樟木": (27.99, 85.98), "瑞丽": (24.0127, 97.8518), "河口": (22.529, 103.94), "东兴": (21.5417, 107.972),
}  # fmt: skip
UNSHIFTED = {
    "中环": (22.2819, 114.1582), "上水": (22.5012, 114.128), "香港机场": (22.308, 113.9185),
    "西贡": (22.3814, 114.2705), "澳门": (22.1987, 113.5439), "台北": (25.033, 121.5654), "金门": (24.4326, 118.3173),
    "马祖": (26.155, 119.93), "东引": (26.367, 120.49), "澎湖": (23.57, 119.58), "Seoul": (37.5665, 126.978),
    "Hà Nội": (21.0278, 105.8342), "신의주": (40.1006, 124.4), "Благовещенск": (50.272, 127.54),
    "Lào Cai": (22.485, 103.972), "Muse": (23.993, 97.905), "Улаанбаатар": (47.918, 106.917),
    "Kathmandu": (27.7172, 85.324), "Thimphu": (27.4728, 89.639), "Алматы": (43.238, 76.945), "那霸": (26.21, 127.68),
    "London": (51.5074, -0.1278), "Quito": (-0.18, -78.47),
}  # fmt: skip
# so near the border that a point inside has its image here
NEAR = {"落马洲": (22.5145, 114.0655), "氹仔": (22.156, 113.559), "路环": (22.1166, 113.5522)}


@pytest.mark.parametrize("name", SHIFTED)
def test_the_mainland_is_shifted_up_to_its_border_and_on_its_islands(name: str) -> None:
    lat, lon = SHIFTED[name]
    assert is_shifted(lat, lon)
    assert 20 < distance_m(lat, lon, *wgs84_to_gcj02(lat, lon)) < 800


@pytest.mark.parametrize("name", UNSHIFTED)
@pytest.mark.parametrize("convert", [wgs84_to_gcj02, gcj02_to_wgs84, wgs84_to_bd09, bd09_to_wgs84])
def test_outside_the_mainland_nothing_is_shifted(name: str, convert: object) -> None:
    assert callable(convert)
    assert convert(*UNSHIFTED[name]) == UNSHIFTED[name]
    assert not is_shifted(*UNSHIFTED[name])


@pytest.mark.parametrize("name", NEAR)
@pytest.mark.parametrize("back", [gcj02_to_wgs84, bd09_to_wgs84])
def test_what_may_stem_from_inside_is_read_so(name: str, back: object) -> None:
    assert callable(back)
    assert not is_shifted(*NEAR[name])
    assert wgs84_to_gcj02(*NEAR[name]) == wgs84_to_bd09(*NEAR[name]) == NEAR[name]
    found = back(*NEAR[name])
    assert distance_m(*found, *NEAR[name]) < 1600
    assert found == NEAR[name] or is_shifted(*found)


def test_the_corner_posts_of_the_world_are_points() -> None:
    for lat, lon in ((90.0, 0.0), (-90.0, 180.0), (0.0, -180.0), (89.9999, 105.0)):
        assert gcj02_to_wgs84(*wgs84_to_gcj02(lat, lon)) == (lat, lon)
        assert bd09_to_wgs84(*wgs84_to_bd09(lat, lon)) == (lat, lon)


def test_arrays_keep_their_shape() -> None:
    lat, lon = np.array([[31.23, 22.28], [39.9, 0.0]]), np.array([[121.47, 114.16], [116.4, 0.0]])
    there = wgs84_to_gcj02(lat, lon)
    assert there[0].shape == there[1].shape == (2, 2)
    assert (there[0][0, 0], there[1][0, 0]) == wgs84_to_gcj02(31.23, 121.47)
    assert np.allclose(gcj02_to_wgs84(*there), (lat, lon), rtol=0, atol=1e-11)


def test_no_point_at_all_is_no_error() -> None:
    none = np.array([])
    assert [len(degrees) for degrees in (*wgs84_to_bd09(none, none), *bd09_to_wgs84(none, none))] == [0, 0, 0, 0]


def test_the_caller_keeps_what_was_given() -> None:
    lat, lon = np.array([31.23]), np.array([121.47])
    wgs84_to_bd09(lat, lon)
    gcj02_to_wgs84(lat, lon)
    assert (lat[0], lon[0]) == (31.23, 121.47)


@pytest.mark.parametrize(("lat", "lon"), [(121.47, 31.23), (float("nan"), 1.0), (1.0, float("inf")), (0.0, 180.1)])
def test_what_is_no_place_is_refused_without_being_repeated(lat: float, lon: float) -> None:
    with pytest.raises(BadInput) as caught:
        wgs84_to_gcj02(lat, lon)
    assert "121" not in str(caught.value)
    assert caught.value.hint == "latitude comes first"


def test_a_longitude_is_missing() -> None:
    with pytest.raises(BadInput, match="2 latitudes and 1 longitudes"):
        gcj02_to_wgs84(np.array([1.0, 2.0]), np.array([1.0]))


def test_one_point_and_many_are_asked_the_same_way() -> None:
    random = np.random.default_rng(7)
    lat, lon = random.uniform(15, 55, 3000), random.uniform(72, 136, 3000)
    together = inside(lat, lon)
    apart = np.concatenate([inside(lat[i : i + 50], lon[i : i + 50]) for i in range(0, 3000, 50)])
    assert np.array_equal(together, apart)
    assert 0.3 < together.mean() < 0.5
