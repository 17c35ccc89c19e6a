"""Figures beside other tools', taken in the same run: `python -m bench`.

Rules held here:
- Everything runs on one thread. Libraries read these variables once, so that they are set before any is imported.
"""

from __future__ import annotations

import os

THREADS = ("MKL", "NUMBA", "NUMEXPR", "OMP", "OPENBLAS")

os.environ.update({f"{name}_NUM_THREADS": "1" for name in THREADS})
