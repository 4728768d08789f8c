"""``accord rescore`` as a person uses it: a dry run, its page, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from accord.cli.app import run
from accord.cli.lead_file import read_lead_ids
from accord.errors import InputError
from tests.cli.test_bad_input import FIVE_FAULTS
from tests.cli.test_commands import ACTIVITIES, AS_OF, LEADS
from tests.conftest import ROOT

STRICTER = "  mql:     {fit: {gte: 99}, intent: {gte: 99}}"
PAGE = ".accord/reports/rescore-2026.5-20261120T120000Z.html"


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A folder with three leads, of which crm:1 asked for a demo and crm:2 looked at a page.

    Rescoring stores nothing, so one serves all tests. candidate.yaml is the shipped agreement as
    2026.5, under which nobody is an MQL.
    """
    folder = tmp_path_factory.mktemp("company")
    shutil.copy(ROOT / "sources.yaml", folder)
    text = (ROOT / "agreement.yaml").read_text()
    (folder / "agreement.yaml").write_text(text)
    text = re.sub(r"^  mql:     \{any.*$", STRICTER, text, flags=re.MULTILINE)
    (folder / "candidate.yaml").write_text(text.replace('version: "2026.4"', 'version: "2026.5"'))
    assert STRICTER in text
    (folder / "inbox").mkdir()
    (folder / "inbox" / "leads-1.csv").write_text(LEADS)
    (folder / "inbox" / "activities-1.jsonl").write_text(ACTIVITIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["ingest", *AS_OF]) == 0
    return folder


@pytest.fixture
def worked(folder, company, monkeypatch):
    """That folder as the working folder, without the pages of other tests."""
    monkeypatch.chdir(company)
    shutil.rmtree(company / ".accord" / "reports", ignore_errors=True)
    return company


def test_a_dry_run_says_who_would_move_and_writes_the_page(worked, accord):
    """crm:1 has fit 75 and intent 70 less a day's fading: an MQL now, none above 99."""
    before = accord("explain", "crm:1", *AS_OF, "--json")
    code, out, err = accord("rescore", "--agreement", "candidate.yaml", *AS_OF)
    assert (code, err) == (0, "")
    headline, *rows, last = out.strip().splitlines()
    moved = "no lead would come over the MQL threshold and 1 would fall below it"
    assert headline.startswith(f"Under 2026.5, {moved}")
    assert "Leads over the MQL threshold\t1 of 3\t0 of 3" in rows
    assert "middle\t3\t1\t0\t0\t1" in rows
    assert last == f"page: {PAGE}"
    html = (worked / PAGE).read_text()
    assert headline.removesuffix(".") in html
    assert "crm:1" in html
    assert "example-1.com" not in html
    assert accord("explain", "crm:1", *AS_OF, "--json") == before


def test_as_json_the_whole_comparison_is_printed(worked, accord):
    tokens = ("--segment", "middle", "--page", "what-if.html")
    code, out, _ = accord("rescore", "--agreement", "candidate.yaml", *tokens, *AS_OF, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["leads"], found["mql_now"], found["mql_then"]) == (3, 1, 0)
    (mover,) = found["lost"]
    assert found["movers"] == {
        "gained": {"all": 0, "listed": 0},
        "lost": {"all": 1, "listed": 1},
    }
    explained = json.loads(accord("explain", "crm:1", *AS_OF, "--json")[1])
    assert mover["now"]["intent"] == str(explained["scores"]["intent"])
    assert found["segments_asked"] == ["middle"]
    assert found["page"] == "what-if.html"
    assert (worked / "what-if.html").is_file()
    assert (worked / "what-if" / "cease.csv").is_file()


def test_without_a_candidate_nothing_would_change(worked, accord):
    code, out, _ = accord("rescore", *AS_OF)
    assert code == 0
    assert out.startswith("2026.4 is in force: nothing would change.")


def test_thresholds_edited_under_the_version_in_force_are_not_said_to_change_nothing(
    worked, accord
):
    """No score differs, and crm:1 is no MQL under them."""
    text = (worked / "candidate.yaml").read_text()
    (worked / "copy.yaml").write_text(text.replace('version: "2026.5"', 'version: "2026.4"'))
    code, out, _ = accord("rescore", "--agreement", "copy.yaml", *AS_OF)
    assert code == 0
    assert out.startswith("Under the candidate 2026.4, no lead would come over the MQL threshold")
    assert "1 would fall below it" in out


def test_only_the_leads_of_a_file_are_compared(worked, accord):
    (worked / "some.csv").write_text("name,lead_id\nx,crm:1\ny,crm:3\nz,crm:1\n")
    tokens = ("--agreement", "candidate.yaml", "--leads", "some.csv")
    code, out, _ = accord("rescore", *tokens, *AS_OF, "--json")
    assert code == 0
    assert (json.loads(out)["leads"], json.loads(out)["leads_asked"]) == (2, 2)


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (("--agreement", "nowhere.yaml"), "nowhere.yaml"),
        (("--segment", "huge"), "small"),
        (("--leads", "nowhere.txt"), "nowhere.txt: is not there"),
        (("--leads", "unknown.txt"), "crm:nobody"),
        (("--leads", "inbox"), "inbox: cannot be read"),
        (("--page", "inbox"), "inbox is a folder"),
        (("--agreement", "candidate.yaml", "--apply"), "2026.5"),
        (("--segment", "small", "--apply"), "only some leads"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_no_page(worked, accord, tokens, says):
    (worked / "unknown.txt").write_text("crm:1\ncrm:nobody\n")
    code, out, err = accord("rescore", *tokens, *AS_OF)
    assert (code, out) == (2, "")
    (line,) = err.strip().splitlines()
    assert line.startswith("accord: ")
    assert says in line
    assert not (worked / ".accord" / "reports").exists()


def test_a_candidate_with_five_faults_lists_five(accord, folder):
    text = (folder / "agreement.yaml").read_text()
    for right, wrong in FIVE_FAULTS.items():
        text = text.replace(right, wrong)
    (folder / "candidate.yaml").write_text(text)
    code, out, err = accord("rescore", "--agreement", "candidate.yaml", *AS_OF)
    head, *faults = err.strip().splitlines()
    assert (code, out) == (2, "")
    assert head.startswith("accord: candidate.yaml: 5 faults")
    assert len(faults) == 5


@pytest.mark.parametrize(
    "text",
    [
        "crm:1\ncrm:2\n",
        "\ufeffcrm:1\r\n\r\n  crm:2  \r\ncrm:1\r\n",
        '"crm:1"\n"crm:2"',
        "lead_id\ncrm:1\ncrm:2\n",
        "Lead_ID;name\ncrm:1;Ann\ncrm:2;Bob, jr\n",
        'name,lead_id\n"Ann, A.",crm:1\nBob,crm:2\n',
        "name\tlead_id\nAnn\tcrm:1\nBob\tcrm:2\n",
    ],
)
def test_a_list_of_leads_is_read_as_people_write_it(tmp_path, text):
    path = tmp_path / "leads"
    path.write_bytes(text.encode())
    assert read_lead_ids(path) == ("crm:1", "crm:2")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "names no lead"),
        (b" \n\n", "names no lead"),
        (b"lead_id\n", "names no lead"),
        (b"id,name\n1,Ann\n", "line 1: 2 columns, and none is called lead_id"),
        (b"crm:1\ncrm:2,crm:3\n", "line 2: 2 columns"),
        (b"name,lead_id\nAnn,crm:1\nBob,\n", "line 3: no lead_id"),
        (b"name,lead_id\nAnn,crm:1\nBob\n", "line 3: no lead_id"),
        (b'lead_id\n"crm:1\n', "line 2: "),
        (b"crm:1\ncrm:\xff\n", "no UTF-8 text at byte 10"),
    ],
)
def test_a_list_that_cannot_be_read_says_where_and_what_was_expected(tmp_path, content, says):
    path = tmp_path / "leads.txt"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_lead_ids(path)
    assert says in str(refused.value)
    assert "one id a line, or a CSV" in str(refused.value)
