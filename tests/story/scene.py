"""The people of the story, and what each of them does through pages alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

import lxml.html
from werkzeug.test import TestResponse

from tests.house import FIELDS, House, link
from tests.organising.people import Signed


def submit(
    who: Signed, page: str, typed: Mapping[str, str], *, action: str = ""
) -> TestResponse:
    """Fill in a form on an organiser's page and press its button.

    It is the first one that can say what is `typed`, among those that are sent to an
    address ending in `action`; what else stands in it goes along.
    """
    answer = who.get(page)
    assert answer.status_code == 200, (page, answer.status)
    for form in lxml.html.fromstring(answer.text).forms:
        to = (form.get("action") or page).partition("#")[0]
        if (
            form.method == "POST"
            and to.partition("?")[0].endswith(action)
            and all(_can_say(form, name, value) for name, value in typed.items())
        ):
            sent = who.post(to, {**dict(form.form_values()), **typed})
            assert sent.status_code in (200, 303), (page, typed, sent.status)
            return sent
    raise AssertionError(
        (
            page,
            typed,
            lxml.html.fromstring(answer.text).get_element_by_id("main").text_content(),
        )
    )


def _can_say(form: lxml.html.FormElement, name: str, value: str) -> bool:
    """Whether a form has this field, or a button or a hidden field of this value."""
    for field in form.xpath(".//*[@name=$name]", name=name):
        fixed = field.tag == "button" or field.get("type") == "hidden"
        if not fixed or field.get("value") == value:
            return True
    return False


class Signatory:
    """Somebody who signs, or pretends to be somebody: a form, a mail, a button."""

    def __init__(self, house: House, slug: str, name: str, **fields: str) -> None:
        self.house, self.slug, self.name = house, slug, name
        local = re.sub(r"[^a-z]+", ".", name.lower()).strip(".") or "x"
        self.fields = FIELDS | {"name": name, "email": f"{local}@example.org"} | fields
        self.manage = ""

    def send(self, **fields: str) -> TestResponse:
        """Send the letter's form."""
        path = f"/letters/{self.slug}/signatures"
        return self.house.post(path, self.fields | fields)

    def mailed(self) -> str:
        """The path of the link in the mail that the form brought."""
        mails = [
            mail
            for mail in self.house.deliver()
            if self.fields["email"] in mail.recipients
        ]
        return link(mails[-1], "confirm")

    def confirm(self, path: str = "") -> str:
        """Press the button behind the link; the page that follows, as text."""
        answer = self.house.post(path or self.mailed(), {"action": "confirm"})
        assert answer.status_code == 200, answer.text
        found = re.search(r"/manage/[\w.-]+", answer.text)
        assert found is not None, answer.text
        self.manage = found[0]
        return unescape(answer.text)

    def sign(self) -> str:
        """The whole way at once."""
        assert self.send().status_code == 303
        return self.confirm()
