"""Whether the published numbers are what the signatures add up to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import BigInteger, case, cast, func, select

from app.db import Transaction
from app.domain.tally import NOT_SAID
from app.models import (
    Collection,
    Facet,
    Ledger,
    Measure,
    Origin,
    Signature,
    State,
    Tally,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that is not what the signatures add up to."""

    letter_id: int
    facet: str
    key: str
    measure: str
    published: int
    counted: int


def check(session: Transaction) -> list[Difference]:
    """Compare the published numbers with the signatures, in one snapshot.

    A difference is a fault to be found, so nothing is repaired here.
    """
    counted: dict[tuple[int, str, str, str], int] = defaultdict(int)
    published: dict[tuple[int, str, str, str], int] = defaultdict(int)
    measure = case(
        (Signature.origin == Origin.COLLECTED, Measure.COLLECTED.value),
        else_=Measure.CONFIRMED.value,
    )
    for facet, column in (
        (Facet.SECTOR, Signature.sector),
        (Facet.COUNTRY, Signature.country),
    ):
        for letter_id, key, of, verified, number in session.execute(
            select(
                Signature.letter_id, column, measure, Signature.verified, func.count()
            )
            .where(Signature.state == State.COUNTED)
            .group_by(Signature.letter_id, column, measure, Signature.verified)
        ):
            counted[letter_id, facet.value, key, of] += number
            if verified and of == Measure.CONFIRMED:
                counted[letter_id, facet.value, key, Measure.VERIFIED.value] += number
    for letter_id, sector, number in session.execute(
        select(
            Collection.letter_id,
            Collection.without_names_sector,
            func.sum(Collection.without_names),
        ).group_by(Collection.letter_id, Collection.without_names_sector)
    ):
        for facet, key in ((Facet.SECTOR, sector), (Facet.COUNTRY, NOT_SAID)):
            counted[letter_id, facet.value, key, Measure.COLLECTED.value] += int(number)
    for source, figure in ((Tally, Tally.number), (Ledger, Ledger.delta)):
        for letter_id, facet_name, key, of, number in session.execute(
            select(
                source.letter_id,
                source.facet,
                source.key,
                source.measure,
                cast(func.sum(figure), BigInteger),
            ).group_by(source.letter_id, source.facet, source.key, source.measure)
        ):
            published[letter_id, facet_name, key, of] += number
    return [
        Difference(*key, published=published[key], counted=counted[key])
        for key in sorted(counted.keys() | published.keys())
        if counted[key] != published[key]
    ]
