"""A point kills the process once, however many of its threads come there together."""

from __future__ import annotations

import threading

from accord.killpoints import reach
from tests.killing import run_killed


def test_threads_that_come_to_a_point_together_die_there_once(children, tmp_path) -> None:
    run_killed(children, _together, tmp_path / "killed-at", point="anywhere")


def _together() -> None:
    start = threading.Barrier(16)

    def arrive() -> None:
        start.wait()
        reach("anywhere")

    threads = [threading.Thread(target=arrive) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
