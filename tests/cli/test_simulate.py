"""The simulated company on the command line: where it may live, and what an error ends with."""

from __future__ import annotations

import json

from accord.services import simulate
from accord.simulate.files import SOURCES

BROKEN = """
  - name: broken
    entity: spend
    system: ads
    path: broken-*.csv
    fields: {spend_id: nowhere, spent_on: day, amount: amount}
"""


def test_in_a_folder_after_init_it_says_that_other_sources_stand_there(accord, folder):
    code, out, err = accord("simulate", "--weeks", "1", "--size", "50")
    assert (code, out) == (2, "")
    assert "sources.yaml: another company's sources stand here" in err
    assert "leave out accord init" in err
    assert not list((folder / "inbox").iterdir())


def test_a_stage_that_counted_errors_ends_it_with_one(accord, folder, monkeypatch):
    run = simulate.simulate_company

    def a_morning(workspace, **asked):
        return run(workspace, **(asked | {"weeks": 10 / 24 / 7}))

    monkeypatch.setattr(simulate, "simulate_company", a_morning)
    (folder / "sources.yaml").write_text(SOURCES + BROKEN)
    (folder / "broken-1.csv").write_text("id\n1\n")
    code, out, err = accord("simulate", "--size", "50", "--json")
    errors = json.loads(out[out.index("{") :])["stages"]["ingest"]["errors"]
    assert errors > 0
    assert (code, err) == (1, f"accord: ingest: {errors} errors; accord ingest says which\n")


def test_without_errors_it_ends_with_zero(accord, monkeypatch):
    stages = {"ingest": {"rows_in": 3, "errors": 0}, "handoff": {"decided": 1}}
    monkeypatch.setattr(simulate, "simulate_company", lambda *_, **__: {"stages": stages})
    assert accord("simulate", "--json")[0] == 0
