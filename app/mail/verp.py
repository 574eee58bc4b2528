"""The envelope sender that says which mail came back: `b+<id>.<mac>@domain` (VERP)."""

from __future__ import annotations

import re

from app.domain.keyring import Keyring


class Verp:
    """Makes the addresses to which reports on our mails go, and reads them.

    `address` is the plain one, such as bounces@letters.example.org: what stands in
    its local part is what ours begin with.
    """

    def __init__(self, keyring: Keyring, address: str) -> None:
        self._keyring = keyring
        self._name, _, self._domain = address.rpartition("@")
        # Mail servers may write either part in other letters (RFC 5321, 2.4: the
        # local part must not be, and is).
        self._pattern = re.compile(
            rf"{re.escape(self._name)}\+([1-9][0-9]{{0,18}})\.([0-9a-z]{{8}})"
            rf"@{re.escape(self._domain)}",
            re.IGNORECASE | re.ASCII,
        )

    def make(self, outbox_id: int) -> str:
        """The envelope sender of one mail."""
        mac = self._keyring.bounce_code(outbox_id).lower()
        return f"{self._name}+{outbox_id}.{mac}@{self._domain}"

    def read(self, address: str) -> int | None:
        """The mail that an address of ours names; None for any other address."""
        found = self._pattern.fullmatch(address)
        if found is None:
            return None
        outbox_id = int(found[1])
        return outbox_id if self._keyring.matches_bounce(outbox_id, found[2]) else None

    def find(self, text: str) -> int | None:
        """The same, wherever in a header such an address stands."""
        for found in self._pattern.finditer(text):
            if (outbox_id := self.read(found[0])) is not None:
                return outbox_id
        return None
