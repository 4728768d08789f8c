"""One Prefect harness for the session; a home folder of its own for every test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """A real local Prefect server for the session; gives its API URL."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    # A flow's heartbeat thread sleeps in steps of a second and is joined at its end.
    without_heartbeat = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings(without_heartbeat),
    ):
        yield str(PREFECT_API_URL.value())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with the shipped agreement and no source files yet; every task finds it."""
    shutil.copy(ROOT / "agreement.yaml", tmp_path / "agreement.yaml")
    shutil.copy(ROOT / "sources.yaml", tmp_path / "sources.yaml")
    monkeypatch.setenv("ACCORD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ACCORD_DATABASE_URL", "")
    monkeypatch.setenv("ACCORD_AGREEMENT", str(tmp_path / "agreement.yaml"))
    monkeypatch.setenv("ACCORD_SOURCES", str(tmp_path / "sources.yaml"))
    return tmp_path
