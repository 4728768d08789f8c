"""The cadence a second time: SQL over the ledger's rows, however often a hand-over was passed on.

Only the first call wants a voicemail in the shipped agreement; the SQL relies on that, and on reps
of whom nothing is said but the team they are in.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from accord.calendars import Calendar
from accord.records import from_us, to_us

_TENURES = """
CREATE TABLE tenure AS
  WITH named AS (
    SELECT h.handoff_id, h.lead_id, h.stage, h.origin, h.ended_at, o.since, o.rep_id,
      coalesce(o.team, (SELECT r.team FROM rep r WHERE r.rep_id = o.rep_id)) AS team
    FROM handoff h JOIN handoff_owner o USING (handoff_id)
    WHERE coalesce(h.outcome, '') NOT IN ('merged', 'overtaken')
    QUALIFY h.origin = 'decided' OR o.rep_id IS NOT NULL
      OR row_number() OVER (PARTITION BY h.handoff_id ORDER BY o.since) = 1),
  changed AS (
    SELECT * FROM named
    WINDOW own AS (PARTITION BY handoff_id ORDER BY since)
    QUALIFY row_number() OVER own = 1 OR rep_id IS DISTINCT FROM lag(rep_id) OVER own),
  passed_on AS (
    SELECT *, lead(since) OVER (PARTITION BY handoff_id ORDER BY since) AS next_since FROM changed)
  SELECT *, coalesce(next_since <= ended_at, next_since IS NOT NULL) AS transferred,
    least(next_since, ended_at) AS until
  FROM passed_on
  WHERE (ended_at IS NULL OR since <= ended_at) AND (origin = 'observed' OR rep_id IS NOT NULL);
"""

_TRIES = """
CREATE TABLE tries AS
  SELECT n.handoff_id, n.since, n.stage, t.touched_at, t.channel, t.outcome, row_number() OVER (
      PARTITION BY n.handoff_id, n.since ORDER BY t.touched_at,
      t.outcome IS DISTINCT FROM 'connected', list_position(
        ['call', 'email', 'meeting', 'message', 'voicemail'], t.channel), t.outcome NULLS FIRST
    ) AS place
  FROM tenure n JOIN touch t ON t.lead_id = n.lead_id
    AND (n.origin = 'observed' OR t.rep_id = n.rep_id) AND t.automatic IS DISTINCT FROM true
    AND t.touched_at >= n.since AND (n.until IS NULL OR t.touched_at < n.until
      OR (t.touched_at = n.until AND NOT n.transferred));
CREATE TABLE begun AS
  SELECT n.*, x.touched_at AS reached, x.place AS reached_place
  FROM tenure n LEFT JOIN (
    SELECT handoff_id, since, min(touched_at) AS touched_at, min(place) AS place FROM tries
    WHERE outcome = 'connected' AND stage = 'mql' GROUP BY ALL) x USING (handoff_id, since);
"""

_FOLLOWED = """
CREATE TABLE numbered AS
  SELECT t.*, t.stage = 'sql' OR coalesce(t.place > b.reached_place, false) AS after,
    row_number() OVER (PARTITION BY t.handoff_id, t.since, t.channel,
      t.stage = 'sql' OR coalesce(t.place > b.reached_place, false) ORDER BY t.place) AS nth
  FROM tries t JOIN begun b USING (handoff_id, since);
CREATE TABLE done AS
  SELECT o.*, CASE WHEN o.message AND n.outcome IS DISTINCT FROM 'connected'
        AND n.outcome IS DISTINCT FROM 'left_message' THEN
      (SELECT min(v.touched_at) FROM numbered v WHERE v.handoff_id = o.handoff_id
       AND v.since = o.since AND v.channel = 'voicemail' AND v.after = o.after
       AND v.place > n.place)
    ELSE n.touched_at END AS done_at
  FROM owed o LEFT JOIN numbered n ON n.handoff_id = o.handoff_id AND n.since = o.since
    AND n.after = o.after AND n.channel = o.channel AND n.nth = o.nth;
CREATE TABLE steps AS
  SELECT d.*, b.rep_id, b.team, b.lead_id, CASE WHEN done_at <= due_at THEN 'on_time'
    WHEN done_at IS NOT NULL THEN 'late' WHEN over_at <= due_at THEN 'not_needed'
    ELSE 'missed' END AS became
  FROM done d JOIN begun b USING (handoff_id, since);
CREATE TABLE followups AS
  SELECT s.rep_id, s.team, l.segment, l.channel, s.step, s.became = 'on_time' AS kept,
    CASE WHEN s.became = 'on_time' THEN s.done_at ELSE s.due_at + 1 END AS settled
  FROM steps s LEFT JOIN lead l USING (lead_id) WHERE s.became <> 'not_needed';
CREATE TABLE tried AS
  SELECT h.* REPLACE (coalesce(h.team, r.team) AS team),
    (SELECT count(*) FROM tries t WHERE t.handoff_id = h.handoff_id) AS made
  FROM handoffs h LEFT JOIN rep r USING (rep_id)
  WHERE handoff_id IN (SELECT handoff_id FROM tenure);
CREATE TABLE closings AS
  SELECT d.*, (SELECT min(touched_at) FROM touch t WHERE t.lead_id = d.lead_id
    AND outcome = 'connected' AND automatic IS DISTINCT FROM true) AS reached
  FROM deals d WHERE stage = 'customer';
"""


def follow(found: Any, agreement: Any) -> None:
    """Make the tables of the cadence in DuckDB; due times come from the calendar, one by one."""
    found.execute(_TENURES)
    found.execute(_TRIES)
    names = ("handoff_id", "stage", "since", "until", "reached", "team", "own_team")
    rows = found.execute(
        "SELECT handoff_id, stage, b.since, until, reached, b.team, r.team AS own_team"
        " FROM begun b LEFT JOIN rep r USING (rep_id)"
    ).fetchall()
    owed = [line for row in rows for line in _owed(agreement, dict(zip(names, row, strict=True)))]
    columns = ["handoff_id", "since", "step", "channel", "nth", "after", "message"]
    columns += ["due_at", "over_at"]
    frame = pd.DataFrame(owed, columns=columns).astype({"due_at": "Int64", "over_at": "Int64"})
    found.register("given", frame)
    found.execute("CREATE TABLE owed AS SELECT * FROM given")
    found.unregister("given")
    found.execute(_FOLLOWED)


def _owed(agreement, row):
    calendar = _calendar(agreement, row["own_team"], row["team"])
    since, reached, until = row["since"], row["reached"], row["until"]
    late = row["stage"] == "sql"
    parts = []
    if not late:
        over = until if reached is None else reached
        parts.append(("not_connected", agreement.cadence.not_connected, since, over, False))
    if late or reached is not None:
        start = since if late else reached
        parts.append(("connected", agreement.cadence.connected, start, until, True))
    for branch, steps, start, over, after in parts:
        for number, step in enumerate(steps, 1):
            nth = sum(each.channel == step.channel for each in steps[:number])
            due = to_us(calendar.due(from_us(start), step.within.delta))
            name = f"{branch} {number} {step.channel.value}"
            message = step.otherwise == "voicemail"
            yield row["handoff_id"], since, name, step.channel.value, nth, after, message, due, over


def _calendar(agreement, *teams):
    """A rep keeps the hours of their own team; nobody's are those of the first of sales."""
    stated = (team for team in teams if team in agreement.teams)
    name = next(stated, next(iter(agreement.teams)))
    return Calendar.parse(agreement.calendars[agreement.teams[name].calendar])


def _flow(view: str, at: str, where: str = "true", value: str = "count(*)") -> str:
    return (
        f"SELECT coalesce($m, '') AS member, {value} FROM {view}"
        f" WHERE {at} >= $lo AND {at} < $hi AND ({where}) GROUP BY 1"
    )


_ENDED = "stage = 'mql'"
_CONTACT = (
    "SELECT coalesce($m, ''), (ended_at - reached) / 86400000000.0 FROM closings"
    " WHERE ended_at >= $lo AND ended_at < $hi AND reached <= ended_at"
)
CADENCE: dict[str, tuple] = {
    "cadence_on_time_share": (
        _flow("followups", "settled", "kept"),
        _flow("followups", "settled"),
    ),
    "attempts_per_handoff": (
        _flow("tried", "ended_at", _ENDED, "sum(made)"),
        _flow("tried", "ended_at", _ENDED),
    ),
    **{
        f"{kind}_share": (
            _flow("touches", "touched_at", f"kind = '{kind}'"),
            _flow("touches", "touched_at"),
        )
        for kind in ("call", "email", "meeting", "message", "voicemail")
    },
    "contact_to_close_days": (
        _CONTACT,
        0.5,
    ),
}
