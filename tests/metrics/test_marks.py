from __future__ import annotations

import pandas as pd

from accord.metrics.marks import with_marks


def _moves(*rows: tuple) -> pd.DataFrame:
    names = ["lead_id", "from_stage", "to_stage", "step", "at_us", "position"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({"at_us": "Int64", "position": "Int64"})


def _led_to(entries: pd.DataFrame, mark: str, goal: str) -> list[int | None]:
    own = entries[entries["mark"] == mark][f"next_{goal}_us"]
    return [None if pd.isna(at) else int(at) for at in own]


def test_an_entry_leads_to_the_first_later_entry_of_the_same_lead():
    entries = with_marks(
        _moves(("a", "target", "mql", None, 1, 0), ("b", "target", "mql", None, 2, 0),
               ("a", "mql", "sal", None, 3, 0), ("a", "sal", "sql", None, 4, 0))
    )  # fmt: skip
    assert _led_to(entries, "mql", "sql") == [4, None]


def test_each_cycle_is_judged_by_itself():
    entries = with_marks(
        _moves(("a", "target", "mql", None, 1, 0), ("a", "mql", "nurture", None, 2, 0),
               ("a", "nurture", "mql", None, 3, 0), ("a", "mql", "sql", None, 4, 0))
    )  # fmt: skip
    assert _led_to(entries, "mql", "sql") == [None, 4]


def test_moves_at_one_instant_stand_in_their_order():
    entries = with_marks(
        _moves(("a", "mql", "sql", None, 5, 2), ("a", "target", "mql", None, 5, 1),
               ("a", None, "target", None, 5, 0))
    )  # fmt: skip
    assert list(entries["mark"]) == ["target", "mql", "sql"]
    assert _led_to(entries, "mql", "sql") == [5]


def test_a_step_within_a_stage_is_an_entry_of_its_own_and_none_into_the_stage():
    entries = with_marks(
        _moves(("a", "sql", "opportunity", None, 1, 0),
               ("a", "opportunity", "opportunity", "proposal", 2, 0),
               ("a", "opportunity", "opportunity", "contracting", 3, 0))
    )  # fmt: skip
    assert list(entries["mark"]) == ["opportunity", "proposal", "contracting"]
    assert _led_to(entries, "opportunity", "proposal") == [2]
    assert _led_to(entries, "proposal", "contracting") == [3]


def test_a_deal_in_contracting_has_passed_its_proposal_stated_or_not():
    entries = with_marks(
        _moves(("a", "sql", "opportunity", None, 1, 0),
               ("a", "opportunity", "opportunity", "contracting", 3, 0))
    )  # fmt: skip
    assert _led_to(entries, "opportunity", "proposal") == [3]


def test_no_moves_make_no_entries():
    assert with_marks(_moves()).empty
