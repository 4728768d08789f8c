"""Where a comparison's page goes, and what cannot be written there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from accord.errors import InputError
from accord.services.rescore_apply import refuse_to_come
from accord.services.rescore_page import check_page, comparison_path, write_comparison
from accord.services.settings import Settings
from tests.report.compared import comparison


def test_comparisons_of_one_instant_do_not_replace_one_another(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, _env_file=None)
    found = comparison()
    names = [write_comparison(found, comparison_path(settings, found)).stem for _ in range(3)]
    assert names == [names[0], f"{names[0]}-2", f"{names[0]}-3"]
    other = comparison_path(settings, replace(comparison(), version_then="../2027: a"))
    assert other.parent == settings.report_path


def test_what_cannot_be_a_page_is_said_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, says in (
        (tmp_path, "is a folder"),
        (tmp_path / "whatif", "has no ending"),
        (tmp_path / "file" / "page.html", "cannot be written"),
    ):
        with pytest.raises(InputError, match=says):
            check_page(path, where="--page")
    check_page(tmp_path / "new" / "page.html", where="--page")


def test_a_page_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "page").touch()  # where the folder of its tables belongs
    with pytest.raises(InputError, match=r"page\.html cannot be written: File exists"):
        write_comparison(comparison(), tmp_path / "page.html")


def test_scores_of_an_instant_to_come_are_not_applied() -> None:
    now = comparison().as_of
    refuse_to_come(now, now=now)
    with pytest.raises(InputError, match="has not come"):
        refuse_to_come(now + timedelta(microseconds=1), now=now)
