"""What every child of a crash test would do anew: imported once, by the fork server.

Nothing here may start a thread of DuckDB or deltalake: those do not survive a fork.
"""

from __future__ import annotations

import alembic.command
import deltalake
import duckdb
import holidays
import psycopg

from accord.quality import engine
from accord.services.agreements import _read_file
from accord.services.policies import quality_policy
from accord.services.settings import Settings
from tests.crash.ingest_world import ROOT

IMPORTED = (alembic.command, deltalake, duckdb, holidays, psycopg)

_read_file(ROOT / "agreement.yaml")
quality_policy(Settings(quality=ROOT / "quality.yaml", _env_file=None))
engine._machinery()
