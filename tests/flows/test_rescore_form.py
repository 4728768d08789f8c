"""The form of rescoring, and what its artifact says: without a server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accord.agreement import AgreementError
from accord.errors import InputError
from flows.rescore import rescore_flow
from tasks.artifacts import to_markdown
from tasks.rescore import read_candidate
from tests.cli.test_bad_input import FIVE_FAULTS
from tests.conftest import ROOT
from tests.report.compared import HOSTILE, comparison, nothing

TEXT = (ROOT / "agreement.yaml").read_text()
PAGE = Path("/srv/accord/reports/rescore-2026.5.html")


def test_the_form_has_plain_fields_and_can_be_sent_as_it_opens() -> None:
    fields = rescore_flow.parameters.properties
    types = {name: field.get("type") for name, field in fields.items()}
    assert types.pop("as_of") is None
    assert types == {
        "candidate": "string",
        "candidate_text": "string",
        "segments": "array",
        "lead_ids": "array",
        "apply": "boolean",
    }
    assert not rescore_flow.parameters.required
    assert fields["lead_ids"]["maxItems"] == 1000


def test_a_candidate_is_a_path_or_a_text_or_neither_but_not_both(tmp_path) -> None:
    path = tmp_path / "candidate.yaml"
    path.write_text(TEXT)
    (by_path, by_text) = (read_candidate(str(path), " "), read_candidate("", TEXT))
    assert by_path is not None
    assert by_text is not None
    assert by_path.fingerprint == by_text.fingerprint
    assert read_candidate("", "\n") is None
    with pytest.raises(InputError, match="candidate_text as well"):
        read_candidate(str(path), TEXT)


def test_a_pasted_candidate_with_five_faults_lists_five() -> None:
    text = TEXT
    for right, wrong in FIVE_FAULTS.items():
        text = text.replace(right, wrong)
    with pytest.raises(AgreementError, match="candidate_text: 5 faults") as refused:
        read_candidate("", text)
    assert len(refused.value.faults) == 5


def test_the_artifact_says_the_headline_the_tables_and_where_the_page_is() -> None:
    text = to_markdown(comparison(), PAGE)
    assert text.startswith("**Under 2026.5, 41 leads would come over the MQL threshold")
    assert f"]({PAGE.as_uri()})" in text
    assert "| large | 200 | 50 | 76 | 26 | 0 |" in text
    assert "| crm:L000001 | large | webinar | 45.0 to 48.0 | 21.6 to 34.1 | 0.0 to 12.5 |" in text


def test_the_artifact_shows_twenty_leads_of_each_kind_and_links_to_the_rest() -> None:
    text = to_markdown(comparison(), PAGE)
    assert len(re.findall(r"^\| crm:", text, re.MULTILINE)) == 20 + 12
    assert text.count("20 of 41 rows; all of them are in a CSV beside the page.") == 1
    assert "of 12 rows" not in text
    assert len(to_markdown(nothing(), PAGE)) < len(text)


def test_names_of_sources_are_no_markup_in_the_artifact() -> None:
    text = to_markdown(comparison(version_then=HOSTILE), PAGE)
    bare = re.sub(r"\\.", "", text)
    assert "<" not in bare
    assert "*x*" not in bare
    rows = [line for line in text.splitlines() if "alert" in line and line.startswith("|")]
    assert len(rows) == 2
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)
