"""What the doctor looks at: stores, agreement, sources, and what is new beside them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accord.services.doctor import examine

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCES = """
sources:
  - name: crm
    entity: lead
    path: in/leads.csv
    fields: {lead_id: id}
    ignored: {name: nobody needs it}
left_out: {in/old.csv: of last year}
"""


@pytest.fixture
def looked(workspace):
    """Write sources and files; gives what the doctor found, by what it looked at."""

    def look(sources: str = SOURCES, **files: str):
        settings = workspace.settings
        settings.sources.write_text(sources)
        folder = settings.sources.parent / "in"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text)
        return {check.what: check for check in examine(settings, as_of=NOW)}

    return look


def test_all_is_well_where_every_file_and_column_is_named(looked):
    found = looked(leads="id,name\n", old="id\n")
    assert all(check.ok for check in found.values())
    assert found["files"].found == "nothing new beside the sources"


def test_a_new_table_beside_the_sources_is_named(looked):
    found = looked(leads="id,name\n", deals="id\n")
    assert not found["files"].ok
    assert found["files"].found.startswith("1 neither mapped nor under left_out: ")
    assert found["files"].found.endswith("in/deals.csv")


def test_a_new_column_of_a_table_whose_columns_are_all_named_is_named(looked):
    found = looked(leads="id,name,score\n")
    assert not found["columns"].ok
    assert found["columns"].found == "1 neither mapped nor under ignored: crm: score"


def test_of_many_new_files_the_first_are_named_and_all_are_counted(looked):
    found = looked(leads="id,name\n", **{f"new{number}": "id\n" for number in range(7)})
    assert found["files"].found.startswith("7 neither")
    assert found["files"].found.endswith("new4.csv ...")


def test_sources_at_fault_are_said_once(looked):
    found = looked("sources: 5\n")
    assert not found["sources"].ok
    assert "files" not in found
