"""Two processes that ingest overlapping batches at once end as one after the other would."""

from __future__ import annotations

import pytest

from tests.crash.ingest_world import FILES, broken_laws, dump, keep_trying, open_workspace

AGAIN = "leads-3.csv"
OVERLAPPING = "activities-3.csv"
MINE = ("leads-1.csv", "activities-1.csv", "activities-2.csv", "deals.csv", OVERLAPPING)
THEIRS = (OVERLAPPING, "activities-1.csv", AGAIN, "touches.jsonl", "leads-1.csv")


def write_overlap(home):
    """Further files that repeat some rows of the others, and files that both children see."""
    header, _, *rest = FILES["activities-1.csv"].splitlines()
    (home / "in" / OVERLAPPING).write_text("\n".join([header, *rest, "9,1,page_viewed,2026-03-09"]))
    header, *rows = FILES["leads-1.csv"].splitlines()
    (home / "in" / AGAIN).write_text("\n".join([header, *rows, "7,eve@b.co,7,2026-01-07"]))


def what_is_known(home, url):
    """What both orders must agree on: records, merges and the log, not which batch brought them."""
    ledger, log, _ = dump(home, url)
    names = ("lead", "touch", "opportunity", "merge")
    return {name: ledger[name] for name in names} | {"pending": set(ledger["pending"])}, log


@pytest.mark.parametrize("attempt", range(3))
def test_two_at_once_end_as_one_after_the_other(children, world, new_url, attempt):
    ends = []
    for together in (True, False):
        home = world()
        write_overlap(home)
        url = new_url(home)
        open_workspace(home, url).close()  # both find a ledger there
        start = children.Barrier(2 if together else 1)
        for names in (MINE, THEIRS):
            child = children.Process(target=keep_trying, args=(home, url, names, start))
            child.start()
            if together and names == MINE:
                other = child
                continue
            child.join(120)
            assert child.exitcode == 0
        if together:
            other.join(120)
            assert other.exitcode == 0
        assert broken_laws(home, url, whole=True) == []
        ends.append(what_is_known(home, url))
    assert ends[0] == ends[1]
    ledger, log = ends[0]
    assert len(ledger["lead"]) == 2
    assert len(log) == 6
