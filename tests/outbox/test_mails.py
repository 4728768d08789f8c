"""What a rep's mail says: ours, a team's own, hostile names, and templates that cannot be used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import InputError
from accord.outbox import MAIL_SAMPLE, MailTemplates, WordingError

HOSTILE = (
    "<script>alert(1)</script>",
    "Zoë\r\nBcc: everybody@x.example\r\n\r\nhello",
    "a\u2028Bcc: x\u2029y\x85z",
    "\u202eeoZ\u202c",
    "\x1b[31mred\x1b[0m\x00",
    "{{ 7 * 7 }}{% raw %}",
    "\ud800",
    "x" * 5_000,
)
names = st.text(st.characters(exclude_categories=())) | st.sampled_from(HOSTILE)
shipped = st.sampled_from(MailTemplates().names)


@pytest.fixture
def folder(tmp_path):
    def write(**templates: str):
        for name, text in templates.items():
            (tmp_path / f"{name.replace('__', '.')}.j2").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def said_of(lead: dict[str, str], name: str = "follow_up", **more):
    variables = {**MAIL_SAMPLE, "lead": {**MAIL_SAMPLE["lead"], **lead}, **more}
    return MailTemplates().render(name, variables)


def test_a_text_is_shipped_for_each_name_that_the_shipped_agreement_gives():
    assert MailTemplates().names == ("follow_up", "information", "summary")


def test_a_follow_up_says_when_it_was_tried_and_by_whom():
    said = said_of({})
    assert said.subject == "Following up: Acme"
    assert said.text.startswith("Hello Zoë,\n\nI tried to reach you by phone on 2026-11-02,")
    assert said.text.endswith("\n\nKind regards\nAnn Lee\nann@example.com\n")


def test_who_was_never_tried_is_not_told_of_attempts():
    never = {"attempts": 0, "last": {"channel": "", "at": "", "on": ""}}
    assert "tried" not in said_of({}, **never).text


def test_a_summary_names_the_day_of_the_talk_and_leaves_the_rest_to_the_rep():
    said = said_of({}, "summary")
    assert said.subject == "Summary of our conversation of 2026-11-02"
    assert said.text.count("[to be filled in]") == 3


@given(lead=st.fixed_dictionaries(dict.fromkeys(MAIL_SAMPLE["lead"], names)), name=shipped)
def test_no_name_breaks_a_subject_or_begins_a_line(lead, name):
    usual, said = said_of({}, name), said_of(lead, name)
    assert len(said.subject) <= 200
    assert len(said.subject.splitlines()) == 1
    assert not set(said.subject) & set("\x00\x1b\u202e\ud800")
    assert len(said.text.splitlines()) == len(usual.text.splitlines())
    said.subject.encode()
    said.text.encode()


@given(lead=st.fixed_dictionaries({"company": names}))
def test_no_company_adds_a_header_behind_a_subject(lead):
    subject = said_of(lead).subject
    assert not any(character in subject for character in "\r\n\x0b\x0c\x1c\x85\u2028\u2029\x1b")


@pytest.mark.parametrize("name", ["שרה כהן", "سارة", "می‌خواهم", "👩\u200d🔬 Ada"])
def test_letters_of_any_script_stay_as_they_are(name):
    assert name in said_of({"company": name}).subject


def test_a_name_is_no_template():
    assert said_of({"company": "{{ 7 * 7 }}"}).subject == "Following up: {{ 7 * 7 }}"


def test_a_teams_own_replaces_one_half_and_adds_names(folder):
    own = folder(follow_up__subject="Mine", invite__subject="Come", invite__txt="{{ rep.name }}")
    templates = MailTemplates(own)
    assert templates.render("follow_up", MAIL_SAMPLE).subject == "Mine"
    assert templates.render("follow_up", MAIL_SAMPLE).text.startswith("Hello Zoë,")
    assert templates.names == ("follow_up", "information", "invite", "summary")
    assert templates.check() == ("follow_up.subject.j2", "invite.subject.j2", "invite.txt.j2")


def test_a_team_may_replace_the_closing_alone(folder, tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "closing.txt.j2").write_text("Cheers, {{ rep.name }}")
    templates = MailTemplates(tmp_path)
    assert templates.check() == ()
    assert templates.render("summary", MAIL_SAMPLE).text.endswith("\n\nCheers, Ann Lee\n")


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("one\n{{ lead.nme }}", 2, "no attribute 'nme'"),
        ("{{ lead.name.split()[0] }}", 1, "no element 0"),  # only where no name is known
        ("{% if lead %}", 1, "end of template"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
    ],
)
def test_the_check_finds_a_template_that_fails_on_what_may_come(folder, text, line, found):
    with pytest.raises(WordingError) as caught:
        MailTemplates(folder(summary__txt=text)).check()
    said = str(caught.value)
    assert said.startswith(f"template summary.txt.j2, line {line}: ")
    assert found in said
    assert "docs/cadence.md" in said


def test_a_fault_in_a_part_names_the_part(folder, tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "closing.txt.j2").write_text("\n\n{{ nobody }}")
    with pytest.raises(WordingError, match=r"template closing\.txt\.j2, line 3: 'nobody'"):
        MailTemplates(tmp_path).check()


def test_the_check_finds_what_no_mail_can_use(folder):
    with pytest.raises(WordingError, match=r"hello\.html\.j2: no mail uses it; expected NAME"):
        MailTemplates(folder(hello__html="hi")).check()


def test_the_check_finds_a_half_and_says_what_to_add(folder):
    with pytest.raises(WordingError, match=r"invite\.txt\.j2: .* alone; add invite\.subject\.j2"):
        MailTemplates(folder(invite__txt="hi")).check()


def test_a_name_without_a_text_is_refused_with_place_choice_and_remedy(folder):
    templates = MailTemplates(folder(invite__txt="hi"))
    with pytest.raises(InputError) as caught:
        templates.require("invite", where="cadence.connected[0].template")
    assert str(caught.value) == (
        "cadence.connected[0].template: template 'invite' has no text;"
        " expected one of follow_up, information, summary;"
        " or write invite.subject.j2 into the folder of ACCORD_MAIL_TEMPLATES"
    )


@pytest.mark.parametrize("name", ["", "../mail_templates/summary", "parts/closing", "/etc/passwd"])
def test_a_name_leads_out_of_no_folder(name):
    with pytest.raises(InputError, match="has no text"):
        MailTemplates().require(name, where="here")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match=r"ACCORD_MAIL_TEMPLATES: .* is no folder"):
        MailTemplates(tmp_path / "none")
