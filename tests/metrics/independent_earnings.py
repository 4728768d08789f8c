"""What marketing is paid, a second time: SQL over the ledger's rows, hand-off by hand-off.

``earned`` has one row an item: kind, earned_at, handoff_id, deal_id, segment, channel, campaign,
version, base (a deal's amount) and cents (what is paid; missing where nothing was agreed).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from accord.agreement import Agreement
from accord.records import to_us

_ROOTS = """
CREATE TABLE root_of AS
  WITH RECURSIVE up(lead_id, root) AS (
    SELECT lead_id, lead_id FROM (
      SELECT lead_id FROM lead UNION SELECT lead_id FROM handoff
      UNION SELECT lead_id FROM opportunity WHERE lead_id IS NOT NULL)
    UNION ALL SELECT up.lead_id, m.into_lead_id FROM up
      JOIN merge m ON m.lead_id = up.root AND m.undone_at IS NULL)
  SELECT * FROM up WHERE root NOT IN (SELECT lead_id FROM merge WHERE undone_at IS NULL)"""
_CYCLES = """
CREATE TABLE handed AS
  SELECT h.handoff_id, r.root, h.cycle, coalesce(h.segment, l.segment) AS segment,
    CASE WHEN h.channel IS NULL AND h.campaign IS NULL THEN l.channel ELSE h.channel END AS channel,
    CASE WHEN h.channel IS NULL AND h.campaign IS NULL THEN l.campaign ELSE h.campaign END
      AS campaign,
    coalesce((SELECT min(s.occurred_at) FROM standing_all s WHERE s.lead_id = h.lead_id
      AND s.cycle = h.cycle AND s.to_stage = 'mql' AND s.from_stage IS DISTINCT FROM 'mql'),
      h.queued_at) AS began,
    (SELECT min(s.occurred_at) FROM standing_all s WHERE s.lead_id = h.lead_id
      AND s.cycle = h.cycle AND s.to_stage = 'sal' AND s.from_stage IS DISTINCT FROM 'sal')
      AS accepted
  FROM handoff h JOIN root_of r USING (lead_id) LEFT JOIN lead l ON l.lead_id = r.root
  WHERE h.stage = 'mql' AND h.outcome IS DISTINCT FROM 'merged'"""
_EARNED = """
CREATE TABLE earned AS
  WITH item AS (
    SELECT 'accepted_mql' AS kind, accepted AS earned_at, handoff_id, NULL AS deal_id,
      segment, channel, campaign, NULL::DECIMAL(18, 2) AS base
    FROM handed WHERE accepted IS NOT NULL
    UNION ALL
    SELECT 'won_revenue', coalesce(o.closed_at, o.stage_at), h.handoff_id, o.opportunity_id,
      h.segment, h.channel, h.campaign, o.amount
    FROM opportunity o JOIN root_of r USING (lead_id) JOIN handed h ON h.root = r.root
      AND h.began <= coalesce(o.opened_at, o.closed_at, o.stage_at)
    WHERE o.stage = 'customer'
    QUALIFY row_number() OVER (
      PARTITION BY o.opportunity_id ORDER BY h.began DESC, h.cycle DESC, h.handoff_id DESC) = 1)
  SELECT item.*, rate.version,
    CASE kind WHEN 'accepted_mql' THEN floor(per_mql * 100 + 0.5)
      ELSE floor(base * share * 100 + 0.5) END::BIGINT AS cents
  FROM item ASOF LEFT JOIN rate ON item.earned_at >= rate.since"""


def earn(found, agreements: Sequence[Agreement]) -> None:
    """Make the tables in DuckDB; each agreement is in force from its first day on."""
    found.execute(
        "CREATE TABLE rate (since BIGINT, version TEXT, per_mql DECIMAL(12, 4),"
        " share DECIMAL(9, 6))"
    )
    for one in agreements:
        begins = datetime.combine(one.effective_from, time(), ZoneInfo(one.timezone))
        terms = one.commission.marketing
        row = [to_us(begins), one.version, terms.per_accepted_mql, terms.of_won_revenue]
        found.execute("INSERT INTO rate VALUES (?, ?, ?, ?)", row)
    for statement in (_ROOTS, _CYCLES, _EARNED):
        found.execute(statement)


def _sum(value: str, where: str = "true") -> str:
    return (
        f"SELECT coalesce($m, '') AS member, {value} FROM earned"
        f" WHERE earned_at >= $lo AND earned_at < $hi AND ({where}) GROUP BY 1"
    )


EARNINGS = {
    "commission": (_sum("sum(cents) * 0.01::DECIMAL(3, 2)"),),
    "traced_revenue": (_sum("sum(base)", "kind = 'won_revenue'"),),
}
