"""Commands about the outbox, as somebody uses them whose CRM has refused something."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from accord.ledger import Ledger
from accord.ledger.outbox_rows import add_entries, mark_failed
from accord.outbox import Entry, Kind

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)
AS_OF = ("--as-of", "2026-11-16T14:00:00Z")


@pytest.fixture
def queue(accord, folder):
    """Three entries, of which the first is dead and nobody knows whether it arrived."""
    assert accord("init")[0] == 0
    ledger = Ledger.open(f"sqlite:///{folder / '.accord' / 'ledger.db'}")
    payload = {"say": "hello"}
    keys = ("one", "two", "three")
    with ledger.begin() as connection:
        entries = [
            Entry(key=key, kind=Kind.TASK, lead_id=f"l{key}", payload=payload, not_before=AT)
            for key in keys
        ]
        add_entries(connection, [entry.row(created_at=AT) for entry in entries])
        failed = {"outbox_id": 1, "status": "dead", "attempts": 12, "not_before": AT}
        mark_failed(connection, [failed | {"leased_by": "unknown outcome", "error": "no answer"}])
    ledger.close()


@pytest.mark.usefixtures("queue")
def test_the_list_says_what_waits_and_how_many_of_each(accord) -> None:
    _, out, _ = accord("outbox", "list")
    assert "1\ttask\tlone\tdead\t12" in out
    assert out.endswith("1 dead, 2 waiting\n")
    _, out, _ = accord("outbox", "list", "--lead", "ltwo", "--json")
    assert [row["key"] for row in json.loads(out)] == ["two"]
    code, _, err = accord("outbox", "list", "--status", "lost")
    assert code == 2
    assert "waiting, sent, dead, withdrawn, superseded" in err


@pytest.mark.usefixtures("queue")
def test_a_dead_entry_comes_back_and_is_delivered(accord, folder) -> None:
    assert accord("outbox", "retry", "2")[0] == 1
    code, out, _ = accord("outbox", "retry", "1", *AS_OF)
    assert (code, out) == (0, "entry 1 waits again\n")
    assert "3 sent" in accord("deliver", *AS_OF)[1]
    lines = (folder / ".accord" / "outbox" / "crm.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["key"] for line in lines) == ["one", "three", "two"]
    shown = json.loads(accord("outbox", "show", "1")[1])
    assert (shown["status"], shown["payload"]) == ("sent", {"say": "hello"})


@pytest.mark.usefixtures("queue")
def test_all_that_is_dead_comes_back_at_once(accord) -> None:
    assert accord("outbox", "retry", "--all", *AS_OF) == (0, "1 dead entry waits again\n", "")
    assert accord("outbox", "retry", "--all", *AS_OF) == (0, "0 dead entries wait again\n", "")
    assert accord("outbox", "retry")[0] == 2
    assert accord("outbox", "retry", "1", "--all")[0] == 2


@pytest.mark.usefixtures("queue")
def test_an_entry_is_dropped_once_with_its_reason_and_never_sent(accord) -> None:
    code, out, _ = accord("outbox", "drop", "1", "--reason", "called already", *AS_OF)
    assert (code, "whether it had reached the CRM is not known" in out) == (0, True)
    assert accord("outbox", "drop", "1", *AS_OF) == (1, "entry 1 is withdrawn\n", "")
    assert "2 sent" in accord("deliver", *AS_OF)[1]
    assert "called already" in json.loads(accord("outbox", "show", "1")[1])["error"]
    for command in ("drop", "show"):
        code, _, err = accord("outbox", command, "99")
        assert (code, "there is no such entry" in err) == (2, True)
