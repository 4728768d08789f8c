"""The deployments of prefect.yaml: their times, their forms, and one run by a real worker."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from accord.agreement import load
from tests.conftest import ROOT

PREFECT_YAML = YAML(typ="safe").load((ROOT / "prefect.yaml").read_text())
DEPLOYMENTS = {deployment["name"]: deployment for deployment in PREFECT_YAML["deployments"]}
DAYS = {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0}
REVIEWS = {
    "daily": "daily",
    "weekly": "weekly",
    "monthly": "monthly",
    "pipeline": "pipeline-review",
}


def cron_of(at: str, every: str | None) -> str:
    """The cron line that says the same as a review's time."""
    match = re.fullmatch(r"(?:(\w+) )?(\d\d):(\d\d)", at)
    assert match is not None
    day, hour, minute = match[1], int(match[2]), int(match[3])
    month = "*" if every is None else f"1-11/{every.split()[0]}"
    if day is None:
        return f"{minute} {hour} * * *"
    if day in DAYS:
        return f"{minute} {hour} * * {DAYS[day]}"
    return f"{minute} {hour} {day} {month} *"


@pytest.mark.parametrize("review", REVIEWS)
def test_reviews_run_at_the_times_of_the_agreement(review: str) -> None:
    agreement = load(ROOT / "agreement.yaml")
    terms = agreement.reviews[review]
    (schedule,) = DEPLOYMENTS[REVIEWS[review]]["schedules"]
    assert schedule["cron"] == cron_of(terms.at, terms.every)
    assert schedule["timezone"] == agreement.timezone


def test_schedules_that_must_not_miss_run_on_intervals_in_utc() -> None:
    seconds = {}
    for name in ("pipeline", "sla"):
        (schedule,) = DEPLOYMENTS[name]["schedules"]
        assert schedule["timezone"] == "UTC"
        seconds[name] = schedule["interval"]
    assert seconds == {"pipeline": 300, "sla": 60}


def test_no_local_schedule_runs_while_clocks_change() -> None:
    for deployment in DEPLOYMENTS.values():
        for schedule in deployment.get("schedules", []):
            if "cron" in schedule:
                assert int(schedule["cron"].split()[1]) not in (1, 2)


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_every_deployment_says_what_it_does_and_has_a_form_that_explains_itself(name: str) -> None:
    deployment = DEPLOYMENTS[name]
    assert deployment["description"]
    assert deployment["tags"]
    assert deployment["concurrency_limit"]["collision_strategy"] in ("ENQUEUE", "CANCEL_NEW")
    path, function = deployment["entrypoint"].split(":")
    flow = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), function)
    for parameter in flow.parameters.properties.values():
        assert parameter["title"]
        assert parameter["description"]


def prefect(*arguments: str, api: str, home: Path) -> str:
    """Run the Prefect command line against a server, and return what it printed."""
    environment = {
        **os.environ,
        "PREFECT_API_URL": api,
        "PREFECT_HOME": str(home / "prefect"),
        "ACCORD_CHECKOUT": str(ROOT),
        "ACCORD_WORK_POOL": "accord",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def deployed() -> dict[str, list]:
    from prefect import get_client

    async with get_client() as client:
        found = await client.read_deployments()
        return {each.name: each.schedules for each in found}


async def start(name: str, parameters: dict) -> str:
    from prefect.deployments import run_deployment

    run = await run_deployment(name, parameters=parameters, timeout=0)
    return str(run.id)


async def refused(name: str, parameters: dict) -> bool:
    """Whether the server itself refuses to make a run with these parameters."""
    from prefect.exceptions import PrefectHTTPStatusError

    try:
        await start(name, parameters)
    except PrefectHTTPStatusError as error:
        return error.response.status_code == 409
    return False


async def state_of(run_id: str) -> tuple[str, str]:
    from prefect import get_client

    async with get_client() as client:
        run = await client.read_flow_run(run_id)
        return run.state.name, run.state.message or ""


@pytest.mark.prefect
def test_all_is_deployed_and_a_real_worker_runs_one_to_completed(prefect_server, home) -> None:
    prefect("work-pool", "create", "accord", "--type", "process", api=prefect_server, home=home)
    prefect("--no-prompt", "deploy", "--all", api=prefect_server, home=home)
    schedules = asyncio.run(deployed())
    assert set(schedules) == set(DEPLOYMENTS)
    for name, deployment in DEPLOYMENTS.items():
        assert len(schedules[name]) == len(deployment.get("schedules", []))

    for wrong in ({"apply": "perhaps"}, {"segments": "large"}, {"lead_ids": ["crm:1"] * 1001}):
        assert asyncio.run(refused("rescore/rescore", wrong)), wrong
    parameters = {"as_of": "2026-11-21T12:00:00Z"}
    run_id = asyncio.run(start("pipeline/pipeline", parameters))
    prefect("worker", "start", "--pool", "accord", "--run-once", api=prefect_server, home=home)
    assert asyncio.run(state_of(run_id))[0] == "Completed"
    assert (home / "home" / "ledger.db").exists()
