"""The sign form: normalise what was typed, judge it, and say what is wrong where."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app import i18n
from app.domain import addresses, letters, names, slips
from app.domain.addresses import AddressFault, AddressProblem
from app.domain.drafts import Draft
from app.domain.letters import Settings
from app.domain.names import NameProblem
from app.domain.views import SignForm
from app.i18n import marked as _

STATEMENT_LIMIT = 280
LINE_LIMIT = 200

BOXES = (
    "public_figure",
    "identification_only",
    "consent",
    "wants_updates",
    "may_contact",
)
FIELDS = (
    "name",
    "email",
    "title",
    "affiliation",
    "sector",
    "country",
    "statement",
    "listed",
    *BOXES,
)

_NAME = {
    NameProblem.EMPTY: _("Please type your name."),
    NameProblem.TOO_LONG: _("Names may have up to 100 characters."),
    NameProblem.STACKED_MARKS: _("The name has too many marks over one letter."),
    NameProblem.WIDE: _("The name has a character that is too wide to be printed."),
    NameProblem.ADDRESS: _("Please type your name here, not an address."),
    NameProblem.LINK: _("A name cannot hold a web address."),
    NameProblem.MARKUP: _("A name cannot hold the signs < and >."),
    NameProblem.NOT_A_NAME: _("This does not look like a name: it needs letters."),
}
_TEXT = {
    NameProblem.TOO_LONG: _("This is too long."),
    NameProblem.STACKED_MARKS: _("This has too many marks over one letter."),
    NameProblem.WIDE: _("This has a character that is too wide to be printed."),
    NameProblem.ADDRESS: _("This will be public: please leave mail addresses out."),
    NameProblem.LINK: _("Please leave web addresses out."),
    NameProblem.MARKUP: _("Please leave the signs < and > out."),
    NameProblem.NOT_A_NAME: _("This needs letters or digits."),
}
_ADDRESS = {
    AddressFault.EMPTY: _("Please type your address."),
    AddressFault.TOO_LONG: _("An address has at most 254 characters."),
    AddressFault.CONTROL: _("The address holds a character that cannot be typed."),
    AddressFault.SEVERAL: _("Please type one address only."),
    AddressFault.QUOTED: _("Please type the address alone, as name@example.org."),
    AddressFault.NOT_ASCII: _(
        "We cannot write to addresses with such letters before the @ yet."
    ),
    AddressFault.MALFORMED: _(
        "This is not a complete address, as name@example.org would be."
    ),
}

_ONE_SLIP = _(
    "Did you mean %(address)s? If your address is right as it is, send the form once "
    "more."
)
# The hidden field with the address that was asked about: sent twice, it is meant.
AS_TYPED = "email_as_typed"


def judge_address(text: str, translate: Callable[..., str]) -> tuple[str, str | None]:
    """The address in `text`, and what is wrong with it."""
    try:
        return addresses.parse(text), None
    except AddressProblem as problem:
        return "", translate(_ADDRESS[problem.kind])


class _Judge:
    """Judges one form, in the order of its fields."""

    def __init__(
        self, typed: Mapping[str, str], settings: Settings, language: str
    ) -> None:
        self.settings = settings
        self.translate = i18n.translator(i18n.speaks(language))
        self.form = SignForm(
            values={field: typed[field] for field in FIELDS if field in typed}
        )
        self._typed = typed

    def typed(self, field: str) -> str:
        return self._typed.get(field, "")

    def wrong(self, field: str, sentence: str) -> None:
        self.form.errors.setdefault(field, sentence)

    def name(self) -> str:
        cleaned = names.clean_line(self.typed("name"))
        if problem := names.problem_with_name(cleaned):
            self.wrong("name", self.translate(_NAME[problem]))
        return cleaned

    def email(self) -> str:
        address, problem = judge_address(self.typed("email"), self.translate)
        if problem:
            self.wrong("email", problem)
        elif (meant := slips.meant(address)) and address != self.typed(AS_TYPED):
            self.form.values[AS_TYPED] = address
            self.wrong("email", self.translate(_ONE_SLIP, address=meant))
        return address

    def line(self, field: str, *, organisation: bool = False) -> str:
        cleaned = names.clean_line(self.typed(field))
        problem = names.problem_with_text(
            cleaned, limit=LINE_LIMIT, organisation=organisation
        )
        if problem is None and len(cleaned) > 400:
            problem = NameProblem.TOO_LONG
        if problem:
            self.wrong(field, self.translate(_TEXT[problem]))
        return cleaned

    def statement(self) -> str:
        cleaned = names.clean_text(self.typed("statement"))
        if cleaned and not self.settings.allows_statement:
            self.wrong("statement", self.translate(_("This letter takes none.")))
        if problem := names.problem_with_text(cleaned, limit=STATEMENT_LIMIT):
            sentence = (
                _("A statement has at most 280 characters.")
                if problem is NameProblem.TOO_LONG
                else _TEXT[problem]
            )
            self.wrong("statement", self.translate(sentence))
        return cleaned

    def sector(self) -> str:
        sector = self.typed("sector")
        # The page may have been read before two sectors were merged.
        sector = self.settings.merged.get(sector, sector)
        if sector not in self.settings.sector_keys:
            self.wrong("sector", self.translate(_("Please choose one of the list.")))
        return sector

    def country(self) -> str:
        country = self.typed("country")
        policy = self.settings.country_policy
        known = country in i18n.country_codes() if country else policy != "required"
        if not known or (country and policy == "no"):
            self.wrong("country", self.translate(_("Please choose one of the list.")))
        return country

    def listed(self) -> bool:
        listed = self.typed("listed") or "yes"
        if listed not in ("yes", "no"):
            self.wrong("listed", self.translate(_("Please choose one of the two.")))
        return listed == "yes"

    def box(self, field: str) -> bool:
        value = self.typed(field)
        if value not in ("", "yes"):
            self.wrong(field, self.translate(_("Please tick the box or leave it.")))
        return value == "yes"

    def consent(self) -> None:
        if not self.box("consent"):
            self.wrong(
                "consent",
                self.translate(_("Without this consent we cannot take a signature.")),
            )


def judge(
    typed: Mapping[str, str],
    *,
    settings: Settings,
    language: str,
    former: Draft | None = None,
) -> tuple[Draft | None, SignForm]:
    """The draft that was typed, or None with the form that says what is wrong.

    `former` is the draft that is being corrected: its address and its consents
    were given before and stay as they are.
    """
    judging = _Judge(typed, settings, language)
    wording = settings.wording(language)
    name = judging.name()
    email = former.email if former else judging.email()
    draft = Draft(
        email=email,
        name=name,
        title=judging.line("title"),
        affiliation=judging.line("affiliation", organisation=True),
        identification_only=judging.box("identification_only"),
        sector=judging.sector(),
        country=judging.country(),
        statement=judging.statement(),
        listed=judging.listed(),
        public_figure=judging.box("public_figure"),
        wants_updates=former.wants_updates if former else judging.box("wants_updates"),
        may_contact=former.may_contact if former else judging.box("may_contact"),
        language=wording.language,
        text_version_id=former.text_version_id if former else wording.text_version_id,
        consent_version=former.consent_version if former else letters.CONSENT_VERSION,
    )
    if former is None:
        judging.consent()
    return (None if judging.form.errors else draft), judging.form


def filled(draft: Draft) -> SignForm:
    """A form that shows what a draft holds, to be corrected."""
    values = {
        field: getattr(draft, field)
        for field in ("name", "title", "affiliation", "sector", "country", "statement")
    }
    values["listed"] = "yes" if draft.listed else "no"
    for field in ("public_figure", "identification_only"):
        values[field] = "yes" if getattr(draft, field) else ""
    return SignForm(values=values)
