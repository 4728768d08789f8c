"""The shipped agreement, as text and with changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accord.agreement import AgreementError, loads
from accord.findings import Finding

SHIPPED = Path(__file__).resolve().parents[2] / "agreement.yaml"
Change = tuple[str, str]


@pytest.fixture(scope="session")
def shipped_text() -> str:
    return SHIPPED.read_text(encoding="utf-8")


@pytest.fixture
def changed(shipped_text: str) -> Callable[..., str]:
    """Gives the shipped text with pieces replaced, each of which stands there exactly once."""

    def change(*changes: Change) -> str:
        text = shipped_text
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
            text = text.replace(old, new)
        return text

    return change


@pytest.fixture
def faults_of(changed: Callable[..., str]) -> Callable[..., tuple[Finding, ...]]:
    """Gives the faults of the shipped text with pieces replaced."""

    def find(*changes: Change) -> tuple[Finding, ...]:
        with pytest.raises(AgreementError) as caught:
            loads(changed(*changes))
        return caught.value.faults

    return find
