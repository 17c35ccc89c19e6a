from __future__ import annotations

from contracts.api import Client
from haoma.access import Role

HOLDERS = [f"1380013{at:04}" for at in range(9000, 9006)]


def test_an_agent_opens_a_case_about_the_holder_of_a_number_and_closes_it(api: Client) -> None:
    made = api.post("/v1/cases", {"number": HOLDERS[0]}, by="agent")
    assert made.status_code == 201
    case = made.json()
    assert case["subject"].startswith("acme.")
    assert case["case"] in [one["case"] for one in api.get("/v1/cases?limit=100", by="agent").json()["cases"]]
    assert api.post(f"/v1/cases/{case['case']}/close", by="agent").status_code == 200
    assert case["case"] not in [one["case"] for one in api.get("/v1/cases?limit=100", by="agent").json()["cases"]]
    assert api.post(f"/v1/cases/{case['case']}/close", by="agent").status_code == 404


def test_one_number_is_one_subject_however_it_is_written(api: Client) -> None:
    one, other = (
        api.post("/v1/cases", {"number": text}, by="agent").json() for text in (HOLDERS[1], f"+86 {HOLDERS[1]}")
    )
    assert one["subject"] == other["subject"]
    assert api.post("/v1/cases", {"subject": one["subject"]}, by="agent").json()["subject"] == one["subject"]


def test_a_case_is_about_a_number_or_a_subject_and_is_told_no_other_way(api: Client) -> None:
    for body in ({}, {"number": HOLDERS[0], "subject": "acme.a1.x"}, {"number": "nothing"}, {"subject": HOLDERS[0]}):
        told = api.post("/v1/cases", body, by="agent")
        assert (told.status_code, told.json()["code"]) == (400, "bad-input")
        assert HOLDERS[0] not in told.text


def test_the_cases_of_another_agent_are_none_of_theirs(api: Client) -> None:
    case = api.post("/v1/cases", {"number": HOLDERS[2]}, by="agent@other").json()
    assert case["subject"].startswith("other.")
    assert api.post(f"/v1/cases/{case['case']}/close", by="agent").status_code == 404
    assert case["case"] not in api.get("/v1/cases?limit=100", by="agent").text


def test_pages_hold_every_case_once(api: Client) -> None:
    api.machine("pager", "agent", Role.AGENT, "open-case", "see")
    for number in HOLDERS:
        api.post("/v1/cases", {"number": number}, by="pager")
    whole = [one["case"] for one in api.get("/v1/cases?limit=100", by="pager").json()["cases"]]
    seen, cursor = list[str](), ""
    while True:
        page = api.get(f"/v1/cases?limit=2{cursor}", by="pager").json()
        seen += [one["case"] for one in page["cases"]]
        if page["next"] is None:
            break
        assert page["next"].isalpha()
        cursor = f"&cursor={page['next']}"
    assert seen == whole
    assert len(set(seen)) >= len(HOLDERS)
    borrowed = api.get(f"/v1/cases?limit=2{cursor}", by="agent@other")
    assert (borrowed.status_code, borrowed.json()["code"]) == (400, "bad-input")


def test_a_cursor_that_was_made_up_is_bad_input(api: Client) -> None:
    for cursor in ("a", "aa", "abcd" * 20, "zz", "ab" * 600):
        assert api.get(f"/v1/cases?cursor={cursor}", by="agent").status_code == 400
