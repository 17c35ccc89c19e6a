"""Write docs/reference/openapi.json out of the API's own code.

python tools/describe_api.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from haoma.app import Services
from haoma.settings import load
from haoma.web.api.app import api
from haoma.web.api.described import document, text_of

FILE = Path(__file__).parents[1] / "docs" / "reference" / "openapi.json"


def main() -> None:
    """Describe an API that has no store: nothing of it is asked."""
    with tempfile.TemporaryDirectory() as place, Services(load({"store_dir": place})) as services:
        FILE.write_text(text_of(document(api(services))), encoding="utf-8")


if __name__ == "__main__":
    main()
