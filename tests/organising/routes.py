"""Every organiser route x role x method, with the status that is right.

Written down a second time, apart from app/domain/rights.py: a route that is not here
fails the build. To add one, add a row: its address, and what GET and POST (with an
empty form) answer to those who may; the rest follows from who may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LETTER = "/letters/deepfakes"

# Nobody is signed in; a stranger owns another letter; a former member was removed.
WHO = ("nobody", "stranger", "former", "viewer", "verifier", "editor", "owner")
METHODS = ("GET", "POST", "PUT", "DELETE")

VIEWERS = frozenset({"viewer", "verifier", "editor", "owner"})
VERIFIERS = frozenset({"verifier", "editor", "owner"})
EDITORS = frozenset({"editor", "owner"})
OWNERS = frozenset({"owner"})
SIGNED_IN = frozenset(WHO) - {"nobody"}


@dataclass(frozen=True)
class Row:
    """One address: who may use it, and what each method then answers (None: 405)."""

    path: str
    may: frozenset[str]
    get: int | None = None
    post: int | None = None
    # Where somebody gets another answer than `may` says.
    but: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def right(self, method: str) -> int | None:
        """What those who may are answered."""
        return {"GET": self.get, "POST": self.post}.get(method)

    def expected(self, who: str, method: str) -> int:
        """The status that is right."""
        right = self.right(method)
        if right is None:
            return 405
        if (who, method) in self.but:
            return self.but[who, method]
        if who in self.may:
            return right
        if who == "nobody":
            return 303
        return 403 if who in VIEWERS else 404


def on_letter(
    path: str, may: frozenset[str], get: int | None = None, post: int | None = None
) -> Row:
    """A row below the example letter."""
    return Row(f"{LETTER}/{path}", may, get, post)


# Sign-in's own pages send nobody to the sign-in with 302, as Flask-Security does.
_ANYBODY = frozenset(WHO)


def _security(
    path: str,
    get: int | None,
    post: int | None,
    nobody: tuple[int, int] | None = None,
) -> Row:
    """A row of Flask-Security's; `nobody` is what GET and POST answer to nobody."""
    but = dict(zip((("nobody", "GET"), ("nobody", "POST")), nobody or (), strict=False))
    return Row(path, _ANYBODY, get, post, but)


ROWS: dict[str, Row] = {
    # -- Signing in (Flask-Security's) --------------------------------------------
    "security.static": _security("/fs-static/js/webauthn.js", 404, None),
    "security.two_factor_rescue": _security("/no-factor", 404, 404),
    "security.logout": _security("/sign-out", None, 302),
    "security.login": _security("/sign-in", 302, 302, nobody=(200, 400)),
    "security.verify": _security("/again", 200, 400, nobody=(302, 302)),
    "security.two_factor_setup": _security(
        "/second-factor", 200, 400, nobody=(302, 302)
    ),
    "security.two_factor_setup_validate": _security("/second-factor/x", None, 302),
    "security.two_factor_token_validation": _security("/code", 302, 302),
    "security.mf_recovery_codes": _security(
        "/recovery-codes", 200, 200, nobody=(302, 302)
    ),
    "security.mf_recovery": _security("/recovery", 302, 302),
    "security.wan_register": _security("/passkeys", 200, 400, nobody=(302, 302)),
    "security.wan_register_response": _security("/passkeys/x", None, 302),
    "security.wan_signin": _security("/passkey", 302, 302, nobody=(200, 200)),
    "security.wan_signin_response": _security("/passkey/x", None, 302),
    "security.wan_delete": _security("/passkeys/remove", 302, 302),
    "security.wan_verify": _security("/again/passkey", 200, 200, nobody=(302, 302)),
    "security.wan_verify_response": _security("/again/passkey/x", None, 302),
    "security.tf_select": _security("/which-factor", 302, 302),
    # -- Home ---------------------------------------------------------------------
    "home.mine": Row("/", SIGNED_IN, get=200),
    # What opens it is the link: one that nobody made is over for everybody.
    "enter.ask": Row("/enter/AAAA.BBBB", _ANYBODY, get=410, post=410),
    "enter.settle": Row("/enter/AAAA.BBBB", _ANYBODY, get=410, post=410),
    "enter.forgotten": Row("/forgotten", _ANYBODY, get=200, post=200),
    "enter.ask_anew": Row("/forgotten", _ANYBODY, get=200, post=200),
    "account.mine": Row("/account", SIGNED_IN, get=200),
    "account.password": Row("/account/password", SIGNED_IN, get=200, post=400),
    "account.change_password": Row("/account/password", SIGNED_IN, get=200, post=400),
    "account.end": Row("/account/sessions/0/end", SIGNED_IN, post=303),
    "account.end_others": Row("/account/sessions/end", SIGNED_IN, post=303),
    "team.page": on_letter("team", VIEWERS, get=200),
    "team.invite": on_letter("team/invite", OWNERS, post=400),
    "team.revoke": on_letter("team/revoke", OWNERS, post=409),
    "team.change": on_letter("team/change", OWNERS, post=400),
    "team.remove": on_letter("team/remove", OWNERS, post=409),
    "team.factor": on_letter("team/factor", OWNERS, post=409),
    "team.ask": Row("/invitation/AAAA.BBBB", _ANYBODY, get=410, post=410),
    "team.accept": Row("/invitation/AAAA.BBBB", _ANYBODY, get=410, post=410),
    "lines.page": on_letter("record", VIEWERS, get=200),
    "home.overview": on_letter("", VIEWERS, get=200),
    # -- The desk -----------------------------------------------------------------
    "desk.waiting": on_letter("desk", VIEWERS, get=200),
    "desk.following": on_letter("desk/next", VERIFIERS, get=303),
    "desk.one": on_letter("desk/no-such-signature", VIEWERS, get=404),
    "desk.decide": on_letter("desk/no-such-signature", VERIFIERS, post=400),
    "desk.undo": on_letter("desk/undo", VERIFIERS, post=409),
    "desk.bulk": on_letter("desk/bulk", EDITORS, get=200, post=409),
    "finding.found": on_letter("signatures", VIEWERS, get=200),
    "featuring.order": on_letter("featured", VIEWERS, get=200),
    "featuring.move": on_letter("featured", VERIFIERS, post=400),
    "invitations.listed": on_letter("invitations", VIEWERS, get=200),
    "invitations.act": on_letter("invitations", VERIFIERS, post=400),
    # -- Holds --------------------------------------------------------------------
    "holds.rules": on_letter("holds", VIEWERS, get=200),
    "holds.save": on_letter("holds", EDITORS, post=400),
    "holds.attempt": on_letter("holds/try", VIEWERS, post=400),
    "holds.institutions": on_letter("holds/institutions", VIEWERS, get=200),
    "holds.save_institutions": on_letter("holds/institutions", EDITORS, post=400),
    "watching.listed": on_letter("holds/watch-list", VIEWERS, get=200),
    "watching.add": on_letter("holds/watch-list", EDITORS, post=400),
    "watching.remove": on_letter("holds/watch-list/remove", EDITORS, post=400),
    "watching.blocked": on_letter("holds/blocked", VIEWERS, get=200),
    "watching.lift": on_letter("holds/blocked", EDITORS, post=400),
    # -- Cases --------------------------------------------------------------------
    "importing.listed": on_letter("imports", EDITORS, get=200),
    "importing.upload": on_letter("imports", EDITORS, post=400),
    "importing.one": on_letter("imports/no-such-import", EDITORS, get=404),
    "importing.check": on_letter("imports/no-such-import/check", EDITORS, post=404),
    "importing.run": on_letter("imports/no-such-import/run", EDITORS, post=404),
    "importing.end": on_letter("imports/no-such-import/stop", EDITORS, post=404),
    "exporting.page": on_letter("exports", OWNERS, get=200),
    "exporting.take": on_letter("exports", OWNERS, post=400),
    "figuring.page": on_letter("figures", VIEWERS, get=200),
    "updating.listed": on_letter("updates", EDITORS, get=200),
    "updating.create": on_letter("updates", EDITORS, post=400),
    "updating.one": on_letter("updates/no-such-update", EDITORS, get=404),
    "updating.write": on_letter("updates/no-such-update", EDITORS, post=404),
    "updating.move": on_letter("updates/no-such-update/move", EDITORS, post=404),
    "updating.ask": on_letter("updates/no-such-update/send", EDITORS, get=404),
    "updating.send": on_letter("updates/no-such-update/send", EDITORS, post=404),
    "sampling.listed": on_letter("mails", VIEWERS, get=200),
    "sampling.one": on_letter("mails/signed/en", VIEWERS, get=200),
    "sampling.markup": on_letter("mails/signed/en/html", VIEWERS, get=200),
    "sampling.send": on_letter("mails/signed/en", VERIFIERS, post=303),
    "cases.listed": on_letter("cases", VIEWERS, get=200),
    "cases.ask": on_letter("cases/new", EDITORS, get=200),
    "cases.begin": on_letter("cases/new", EDITORS, post=400),
    "cases.one": on_letter("cases/no-such-case", VIEWERS, get=404),
    "cases.stop": on_letter("cases/no-such-case/stop", EDITORS, post=404),
    "cases.undo": on_letter("cases/no-such-case/undo", EDITORS, post=404),
    # -- Disputes -----------------------------------------------------------------
    "disputes.listed": on_letter("disputes", VIEWERS, get=200),
    "disputes.settle": on_letter("disputes", VERIFIERS, post=400),
    # -- The letter ---------------------------------------------------------------
    "writing.languages": on_letter("text", EDITORS, get=200),
    "writing.edit": on_letter("text/en", EDITORS, get=200),
    "writing.change": on_letter("text/en", EDITORS, post=400),
    "writing.preview": on_letter("text/en/preview", EDITORS, post=200),
    "writing.difference": on_letter("text/en/difference", EDITORS, get=404),
    "setting.page": on_letter("settings", EDITORS, get=200),
    "setting.change": on_letter("settings", EDITORS, post=400),
    "setting.logo": on_letter("settings/logo", EDITORS, post=400),
    "switching.page": on_letter("switches", EDITORS, get=200),
    "switching.turn": on_letter("switches", EDITORS, post=400),
    "snapping.listed": on_letter("snapshots", VIEWERS, get=200),
    "snapping.take": on_letter("snapshots", EDITORS, post=303),
    "ending.ask": Row("/new", SIGNED_IN, get=200),
    "ending.create": Row("/new", SIGNED_IN, post=400),
    "ending.page": on_letter("ending", EDITORS, get=200),
    "ending.duplicate": on_letter("duplicate", EDITORS, post=400),
    "ending.archive": on_letter("archive", OWNERS, post=400),
    "ending.delete": on_letter("delete", OWNERS, post=400),
}
