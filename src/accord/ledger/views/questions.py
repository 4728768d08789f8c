"""Questions that are asked of the views, ready to paste; tests run each on both stores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and the query that answers it, the same on both stores."""

    asks: str
    sql: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        asks="How many first touches did each team make in time, week by week, and how sure is it?",
        sql="""\
SELECT period, starts_on, member AS team, value AS share, low, high, denominator AS clocks
FROM v_metric_week
WHERE metric = 'first_touch_met_share' AND dimension = 'team' AND NOT partial
ORDER BY period, team""",
    ),
    Question(
        asks="How far did the leads of each segment come?",
        sql="""\
SELECT l.segment,
       COUNT(DISTINCT l.lead_id) AS leads,
       COUNT(DISTINCT CASE WHEN s.to_stage = 'mql' THEN s.lead_id END) AS mqls,
       COUNT(DISTINCT CASE WHEN s.to_stage = 'sql' THEN s.lead_id END) AS sqls,
       COUNT(DISTINCT CASE WHEN s.to_stage = 'customer' THEN s.lead_id END) AS customers
FROM v_lead AS l
LEFT JOIN v_stage_change AS s ON s.lead_id = l.lead_id
WHERE l.merged_into IS NULL
GROUP BY l.segment
ORDER BY l.segment""",
    ),
    Question(
        asks="How does each week's revenue compare with its share of the goal?",
        sql="""\
SELECT r.period, r.starts_on, r.value AS revenue, g.value AS goal, o.value AS share_of_goal
FROM v_metric_week AS r
LEFT JOIN v_metric_week AS g
  ON g.period = r.period AND g.metric = 'revenue_goal'
  AND g.dimension = r.dimension AND g.member = r.member
LEFT JOIN v_metric_week AS o
  ON o.period = r.period AND o.metric = 'revenue_of_goal'
  AND o.dimension = r.dimension AND o.member = r.member
WHERE r.metric = 'revenue' AND r.dimension = 'all'
ORDER BY r.period""",
    ),
    Question(
        asks="Which clocks run for one rep, the most urgent first?",
        sql="""\
SELECT lead_id, term, started_at, due_at
FROM v_clock
WHERE owner_id = 'crm:ada' AND ended_at IS NULL
ORDER BY due_at, clock_id""",
    ),
    Question(
        asks="Which numbers of closed weeks were restated, and from what to what?",
        sql="""\
SELECT b.period, b.metric, b.dimension, b.member, b.revision,
       a.value AS before, b.value AS after, b.computed_at
FROM v_metric_revision AS b
JOIN v_metric_revision AS a
  ON a.period = b.period AND a.metric = b.metric AND a.dimension = b.dimension
  AND a.member = b.member AND a.revision = b.revision - 1
WHERE b.cut = 'week'
ORDER BY b.period, b.metric, b.dimension, b.member, b.revision""",
    ),
)
