"""One process at a time runs a stage, and a killed one lets go at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from accord.errors import LeaseHeldError
from accord.ledger import Ledger

HOLDER = """
import sys, time
from accord.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
with ledger.lease("ingest"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(ledger, ledger_url):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, ledger_url], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_lease_that_another_process_holds_is_refused_by_name(ledger, holder) -> None:
    with (
        pytest.raises(LeaseHeldError, match="stage ingest"),
        ledger.lease("ingest", wait_seconds=0.2),
    ):
        pytest.fail("the lease was given twice")


def test_another_lease_is_free(ledger, holder) -> None:
    with ledger.lease("score", wait_seconds=0.2):
        pass


def test_a_killed_holder_lets_go(ledger, holder) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with ledger.lease("ingest", wait_seconds=10):
        pass


def test_a_lease_is_given_again_after_its_block(ledger_url) -> None:
    one, other = Ledger.open(ledger_url), Ledger.open(ledger_url)
    with one.lease("ingest", wait_seconds=0.2):
        pass
    with other.lease("ingest", wait_seconds=0.2):
        pass
    one.close()
    other.close()


def test_whoever_waits_gets_the_lease_when_it_is_free(ledger_url) -> None:
    one, other = Ledger.open(ledger_url), Ledger.open(ledger_url)
    order: list[str] = []

    def second() -> None:
        with other.lease("ingest", wait_seconds=10):
            order.append("second")

    with one.lease("ingest"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
    one.close()
    other.close()
