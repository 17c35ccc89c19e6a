"""The customers' page in a browser: a question, a yes by code, what stands inside, and the withdrawal."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, sync_playwright

from contracts.api import client_in, publish
from contracts.page import RECIPIENT, Customer
from haoma.cli.serve_listeners import listening
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log
from haoma.web.self import self_app


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Customer]]:
    """Where the page is, and somebody who comes to it."""
    with listening("127.0.0.1", 0) as listener:
        origin = f"http://localhost:{listener.getsockname()[1]}"
        changed = {"self_url": origin, "self_rate_per_min": 1_000_000, "self_codes_per_hour": 1_000_000}
        with client_in(tmp_path, **changed) as house:
            publish(house, recipient=RECIPIENT)
            page = replace(house, app=Edge(self_app(house.services, floor_s=0.0), Log(house.log)))
            server = uvicorn.Server(uvicorn.Config(page.app, log_level="error"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield origin, Customer(page, "13700138111")
            server.should_exit = True
            thread.join()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def browser_page(request: pytest.FixtureRequest) -> Iterator[Page]:
    finder = ["sh", str(Path(__file__).with_name("chromium.sh"))]
    program = subprocess.run(finder, capture_output=True, text=True, check=True).stdout.strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(java_script_enabled=request.param, viewport={"width": 390, "height": 844})
        yield context.new_page()
        browser.close()


def test_a_customer_says_yes_looks_inside_and_withdraws(served: tuple[str, Customer], browser_page: Page) -> None:
    origin, customer = served
    troubles: list[str] = []
    browser_page.on("console", lambda message: troubles.append(message.text))
    browser_page.on("pageerror", lambda error: troubles.append(str(error)))
    browser_page.goto(origin + customer.asked())
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 390
    browser_page.fill("input[name=code]", customer.code)
    browser_page.click("button[value=yes]")
    assert browser_page.title()
    browser_page.goto(f"{origin}/self/my/acme?lang=zh")
    browser_page.fill("input[name=number]", customer.number)
    browser_page.click("form button:visible")
    browser_page.fill("input[name=code]", customer.code)
    browser_page.click("form button:visible")
    withdraw = browser_page.get_by_role("button", name="撤回", exact=True)
    assert withdraw.count() == 1
    withdraw.click()
    assert browser_page.get_by_role("button", name="撤回", exact=True).count() == 0
    assert customer.number not in browser_page.url
    assert troubles == []
