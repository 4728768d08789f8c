"""Flows run their tasks in order, on real stores, and say what they did."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

pytestmark = pytest.mark.prefect


async def artifact_keys() -> set[str]:
    return set(await artifacts())


async def artifacts() -> dict[str, str]:
    """What the newest artifact of each key says."""
    from prefect import get_client
    from prefect.client.schemas.filters import ArtifactFilter
    from prefect.client.schemas.sorting import ArtifactSort

    async with get_client() as client:
        found = await client.read_artifacts(
            artifact_filter=ArtifactFilter(), limit=200, sort=ArtifactSort.CREATED_DESC
        )
        return {artifact.key: str(artifact.data) for artifact in reversed(found)}


def test_the_pipeline_walks_every_stage_in_order(prefect_server, home) -> None:
    from accord.services.pipeline import ORDER
    from flows.pipeline import pipeline

    counts = pipeline(as_of=NOON)
    assert list(counts) == [stage.name for stage in ORDER]


def test_a_dry_run_sends_nothing_and_climbs_no_ladder(prefect_server, home) -> None:
    from flows.pipeline import pipeline

    counts = pipeline(as_of=NOON, dry_run=True)
    assert "deliver" not in counts
    assert "sla" not in counts


def test_the_minutes_flow_sends_what_waits_though_no_ladder_climbs(prefect_server, home) -> None:
    """What was queued by another stage, or waited for an opening, is not left to the next step."""
    from accord.ledger import tables
    from flows.sla import sla_flow
    from tasks.common import open_workspace
    from tests.services.clock_world import MONDAY, World

    then = MONDAY + timedelta(minutes=4)
    with open_workspace() as workspace:
        world = World(workspace)
        world.add_lead(created=MONDAY - timedelta(hours=1))
        world.hand_over("crm:1", "crm:ann")
        world.sync()
        assert world.sweep(then).fired == 1
        assert sla_flow(as_of=then)["fired"] == 0
        sent = {row["kind"]: row["status"] for row in world.read(tables.outbox)}
        told = (workspace.settings.outbox_path / "messages.jsonl").read_text("utf-8")
    assert sent == {"message": "sent", "task": "sent"}
    assert "first_touch runs out" in told


def test_a_file_that_cannot_be_read_fails_the_run_after_all_stages(prefect_server, home) -> None:
    from accord.errors import InputError
    from flows.pipeline import pipeline

    (home / "inbox").mkdir()
    (home / "inbox" / "leads-1.csv").write_bytes(b'id,created\n1,2026-11-19\n"broken')
    with pytest.raises(InputError, match="1 file"):
        pipeline(as_of=NOON)


def test_the_weekly_flow_writes_the_report_and_links_it(prefect_server, home) -> None:
    from flows.weekly import weekly_flow

    path = weekly_flow(as_of=NOON)
    assert path.endswith(".html")
    assert {"weekly-kpis", "report-weekly"} <= asyncio.run(artifact_keys())


def test_a_review_of_any_name_is_served_and_its_links_lead_where_reports_are(
    prefect_server, home, monkeypatch
) -> None:
    from flows.weekly import weekly_flow

    monkeypatch.setenv("ACCORD_REPORT_URL", "https://reports.example.com/a b")
    agreement = home / "agreement.yaml"
    text = agreement.read_text("utf-8")
    assert "\n  monthly: " in text
    agreement.write_text(text.replace("\n  monthly: ", "\n  Board's month: "), "utf-8")
    path = weekly_flow(as_of=NOON, review="Board's month")
    assert path.endswith("report-2026-10.html")
    found = asyncio.run(artifacts())
    link = "https://reports.example.com/a b/report-2026-10.html"
    assert f"({link})" in found["report-board-s-month"]
    assert f"({link})" in found["review-board-s-month"]


def test_a_review_that_nobody_agreed_on_is_refused_before_anything_runs(
    prefect_server, home
) -> None:
    from accord.errors import InputError
    from flows.weekly import weekly_flow

    with pytest.raises(InputError, match="'yearly' is no review of the agreement; expected daily"):
        weekly_flow(as_of=NOON, review="yearly")


def test_the_night_is_quiet_on_an_empty_ledger(prefect_server, home) -> None:
    from flows.nightly import nightly_flow

    assert nightly_flow(as_of=NOON)["findings"] == 0


def test_rescoring_from_a_form_writes_the_page_and_links_it(prefect_server, home) -> None:
    """The candidate is pasted: the worker need not see the file of who asks."""
    from flows.rescore import rescore_flow

    text = (home / "agreement.yaml").read_text().replace('version: "2026.4"', 'version: "2026.5"')
    page = rescore_flow(candidate_text=text, as_of=NOON, segments=("large",))
    assert page.endswith("reports/rescore-2026.5-20261120T120000Z.html")
    assert Path(page).read_text().count("2026.5") > 1
    assert "rescore" in asyncio.run(artifact_keys())
