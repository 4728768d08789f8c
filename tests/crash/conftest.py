"""Worlds to ingest and empty ledgers, as many as a test asks for."""

from __future__ import annotations

import contextlib

import pytest

from tests.crash.ingest_world import make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return lambda: make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_url(request):
    """URLs of empty ledgers, as many as asked for; that on SQLite is yet to be migrated."""
    if request.param == "sqlite":
        yield lambda home: f"sqlite:///{home / 'home' / 'ledger.db'}"
        return
    databases = request.getfixturevalue("databases")
    with contextlib.ExitStack() as until_the_end:
        yield lambda _home: until_the_end.enter_context(databases.ledger())
