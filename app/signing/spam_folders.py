"""Where the large mail providers put mail that they do not know, by their own names."""

from __future__ import annotations

from app.domain.addresses import canonical, domain_of
from app.i18n import marked as _

_FOLDERS = (
    (("gmail.com",), _("At Gmail look under Spam, Promotions and Updates.")),
    (
        ("outlook.", "hotmail.", "live.", "msn.com"),
        _("At Outlook and Hotmail look under Junk Email, and under Other."),
    ),
    (
        ("yahoo.", "ymail.com", "rocketmail.com", "aol.com", "aim.com"),
        _("At Yahoo and AOL look under Spam."),
    ),
    (("icloud.com", "me.com", "mac.com"), _("At iCloud look under Junk.")),
    (("gmx.", "web.de"), _("At GMX and WEB.DE look under Spam and under Unknown.")),
    (
        ("proton.me", "protonmail.com", "pm.me"),
        _("At Proton look under Spam, and in All Mail."),
    ),
    (
        ("orange.fr", "wanadoo.fr", "sfr.fr", "laposte.net", "free.fr"),
        _("At French providers look under Indésirables or Spam."),
    ),
    (("t-online.de", "freenet.de"), _("At this provider look under Spam.")),
)


def number(address: str) -> int:
    """The number by which the provider of a parsed address is known here; 0: none."""
    domain = domain_of(canonical(address))
    for place, (names, _sentence) in enumerate(_FOLDERS, start=1):
        if any(
            domain.startswith(name) if name.endswith(".") else domain == name
            for name in names
        ):
            return place
    return 0


def sentence(number: int) -> str | None:
    """Where mail lies at the provider of this number, not translated yet."""
    return _FOLDERS[number - 1][1] if 0 < number <= len(_FOLDERS) else None
