"""``accord score --as-of T`` as somebody uses it who asks what a score was, and why."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from accord.services.replay_rows import write_scores

AT = "2026-11-20T12:00:00Z"
LEADS = "id,created,email,title,industry,employees,country\n" + "".join(
    f"{number},2026-11-19 09:00,p{number}@example-{number}.com,{title},software,500,US\n"
    for number, title in ((1, "VP Sales"), (2, "Buyer"))
)
ACTIVITIES = "".join(
    json.dumps({"id": f"a{at}", "lead": lead, "kind": kind, "at": f"2026-11-{at}:00:00Z"}) + "\n"
    for lead, kind, at in (("1", "demo_requested", "19T12"), ("2", "page_viewed", "20T12"))
)
HEAD = "lead_id,fit,engagement,intent,position,engaged,target,mql,hot"


@pytest.fixture
def worked(accord, folder: Path) -> Path:
    """A folder with two leads, scored on 20 November; on the 21st the first became a student."""
    (folder / "inbox" / "leads-1.csv").write_text(LEADS)
    (folder / "inbox" / "activities-1.jsonl").write_text(ACTIVITIES)
    for at in (AT, "2026-11-21T12:00:00Z"):
        for stage in (("ingest",), ("score", "--store", "--full")):
            code, _, err = accord(*stage, "--as-of", at)
            assert (code, err) == (0, "")
        (folder / "inbox" / "leads-2.csv").write_text(LEADS.replace("VP Sales", "Student"))
    return folder


def test_the_scores_of_an_instant_are_shown_written_and_explained_and_nothing_is_stored(
    worked: Path, accord
) -> None:
    """VP, software, 500 people, US: 75.0. A demo a day ago: 70 x 0.5^(1 / 14) = 66.6."""
    before = accord("explain", "crm:1", "--as-of", "2026-11-21T12:00:00Z", "--json")
    code, out, err = accord("score", "--as-of", AT, "--csv", "scores.csv")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"score as of {AT}, known at {AT}: 2 leads, 0 engaged, 0 target, 1 mql, 1 hot",
        "agreement 2026.4; nothing is stored",
        "wrote scores.csv",
    ]
    assert (worked / "scores.csv").read_bytes().decode().split("\r\n") == [
        HEAD,
        "crm:1,75.0,0.0,66.6,action,false,false,true,true",
        "crm:2,50.0,1.0,0.0,attention,false,false,false,false",
        "",
    ]
    assert [lead["fit"] for lead in shown(accord, "--as-of", AT)["leads"]] == ["75.0", "50.0"]
    (lead,) = shown(accord, "--as-of", AT, "--lead", "crm:1", "--lead", "crm:1")["leads"]
    for name in ("fit", "engagement", "intent"):
        points = [float(line["points"]) for line in lead["reasons"] if line["score"] == name]
        assert sum(points) == pytest.approx(float(lead[name]))
    assert (worked / "asked.txt").write_text("crm:2\n")
    _, out, _ = accord("score", "--as-of", AT, "--leads", "asked.txt")
    assert [line.split("\t")[:3] for line in out.splitlines()[2:6]] == [
        HEAD.split(",")[:3],
        ["crm:2", "50.0", "1.0"],
        ["lead_id", "score", "name"],
        ["crm:2", "fit", "home industry"],
    ]
    assert accord("explain", "crm:1", "--as-of", "2026-11-21T12:00:00Z", "--json") == before


def shown(accord, *tokens: str):
    code, out, err = accord("score", *tokens, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_position_and_agreement_can_be_named_and_what_cannot_be_is_one_error(
    worked: Path, accord
) -> None:
    """A student has 30.0 less than nobody in particular has: 50 - 30 = 20.0."""
    later = shown(accord, "--as-of", AT, "--known-at", "2026-11-21T12:00:00Z")
    assert (later["known_at"], later["leads"][0]["fit"]) == ("2026-11-21T12:00:00Z", "20.0")
    text = (worked / "agreement.yaml").read_text()
    other = re.sub(r'^version: ".*"', 'version: "other"', text, flags=re.MULTILINE)
    (worked / "other.yaml").write_text(other.replace("points: 70", "points: 7"))
    named = shown(accord, "--as-of", AT, "--agreement", "other.yaml")
    assert (named["agreement"], named["leads"][0]["intent"]) == ("other", "6.7")
    assert [one["fit"] for one in shown(accord, "--agreement", "other.yaml")["leads"]] == [
        "20.0",
        "50.0",
    ]
    code, out, err = accord("score", "--as-of", AT, "--lead", "crm:1", "--lead", "crm:404")
    assert (code, out) == (2, "")
    assert f"1 not known at {AT}, or erased since: crm:404" in err
    code, _, err = accord("score", "--as-of", AT, "--csv", "no/folder.csv")
    assert (code, "cannot be written: No such file" in err) == (2, True)


def test_scores_of_then_do_not_take_the_place_of_later_ones(worked: Path, accord) -> None:
    code, _, err = accord("score", "--store", "--full", "--as-of", AT)
    assert code == 2
    assert "scores of 2026-11-21T12:00:00+00:00 are stored, which is later" in err
    assert "leave out --store" in err
    code, out, _ = accord("score", "--store", "--full", "--as-of", "2026-11-21T12:00:00Z")
    assert (code, out) == (0, "score: 2 scored, 0 changed, 0 crossed\n")
    code, out, _ = accord("score", "--store", "--as-of", "2026-11-23T12:00:00Z")
    assert (code, out) == (0, "score: 0 scored, 0 changed, 0 crossed\n")


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (("--full", "--as-of", AT), "--full: --as-of asks for a replay"),
        (("--store", "--as-of", AT, "--lead", "crm:1"), "--store: given with --lead"),
        (("--store", "--csv", "x.csv"), "--store: given with --csv"),
        (("--full", "--known-at", AT, "--agreement", "x"), "given with --known-at, --agreement"),
        (("--as-of", "yesterday"), "--as-of: 'yesterday' is no instant"),
        (("--known-at", "soon"), "--known-at: 'soon' is no instant"),
        (("--leads", "none.txt"), "none.txt: is not there"),
        (("--agreement", "none.yaml"), "none.yaml"),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(accord, folder: Path, tokens, said: str) -> None:
    code, out, err = accord("score", *tokens)
    assert (code, out) == (2, "")
    assert said in err
    assert not (folder / "x.csv").exists()


def test_no_cell_of_the_file_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    flags = {name: [True] for name in ("engaged", "target", "mql", "hot")}
    numbers = {"fit": [5], "engagement": [0], "intent": [1000], "position": [None]}
    write_scores(pa.table({"lead_id": ["=cmd()"], **numbers, **flags}), tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert list(row.values()) == ["'=cmd()", "0.5", "0.0", "100.0", "", *["true"] * 4]
