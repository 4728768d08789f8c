"""Teams for many leads: leads alike in what the rules ask are asked once, and right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import RoutingRule
from accord.conditions import parse_condition
from accord.routing import Teams, team_of

RULES = (
    RoutingRule(when=parse_condition({"authority": True}), team="closers"),
    RoutingRule(when=parse_condition({"employees": {"gte": 1}, "country": ["DE"]}), team="emea"),
    RoutingRule(
        when=parse_condition({"any": [{"need": {"present": True}}, {"title": {"matches": "vp"}}]}),
        team="enterprise",
    ),
    RoutingRule(team="inbound"),
)
values = st.sampled_from([None, True, False, 1, 0, 1.0, "1", "de", "DE", "VP"])
leads = st.dictionaries(
    st.sampled_from(["authority", "employees", "country", "need", "title", "segment"]), values
)


@given(queue=st.lists(leads, max_size=12))
def test_each_lead_goes_where_the_rules_would_send_it_alone(queue):
    teams = Teams(RULES)
    assert [teams.of(lead) for lead in queue] == [team_of(RULES, lead) for lead in queue]


def test_true_is_not_one_also_where_they_were_asked_before():
    teams = Teams(RULES)
    assert [teams.of({"authority": value}) for value in (1, True, 1.0)] == [
        "inbound",
        "closers",
        "inbound",
    ]
