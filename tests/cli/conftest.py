"""The command line in a working folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the shipped agreement and sources, as after a fresh clone."""
    for name in ("agreement.yaml", "sources.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("ACCORD_HOME", "ACCORD_DATABASE_URL", "ACCORD_AGREEMENT", "ACCORD_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inbox").mkdir()
    return tmp_path


@pytest.fixture
def accord(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Run one command; gives its exit code, what it printed, and what it said was wrong."""
    from accord.cli.app import run

    def call(*tokens: str) -> tuple[int, str, str]:
        code = run(tokens)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call
