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

    def expected(self, who: str, method: str) -> int:
        """The status that is right."""
        right = {"GET": self.get, "POST": self.post}.get(method)
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
    "home.overview": on_letter("", VIEWERS, get=200),
}
