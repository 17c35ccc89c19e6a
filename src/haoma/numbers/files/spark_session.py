"""A session with a Spark cluster, and in plain words why there is none.

Rules held here:
- A session that is there already is used and left open; one that is started here is stopped.
- What is missing is told with the command that installs it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import Unavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["session"]

LOCAL = "local[*]"
BATCH_ROWS = 65_536
OPTIONS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def session(master: str | None) -> Iterator[SparkSession]:
    """A session with the cluster at `master`, or on all cores of this machine.

    Raises Unavailable where PySpark or Java is not installed, or the cluster does not answer.
    """
    _check_installed()
    from pyspark.sql import SparkSession

    there = SparkSession.getActiveSession()
    spark = there or _started(master or LOCAL)
    try:
        yield spark
    finally:
        if there is None:
            spark.stop()


def _check_installed() -> None:
    if importlib.util.find_spec("pyspark") is None:
        raise Unavailable("PySpark is not installed", hint="pip install 'haoma[spark]'")
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and not shutil.which("java"):
        raise Unavailable("Spark needs Java 17 or newer", hint="on Debian: apt-get install openjdk-17-jre-headless")


def _started(master: str) -> SparkSession:
    from pyspark.sql import SparkSession

    # Where haoma runs is where it is installed; on a cluster laid out otherwise PYSPARK_PYTHON tells the place.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("haoma number enrich")
    for name, text in OPTIONS.items():
        builder = builder.config(name, text)
    try:
        spark = builder.getOrCreate()
    except Exception as error:
        raise Unavailable(
            f"no Spark cluster answers at {master}", hint="HAOMA_DEBUG=1 shows what Spark says"
        ) from error
    spark.sparkContext.setLogLevel("ERROR")
    return spark
