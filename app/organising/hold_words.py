"""What the pages on holds call things: rules, policies, and what is wrong with lines."""

from __future__ import annotations

from app.domain.hold_rules import LineFault
from app.domain.holds import HoldReason
from app.i18n import marked as _
from app.models import ClaimPolicy

# The rules that are on or off, in the order of the page.
SWITCHES = {
    HoldReason.WATCH_LIST: _("The name looks like one on a watch-list"),
    HoldReason.REJECTED_BEFORE: _("The name was rejected as fake on this letter"),
    HoldReason.PUBLIC_FIGURE: _("They say that they are a public figure"),
}
# Those that count, by the name of their field.
LIMITS = {
    HoldReason.NETWORK_SPEED: (
        "network_limit",
        _("More than so many within an hour from one network"),
    ),
    HoldReason.DOMAIN_SPEED: (
        "domain_limit",
        _("More than so many within an hour from one address domain"),
    ),
}
CLAIM = _("The address does not go with the institution that they claim")
POLICIES = {
    ClaimPolicy.OFF: _("Never"),
    ClaimPolicy.LISTED: _("when it is an institution of the list"),
    ClaimPolicy.OFFICE: _("also when a high office writes from a free mail provider"),
    ClaimPolicy.AFFILIATION: _(
        "also when any affiliation writes from a free mail provider"
    ),
}
RULES = {
    **SWITCHES,
    HoldReason.CLAIM: CLAIM,
    **{rule: words for rule, (_field, words) in LIMITS.items()},
}
LINE_FAULTS = {
    LineFault.NO_DOMAIN: _("There is no “=” with a domain after it."),
    LineFault.BAD_DOMAIN: _("This is not a domain, as example.org would be."),
    LineFault.NO_NAME: _("There is no name in it."),
    LineFault.TOO_LONG: _("It is too long."),
    LineFault.TWICE: _("It is on the list already."),
    LineFault.TOO_MANY: _("The list is full."),
}
