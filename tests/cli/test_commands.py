"""Commands as a stranger uses them, in a folder like a fresh clone."""

from __future__ import annotations

import json
import re

import pytest

from accord.cli.app import new_app
from tests.conftest import ROOT

AS_OF = ("--as-of", "2026-11-20T12:00:00Z")
LEADS = "id,created,email,title,industry,employees,country\n" + "".join(
    f"{number},2026-11-19 09:00,p{number}@example-{number}.com,VP Sales,software,500,US\n"
    for number in range(1, 4)
)
ACTIVITIES = "".join(
    json.dumps(
        {"id": f"a{number}", "lead": str(number), "kind": kind, "at": "2026-11-19T15:00:00Z"}
    )
    + "\n"
    for number, kind in ((1, "demo_requested"), (2, "page_viewed"))
)


def table(segments: dict) -> dict[str, list[int]]:
    return {name: list(row.values()) for name, row in segments.items()}


def test_the_plan_of_a_fresh_clone_needs_no_init(accord, folder) -> None:
    code, out, _ = accord("plan", "--json")
    segments = json.loads(out)["segments"]
    assert code == 0
    assert {name: row["mql"] for name, row in segments.items()} == {
        "small": 220,
        "middle": 147,
        "large": 44,
    }
    assert list(segments["small"]) == [
        "mql",
        "sql",
        "opportunity",
        "proposal",
        "contracting",
        "deal",
    ]
    assert segments["small"]["deal"] == 15
    assert not (folder / ".accord").exists()


def test_init_lays_down_the_agreement_that_the_project_itself_runs_by(accord, folder) -> None:
    (folder / "agreement.yaml").unlink()
    assert accord("init")[0] == 0
    laid = (folder / "agreement.yaml").read_bytes()
    assert laid == (ROOT / "agreement.yaml").read_bytes()


def test_ceil_raises_the_mqls(accord) -> None:
    _, out, _ = accord("plan", "--rounding", "ceil", "--json")
    mqls = {name: row["mql"] for name, row in json.loads(out)["segments"].items()}
    assert mqls == {"small": 221, "middle": 147, "large": 45}


def test_forward_reproduces_the_documents_table_to_the_digit(accord) -> None:
    _, out, _ = accord("plan", "--forward", "small=220,middle=143,large=44", "--json")
    assert table(json.loads(out)["segments"]) == {
        "small": [220, 66, 46, 28, 17, 15],
        "middle": [143, 43, 30, 18, 11, 10],
        "large": [44, 13, 9, 6, 3, 3],
    }


@pytest.fixture
def worked(accord, folder):
    """A folder with three leads, two of them active, after one run of the pipeline."""
    (folder / "inbox" / "leads-1.csv").write_text(LEADS)
    (folder / "inbox" / "activities-1.jsonl").write_text(ACTIVITIES)
    (folder / "inbox" / "reps-1.csv").write_text(
        "id,name,email,role,team\nr1,Ann Rep,ann@example.com,sdr,inbound\n"
    )
    code, out, err = accord("run", *AS_OF)
    assert (code, err) == (0, "")
    return out


def test_a_run_takes_scores_hands_over_and_delivers(worked, accord, folder) -> None:
    assert "ingest: 3 batches, 6 rows_in, 6 accepted" in worked
    (line,) = (folder / ".accord" / "outbox" / "crm.jsonl").read_text().splitlines()
    payload = json.loads(line)["payload"]
    assert (payload["lead_id"], payload["rep_id"], payload["hot"]) == ("crm:1", "crm:r1", True)
    assert accord("audit", *AS_OF) == (0, "accord audit: all laws hold\n", "")


def test_a_second_run_does_nothing(worked, accord, folder) -> None:
    before = (folder / ".accord" / "outbox" / "crm.jsonl").read_text()
    code, out, _ = accord("run", *AS_OF, "--json")
    counts = json.loads(out)
    assert code == 0
    assert counts["ingest"]["batches"] == 0
    assert counts["handoff"]["decided"] == 0
    assert (folder / ".accord" / "outbox" / "crm.jsonl").read_text() == before


def test_explaining_adds_up_to_the_scores_under_stable_keys(worked, accord) -> None:
    code, out, _ = accord("explain", "crm:1", *AS_OF, "--json")
    found = json.loads(out)
    assert code == 0
    for name, shown in found["scores"].items():
        points = [float(line["points"]) for line in found["reasons"] if line["score"] == name]
        assert round(sum(points), 1) == float(shown)
    assert list(found) == [
        "lead_id",
        "merged_into",
        "as_of",
        "agreement",
        "stage",
        "scores",
        "position",
        "shown_by",
        "holds",
        "reasons",
        "missing",
        "next",
        "falls_at",
        "history",
    ]
    assert found["next"] is None
    assert list(found["falls_at"]) == ["mql", "hot"]
    assert {"what", "of", "at"} <= set(found["history"][0])


def test_explaining_for_a_person_is_a_page(worked, accord) -> None:
    """Lead 1 asked for a demo, lead 2 viewed a page: 1.0 of engagement, 4.0 short of engaged."""
    code, out, _ = accord("explain", "crm:1", *AS_OF)
    assert code == 0
    assert "holds     mql, hot\n" in out
    assert "position  action, shown by demo_requested\n" in out
    assert "Next: it holds the last threshold\n" in out
    assert re.search(r"^  mql holds until 2026-\d\d-\d\dT.*Z$", out, re.MULTILINE)
    assert re.search(r"\treached\tmql\t", out)
    _, out, _ = accord("explain", "crm:2", *AS_OF)
    assert "holds     no threshold\n" in out
    assert "Next: engaged\n  way 1: lacks 4.0 of engagement\n    engagement: 1 x " in out
    assert "If nothing more is done: there is nothing to lose\n" in out


def test_metrics_and_report_read_what_the_run_left(worked, accord, folder) -> None:
    _, out, _ = accord("metrics", "show", "mqls", *AS_OF, "--json")
    assert json.loads(out)["total"]["value"] == 1
    assert accord("weekly", *AS_OF)[0] == 0
    code, out, _ = accord("report", *AS_OF)
    assert code == 0
    assert (folder / out.strip()).read_text().startswith("<!")


def test_an_unsigned_agreement_scores_and_hands_nothing_over(accord, folder) -> None:
    path = folder / "agreement.yaml"
    text = path.read_text()
    path.write_text(
        re.sub(r"signed_by:.*?\ncurrency", "signed_by: []\ncurrency", text, flags=re.DOTALL)
    )
    (folder / "inbox" / "leads-1.csv").write_text(LEADS)
    (folder / "inbox" / "activities-1.jsonl").write_text(ACTIVITIES)
    code, out, err = accord("run", *AS_OF)
    assert code == 1
    assert "handoff: 0 decided" in out
    assert "marketing has not signed" in err
    assert "sales has not signed" in err
    assert not (folder / ".accord" / "outbox" / "crm.jsonl").exists()


def test_a_term_is_worked_out_for_anybody(accord) -> None:
    tokens = ("sla", "due", "--start", "2026-11-20T22:59:00Z", "--within", "5m")
    code, out, _ = accord(*tokens, "--calendar", "office")
    assert code == 0
    assert out.splitlines() == [
        "2026-11-23T14:04:00+00:00",
        "2026-11-23T09:04:00-05:00 in America/New_York, on calendar office",
    ]


def commands() -> list[str]:
    return [name for name in new_app() if not name.startswith("-")]


def test_every_command_stands_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    table_of_commands = text.split("## Commands")[1].split("## Deploy")[0]
    for name in commands():
        assert re.search(rf"`(accord )?{name}\b", table_of_commands), name
