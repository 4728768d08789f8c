"""Ten thousand damaged files: each is read with every row counted, or is one clear error."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from accord.errors import SourceError
from accord.sources import Source, find_batches, map_records, read_pieces
from tests.proof import count
from tests.sources.mutations import FIELDS, NAMES, ROWS, good, mutated

SECONDS = 20  # that one file may take at most


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Let nothing take longer."""

    def stop(*_: object) -> None:
        pytest.fail(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def take(made: Source, *, at_once: int) -> int:
    """Read and map one file; return its rows, each of which was counted once and can be shown."""
    (batch,) = find_batches(made)
    if isinstance(batch, SourceError):
        raise batch
    rows = 0
    for piece in read_pieces(batch, at_once=at_once):
        found = map_records(piece, made, stage_of=lambda _: None)
        numbers = found.row_numbers.tolist()
        assert numbers == list(range(rows + 1, rows + 1 + len(numbers)))
        assert len(numbers) == piece.count <= at_once
        rows += len(numbers)
        shown = found.whole_rows(range(len(numbers)))
        json.dumps(shown, ensure_ascii=False).encode()
        assert found.faults["position"].between(0, len(numbers) - 1).all()
        texts = found.frame.select_dtypes("str")
        assert all(isinstance(text, str) for name in texts for text in texts[name].dropna())
    return rows


def check_error(error: SourceError, place: Path) -> None:
    """One line that names the file and says what was found."""
    text = str(error)
    assert text.isprintable() or "\n" not in text
    assert text.startswith(str(place))
    assert error.found


@pytest.mark.proof
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_read_with_every_row_counted_or_is_one_clear_error(
    tmp_path: Path, source: Callable[..., Source], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / name
    made = source(path=name, nulls=["", "N/A"], fields=FIELDS)
    place.write_bytes(good(name))
    assert take(made, at_once=25) == ROWS
    ends: Counter[str] = Counter()
    for seed in range(count(10_000) // len(NAMES)):
        place.write_bytes(mutated(name, random.Random(f"{name} {seed}")))
        try:
            with at_most(SECONDS):
                take(made, at_once=25)
            ends["read"] += 1
        except SourceError as error:
            check_error(error, place)
            ends["refused"] += 1
        except Exception as error:
            raise AssertionError(f"{name} {seed}") from error
    with capsys.disabled():
        print(f"\n{name}: {ends['read']} read, {ends['refused']} refused")  # noqa: T201 - the proof
    assert ends["read"]
    assert ends["refused"]
