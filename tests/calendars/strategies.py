"""Random calendars and instants, many of them near a change of some zone's offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Beirut",
)

CHANGES = [
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2026-03-08T07:00",  # New York, spring
        "2026-11-01T06:00",  # New York, autumn
        "2026-03-29T01:00",  # Berlin, spring
        "2026-10-25T01:00",  # Berlin, autumn
        "2026-04-04T15:00",  # Lord Howe, half an hour back
        "2026-10-03T15:30",  # Lord Howe, half an hour ahead
        "2018-02-18T02:00",  # Sao Paulo, midnight repeated
        "2018-11-04T03:00",  # Sao Paulo, midnight skipped
        "2011-12-30T10:00",  # Apia, a whole day skipped
        "2026-02-15T02:00",  # Casablanca, Ramadan
        "2026-03-28T22:00",  # Beirut, midnight skipped
        "2026-12-31T23:00",
    )
]

microseconds = st.integers(0, 86_400_000_000).map(lambda us: timedelta(microseconds=us))
seconds = st.integers(0, 2 * 86_400).map(lambda s: timedelta(seconds=s))
instants = st.one_of(
    st.builds(lambda at, off: at + off - timedelta(days=1), st.sampled_from(CHANGES), seconds),
    st.builds(lambda at, off: at + off, st.sampled_from(CHANGES), microseconds),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
)


def _day(cuts: list[int]) -> list[str]:
    return [
        f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    ]


days = st.one_of(
    st.just(["00:00-24:00"]),
    st.just(["09:00-12:30", "13:30-18:00"]),
    st.lists(st.integers(0, 24 * 60), min_size=2, max_size=6, unique=True).map(
        lambda cuts: _day(sorted(cuts))
    ),
)
dates = st.sampled_from(
    [(at + timedelta(days=shift)).date().isoformat() for at in CHANGES for shift in (-1, 0, 1)]
)


@st.composite
def entries(draw: st.DrawFn) -> dict:
    named = draw(st.sets(st.sampled_from(["mon-wed", "thu", "fri", "sat", "sun"]), min_size=2))
    return {
        "timezone": draw(st.sampled_from(ZONES)),
        "hours": {key: draw(days) for key in sorted(named)},
        "closed": draw(st.lists(dates, max_size=3)),
        "open": draw(st.dictionaries(dates, days, max_size=3)),
    }
