"""What a message says: ours, a team's own, and templates that cannot be used."""

from __future__ import annotations

import pytest

from accord.errors import InputError
from accord.outbox import REVIEW_SAMPLE, SAMPLE, Templates, WordingError

ONE = {**SAMPLE, "items": SAMPLE["items"][:1]}


@pytest.fixture
def folder(tmp_path):
    def write(**templates: str):
        for name, text in templates.items():
            (tmp_path / f"{name.replace('_', '.')}.j2").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_one_step_and_several_are_said_by_different_templates():
    templates = Templates()
    assert templates.render(ONE).subject.startswith("first_touch ran out at")
    assert templates.render(SAMPLE).subject == "2 things are owed, 1 of them late"


def test_a_message_says_what_is_owed_by_whom_since_when_late_by_and_what_to_do():
    said = Templates().render(ONE)
    for text in (said.text, said.html):
        for part in (
            "first_touch",
            "lead crm:1",
            "crm:2",
            "2026-11-02 10:00:00-05:00",
            "2026-11-02 10:05:00-05:00",
            "30 min",
            "call the lead",
            "0f0f0f0f",
            "accord sla explain c1",
        ):
            assert part in text


def test_notices_stand_first_whatever_the_template_says(folder):
    said = Templates(folder(step_txt="mine", step_html="<i>mine</i>")).render(
        ONE, notices=["TEST: <not> sent."]
    )
    assert said.text == "TEST: <not> sent.\n\nmine\n"
    assert said.html == "<p><b>TEST: &lt;not&gt; sent.</b></p>\n<i>mine</i>"


@pytest.mark.parametrize("evil", ["crm:1\r\n\r\nSubject: x", "crm:1\u202egnp", "crm:1\x1b[31m"])
def test_an_id_cannot_write_a_line_of_its_own_or_turn_what_follows(evil):
    item = {**SAMPLE["items"][0], "lead_id": evil, "lead": evil, "subject": evil}
    named = {**item, **{name: evil for name, value in item.items() if isinstance(value, str)}}
    for items in ([named], [named, named]):
        said = Templates().render({**SAMPLE, "items": items}, notices=[evil])
        for text in (said.text, said.html, said.subject):
            assert not set("\r\u202e\x1b") & set(text)
        assert "\nSubject: x" not in said.text
    review = {**REVIEW_SAMPLE, "review": {**REVIEW_SAMPLE["review"], "said": [evil], "of": evil}}
    assert not set("\r\u202e\x1b") & set(Templates().render_review(review).text)


def test_html_is_escaped_and_text_is_not(folder):
    item = {**SAMPLE["item"], "owner": "<script>&co"}
    own = folder(step_txt="{{ item.owner }}", step_html="{{ item.owner }}")
    said = Templates(own).render({**ONE, "item": item, "items": (item,)})
    assert (said.text, said.html) == ("<script>&co\n", "&lt;script&gt;&amp;co")


def test_a_subject_is_one_line_of_at_most_200_characters(folder):
    own = folder(step_subject="a\r\nBcc: x@y.example\n{{ 'long ' * 100 }}")
    subject = Templates(own).render(ONE).subject
    assert subject.startswith("a Bcc: x@y.example long")
    assert len(subject) == 200


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("one\n{{ item.name }}", 2, "no attribute 'name'"),
        ("one\ntwo\n{{ lead }}", 3, "'lead' is undefined"),
        ("{% if item %}\n", 1, "end of template"),
        ("\n{{ 1 // 0 }}", 2, "zero"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("\n{{ item.at + 1 }}", 2, "concatenate"),
        ("{{ items | nofilter }}", 1, "nofilter"),
    ],
)
def test_a_template_that_cannot_be_used_is_named_with_its_line_and_the_remedy(
    folder, text, line, found
):
    with pytest.raises(WordingError) as caught:
        Templates(folder(step_txt=text)).render(ONE)
    said = str(caught.value)
    assert said.startswith(f"template step.txt.j2, line {line}: ")
    assert found in said
    assert "docs/messages.md" in said
    assert "\n" not in said


def test_the_check_finds_a_fault_in_a_digest_too_and_a_name_that_nothing_uses(folder):
    with pytest.raises(WordingError, match=r"digest\.html\.j2, line 1"):
        Templates(folder(digest_html="{{ nothing }}")).check()
    folder(digest_html="fine", reminder_txt="hello")
    with pytest.raises(WordingError, match=r"reminder\.txt\.j2: no message uses it"):
        Templates(folder()).check()


def test_the_check_names_a_teams_own_templates(folder):
    assert Templates().check() == ()
    assert Templates(folder(step_txt="{{ item.about }}")).check() == ("step.txt.j2",)


def test_a_templates_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="ACCORD_MESSAGE_TEMPLATES"):
        Templates(tmp_path / "none")


def test_a_template_of_a_lead_or_week_alike_can_be_said():
    item = {**SAMPLE["item"], "lead_id": None, "segment": None, "team": None}
    assert Templates().render({**ONE, "item": item, "items": (item,)}).text
