"""Children from a fork server that has the imports done; worlds and empty ledgers, many a test."""

from __future__ import annotations

import itertools
import multiprocessing
import os

import pytest
from sqlalchemy import create_engine, text

from tests.crash.ingest_world import make_world


@pytest.fixture(scope="module")
def children():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.warm", "pytest"])
    return context


@pytest.fixture
def world(tmp_path):
    made = itertools.count()
    return lambda: make_world(tmp_path / f"world-{next(made)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request):
    """URLs of empty ledgers, as many as asked for."""
    if request.param == "sqlite":
        return lambda home: f"sqlite:///{home / 'home' / 'ledger.db'}"
    return request.getfixturevalue("postgres_urls")


@pytest.fixture
def postgres_urls(postgres_server, postgres_template):
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    names = []

    def make(_home):
        names.append(f"kill_{os.getpid()}_{id(names)}_{len(names)}")
        with admin.connect() as connection:
            connection.execute(
                text(f'CREATE DATABASE "{names[-1]}" TEMPLATE "{postgres_template}"')
            )
        return admin.url.set(database=names[-1]).render_as_string(hide_password=False)

    yield make
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()
