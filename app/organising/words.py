"""What the desk calls things: reasons, states, verbs, methods, as sentences."""

from __future__ import annotations

from app.i18n import marked as _

HOLD_REASONS = {
    "watch_list": _("The name looks like one on a watch-list."),
    "rejected_before": _("A name that looks like this was rejected as fake before."),
    "public_figure": _("They say that they are a public figure."),
    "by_hand": _("An organiser held it."),
    "corrected": _("They were featured, and changed what they claim."),
    "disputed": _("Somebody says that they did not sign this."),
    "bounced": _("Mail to their address comes back."),
    "claim": _("The address does not go with what they claim."),
    "network_speed": _("Many signed from the same network within an hour."),
    "domain_speed": _("Many signed from the same address domain within an hour."),
}
PILES = {
    "waiting": _("All that waits"),
    "watch_list": _("Watch-list"),
    "rejected_before": _("Rejected before"),
    "public_figure": _("Public figures"),
    "disputed": _("Disputed"),
    "corrected": _("Corrected"),
    "by_hand": _("Held by hand"),
    "claim": _("Claim and address"),
    "network_speed": _("Fast from one network"),
    "domain_speed": _("Fast from one domain"),
    "bounced": _("Mail comes back"),
    "second": _("Wants a second reviewer"),
    "prominent": _("Prominent, not verified"),
    "mine": _("Mine"),
}
STATES = {
    "counted": _("In the list and counted"),
    "held": _("Held"),
    "rejected": _("Rejected"),
    "withdrawn": _("Withdrawn by its owner"),
}
VERBS = {
    "release": _("Released"),
    "hold": _("Held"),
    "reject": _("Rejected"),
    "reinstate": _("Reinstated"),
    "verify": _("Verified"),
    "second": _("Verified as second reviewer"),
    "decline": _("Review declined"),
    "revoke": _("Verification revoked"),
    "feature": _("Featured"),
    "unfeature": _("Featured no longer"),
    "ask": _("Asked for evidence"),
}
METHODS = {
    "institution_mail": _("Mail from the institution's domain"),
    "independent_reply": _("Reply from an address found independently"),
    "public_post": _("Public post"),
    "call": _("Call"),
    "known_in_person": _("Known in person"),
    "signed_document": _("Signed document"),
    "public_record": _("Public record"),
}
REQUESTS = {
    "work_address": _("Write to us from your address at work"),
    "public_post": _("Say so in public"),
    "signed_document": _("Send a signed note"),
    "call": _("Say how you can be called"),
}
ANSWERS = {
    "proved": _("It proves the person"),
    "not_proved": _("It does not prove the person"),
    "no_answer": _("No answer came"),
}
DOMAINS = {
    "none": _("There is no address: it was collected, or is erased."),
    "free": _("Anybody gets an address there: it says nothing of the affiliation."),
    "theirs": _("It goes with the affiliation."),
    "other": _("Nothing in it goes with the affiliation."),
}
PARTS = {
    "statement": _("The statement"),
    "affiliation": _("The affiliation"),
}
PROBLEMS = {
    "reason": _("A reason is required."),
    "evidence": _("Say on what evidence: a link, or what was seen or heard."),
    "link": _("This method asks for a link that begins with http:// or https://."),
    "own": _(
        "Somebody else must do this: you signed it, took it in, or gave the first "
        "review of it."
    ),
    "state": _("That does not apply to the state in which it is now."),
    "may_not_ask": _("They allowed no questions, or have had as many as there may be."),
    "already_asked": _("A question is open: its answer comes first."),
    "number": _("Type the number to say that you mean all of them."),
    "choice": _("Please choose one of the list."),
    "address": _("This is not a complete address, as name@example.org would be."),
    "name": _("Nobody can be known by this name."),
    "invited": _("A link to this address is open already."),
}
DISPUTES = {
    "not_me": _("“I did not sign this.”"),
    "not_them": _("“This is not the person that it says.”"),
    "content": _("“There is something wrong in it.”"),
}
# Why a value that was typed into a letter's settings cannot stand.
VALUES = {
    "empty": _("Please fill this in."),
    "long": _("This is too long."),
    "address": _("This is not a complete address, as name@example.org would be."),
    "colour": _("This colour is not readable, or is not written as #1f3a5f."),
    "choice": _("Please choose one of the list."),
    "spelling": _("Small letters, digits and hyphens alone, please."),
    "taken": _("This is taken already, or is a word of the house."),
    "unknown": _("There is none of this name."),
    "itself": _("Please choose another one."),
    "order": _("The closing must lie after the opening."),
    "time": _("Write a time as 2026-11-30T12:00, in UTC."),
    "future": _("Please choose a time that is still to come, within a year."),
    "needed": _("The letter's first language stays."),
    "number": _("Please type a number in figures."),
    "cell": _("Please type a number from 0 to 100."),
    "heavy": _("This file is too large: 2 MB at most."),
    "kind": _(
        "This is no PNG, JPEG or WebP. An SVG can carry scripts, so it is not taken: "
        "save it as PNG."
    ),
    "pixels": _("This picture is too large: 4,096 pixels a side at most."),
    "broken": _("This picture is broken: save it once more and try again."),
}
TESTS = _("You have had twenty test mails within the hour: please wait a little.")
CHANGES = {
    "first": _("First wording"),
    "draft": _("Draft"),
    "minor": _("Minor change"),
    "material": _("Material change"),
}
