from __future__ import annotations

import pytest

from haoma.errors import BadInput, NotFound
from haoma.locate.areas import place_called, region_called
from haoma.places import cities, macro_region, provinces


def test_every_city_and_province_goes_by_its_adcode_and_every_macro_region_by_its_name() -> None:
    for one in (*provinces(), *(city.region for city in cities())):
        assert region_called(one.adcode).adcode == one.adcode
        assert region_called(macro_region(one.adcode).name) == macro_region(one.adcode)


@pytest.mark.parametrize(("text", "error"), [("330106", BadInput), ("990000", NotFound), ("亚特兰蒂斯", NotFound)])
def test_a_district_and_what_is_nowhere_are_told(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        region_called(text)


def test_a_macro_region_is_nobodys_address() -> None:
    assert place_called("杭州").adcode == "330100"
    with pytest.raises(BadInput):
        place_called("华东")
