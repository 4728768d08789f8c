"""The cadence a second time: SQL over the ledger's rows, where hand-overs keep their owner.

Only the first call wants a voicemail in the shipped agreement; the SQL relies on that.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from accord.calendars import Calendar
from accord.records import from_us, to_us

_TRIES = """
CREATE TABLE tries AS
  SELECT h.handoff_id, h.stage, o.since, h.ended_at, t.touched_at, t.channel, t.outcome
  FROM handoff h JOIN handoff_owner o USING (handoff_id)
  LEFT JOIN touch t ON t.lead_id = h.lead_id AND t.rep_id = o.rep_id
    AND t.automatic IS DISTINCT FROM true AND t.touched_at >= o.since
    AND (h.ended_at IS NULL OR t.touched_at <= h.ended_at);
CREATE TABLE begun AS
  SELECT h.handoff_id, h.lead_id, h.stage, o.since, h.ended_at, o.rep_id, o.team,
    (SELECT min(touched_at) FROM tries x
     WHERE x.handoff_id = h.handoff_id AND x.outcome = 'connected' AND h.stage = 'mql') AS reached
  FROM handoff h JOIN handoff_owner o USING (handoff_id);
"""

_FOLLOWED = """
CREATE TABLE numbered AS
  SELECT t.*, t.stage = 'sql' OR coalesce(touched_at > b.reached, false) AS after,
    row_number() OVER (PARTITION BY t.handoff_id, t.channel,
      t.stage = 'sql' OR coalesce(touched_at > b.reached, false) ORDER BY touched_at) AS nth
  FROM tries t JOIN begun b USING (handoff_id);
CREATE TABLE done AS
  SELECT o.*, CASE WHEN o.message AND n.outcome NOT IN ('connected', 'left_message') THEN
      (SELECT min(v.touched_at) FROM numbered v WHERE v.handoff_id = o.handoff_id
       AND v.channel = 'voicemail' AND v.after = o.after AND v.touched_at >= n.touched_at)
    ELSE n.touched_at END AS done_at
  FROM owed o LEFT JOIN numbered n ON n.handoff_id = o.handoff_id AND n.after = o.after
    AND n.channel = o.channel AND n.nth = o.nth;
CREATE TABLE followups AS
  SELECT b.rep_id, b.team, l.segment, l.channel, d.step, d.done_at <= d.due_at AS kept,
    CASE WHEN d.done_at <= d.due_at THEN d.done_at ELSE d.due_at + 1 END AS settled
  FROM done d JOIN begun b USING (handoff_id) LEFT JOIN lead l USING (lead_id)
  WHERE d.done_at IS NOT NULL OR d.over_at IS NULL OR d.over_at > d.due_at;
CREATE TABLE tried AS
  SELECT h.*, (SELECT count(touched_at) FROM tries t WHERE t.handoff_id = h.handoff_id) AS made
  FROM handoffs h WHERE handoff_id IN (SELECT handoff_id FROM handoff_owner);
CREATE TABLE closings AS
  SELECT d.*, (SELECT min(touched_at) FROM touch t WHERE t.lead_id = d.lead_id
    AND outcome = 'connected' AND automatic IS DISTINCT FROM true) AS reached
  FROM deals d WHERE stage = 'customer';
"""


def follow(found: Any, agreement: Any) -> None:
    """Make the tables of the cadence in DuckDB; due times come from the calendar, one by one."""
    found.execute(_TRIES)
    rows = found.execute(
        "SELECT handoff_id, stage, since, ended_at, reached, team FROM begun"
    ).fetchall()
    names = ("handoff_id", "stage", "since", "ended_at", "reached", "team")
    owed = [line for row in rows for line in _owed(agreement, dict(zip(names, row, strict=True)))]
    columns = ["handoff_id", "step", "channel", "nth", "after", "message", "due_at", "over_at"]
    frame = pd.DataFrame(owed, columns=columns).astype({"due_at": "Int64", "over_at": "Int64"})
    found.register("given", frame)
    found.execute("CREATE TABLE owed AS SELECT * FROM given")
    found.unregister("given")
    found.execute(_FOLLOWED)


def _owed(agreement, row):
    calendar = Calendar.parse(agreement.calendars[agreement.teams[row["team"]].calendar])
    since, reached, ended_at = row["since"], row["reached"], row["ended_at"]
    late = row["stage"] == "sql"
    parts = []
    if not late:
        over = min((at for at in (reached, ended_at) if at is not None), default=None)
        parts.append(("not_connected", agreement.cadence.not_connected, since, over, False))
    if late or reached is not None:
        start = since if late else reached
        parts.append(("connected", agreement.cadence.connected, start, ended_at, True))
    for branch, steps, start, over, after in parts:
        for number, step in enumerate(steps, 1):
            nth = sum(each.channel == step.channel for each in steps[:number])
            due = to_us(calendar.due(from_us(start), step.within.delta))
            name = f"{branch} {number} {step.channel.value}"
            message = step.otherwise == "voicemail"
            yield row["handoff_id"], name, step.channel.value, nth, after, message, due, over


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
