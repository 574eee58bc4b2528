"""How to cite a number: as text, as BibTeX and as CSL-JSON, and as data for machines."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from app import i18n
from app.domain.views import LetterView, Numbers, StoredHtml, data
from app.i18n import marked as _

_TEXT = _(
    "%(organiser)s: “%(title)s”. Open letter, %(confirmed)s confirmed and %(verified)s "
    "verified signatures as of %(moment)s. %(address)s (accessed %(day)s)."
)
_KIND = _("Open letter")
_NOTE = _("%(confirmed)s confirmed, %(verified)s verified signatures")
# What TeX would take for more than a sign.
_SPECIAL = re.compile(r"[\\{}$&#^_~%]")
_NAMED = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}


class Citation(NamedTuple):
    """One citation in three ways of writing it; `csl` is an item of CSL-JSON 1.0."""

    text: str
    bibtex: str
    csl: dict[str, Any]


def cite(
    view: LetterView, numbers: Numbers, *, address: str, now: datetime
) -> Citation:
    """A citation of the numbers at their moment, ready to be copied."""
    translate, locale = i18n.translator(view.locale), view.locale
    text = translate(
        _TEXT,
        organiser=view.organiser,
        title=view.title,
        confirmed=i18n.number(numbers.confirmed, locale),
        verified=i18n.number(numbers.verified, locale),
        moment=i18n.moment(numbers.as_of, locale),
        address=address,
        day=i18n.day(now, locale),
    )
    key = re.sub(r"[^a-z0-9]", "", view.slug) + numbers.as_of.strftime("%Y%m%dT%H")
    fields = {
        "author": f"{{{_tex(view.organiser)}}}",
        "title": _tex(view.title),
        "year": f"{numbers.as_of.year}",
        "month": f"{numbers.as_of.month}",
        "howpublished": translate(_KIND),
        "note": translate(
            _NOTE, confirmed=numbers.confirmed, verified=numbers.verified
        ),
        "url": address,
        "urldate": now.date().isoformat(),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    at = numbers.as_of
    return Citation(
        text=text,
        bibtex=f"@misc{{{key},\n{lines}\n}}",
        csl={
            "id": key,
            "type": "webpage",
            "title": view.title,
            "author": [{"literal": view.organiser}],
            "issued": {"date-parts": [[at.year, at.month, at.day]]},
            "accessed": {"date-parts": [[now.year, now.month, now.day]]},
            "URL": address,
            "language": view.language,
            "note": fields["note"],
        },
    )


def dataset(view: LetterView, numbers: Numbers, *, address: str) -> StoredHtml:
    """The numbers in the words of schema.org, as JSON-LD that ends no element."""
    return data(
        {
            "@context": "https://schema.org",
            "@type": "Dataset",
            "url": address,
            "name": view.title,
            "description": view.summary,
            "creator": {"@type": "Organization", "name": view.organiser},
            "temporalCoverage": i18n.iso(numbers.as_of),
            "isAccessibleForFree": True,
            "variableMeasured": [
                {"@type": "PropertyValue", "name": name, "value": value}
                for name, value in (
                    ("confirmed", numbers.confirmed),
                    ("verified", numbers.verified),
                    ("collected", numbers.collected),
                )
            ],
        }
    )


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda found: _NAMED.get(found[0], f"\\{found[0]}"), text)
