"""From which network a request came, as far as that tells anybody apart."""

from __future__ import annotations

import ipaddress

from flask import Request

from app.domain.keyring import UNKNOWN_NETWORK, network_of


def of(request: Request, *, of_any_kind: bool) -> str | None:
    """The network that a request came from; None where that tells nobody apart.

    An address that is not the internet's is a proxy that nobody told us of
    (TRUSTED_PROXIES): then all the world would seem to come from one network. Where
    one runs it on one's own machine it is one's own (`of_any_kind`).
    """
    found = network_of(request.remote_addr or "")
    if found == UNKNOWN_NETWORK:
        return None
    if not of_any_kind and not ipaddress.ip_network(found).is_global:
        return None
    return found
