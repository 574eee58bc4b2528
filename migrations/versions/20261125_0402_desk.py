"""Keep the desk: what waits, who works on it, what was done, asked and offered.

Revision ID: 20261125d
Revises: 20261125a
Create Date: 2026-11-25 03:02:41.137721+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261125d"
down_revision: str | None = "20261125a"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_OLD_KINDS = (
    "confirm", "signed", "manage", "invitation", "reset", "account", "factor", "head",
)  # fmt: skip
_NEW_KINDS = ("released", "rejected", "verified", "evidence", "invited")
_OLD_SUBJECTS = ("submission_id", "signature_id", "organiser_id", "invitation_id")


def _one_of(subjects: tuple[str, ...]) -> str:
    parts = (f"(CASE WHEN {name} IS NULL THEN 0 ELSE 1 END)" for name in subjects)
    return f"{' + '.join(parts)} = 1"


_OLD_SUBJECT = _one_of(_OLD_SUBJECTS)
_SUBJECT = _one_of((*_OLD_SUBJECTS, "sign_invitation_id"))


def _in(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


def _outbox_checks(kinds: tuple[str, ...], subject: str) -> dict[str, str]:
    return {
        "ck_outbox_kind": _in("kind", kinds),
        "ck_outbox_one_subject": subject,
    }


_VERIFICATION_NEW = {
    "ck_verification_second_by": "second_by <> verified_by",
    "ck_verification_second_at": (
        "(second_by IS NULL) = (second_at IS NULL)"
        " AND NOT (awaits_second AND second_by IS NOT NULL)"
    ),
}


def _outbox_up() -> None:
    checks = _outbox_checks((*_OLD_KINDS, *_NEW_KINDS), _SUBJECT)
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.add_column(sa.Column("sign_invitation_id", _ROW_ID, nullable=True))
        batch_op.add_column(sa.Column("record_id", _ROW_ID, nullable=True))
        batch_op.create_index("ix_outbox_sign_invitation_id", ["sign_invitation_id"])
        batch_op.create_unique_constraint(
            batch_op.f("uq_outbox_kind_sign_invitation_id_number"),
            ["kind", "sign_invitation_id", "number"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outbox_sign_invitation_id_sign_invitation"),
            "sign_invitation",
            ["sign_invitation_id"],
            ["id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outbox_record_id_record"), "record", ["record_id"], ["id"]
        )
        for name, text in checks.items():
            batch_op.drop_constraint(batch_op.f(name), type_="check")
            batch_op.create_check_constraint(batch_op.f(name), sa.text(text))


def _outbox_down() -> None:
    op.execute(f"DELETE FROM outbox WHERE {_in('kind', _NEW_KINDS)}")
    checks = _outbox_checks(_OLD_KINDS, _OLD_SUBJECT)
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_outbox_record_id_record"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_outbox_sign_invitation_id_sign_invitation"),
            type_="foreignkey",
        )
        batch_op.drop_constraint(
            batch_op.f("uq_outbox_kind_sign_invitation_id_number"), type_="unique"
        )
        batch_op.drop_index("ix_outbox_sign_invitation_id")
        for name, text in checks.items():
            batch_op.drop_constraint(batch_op.f(name), type_="check")
            batch_op.create_check_constraint(batch_op.f(name), sa.text(text))
        batch_op.drop_column("record_id")
        batch_op.drop_column("sign_invitation_id")


def _verification_up() -> None:
    with op.batch_alter_table("verification") as batch_op:
        batch_op.add_column(
            sa.Column(
                "awaits_second",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("second_by", sa.String(254), nullable=True))
        batch_op.add_column(
            sa.Column("second_at", sa.DateTime(timezone=True), nullable=True)
        )
        for name, text in _VERIFICATION_NEW.items():
            batch_op.create_check_constraint(batch_op.f(name), sa.text(text))


def _verification_down() -> None:
    # What waits for a second reviewer proves nothing, and the old table cannot say so.
    op.execute(
        "UPDATE verification SET voided_at = verified_at"
        " WHERE awaits_second AND voided_at IS NULL"
    )
    with op.batch_alter_table("verification") as batch_op:
        for name in _VERIFICATION_NEW:
            batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.drop_column("second_at")
        batch_op.drop_column("second_by")
        batch_op.drop_column("awaits_second")


_RISK = {"watch_list": 5, "rejected_before": 6, "public_figure": 3, "by_hand": 3}


def _fill() -> None:
    """Put what waits already into the piles, at the places of this day's rules."""
    connection = op.get_bind()
    entry = sa.table(
        "desk_entry",
        sa.column("letter_id", sa.Integer),
        sa.column("pile", sa.String),
        sa.column("place", sa.Integer),
        sa.column("signature_id", sa.Integer),
    )
    waiting = connection.execute(
        sa.text(
            "SELECT id, letter_id, state, hold_reasons, listed, statement FROM signature"
            " WHERE state = 'held'"
            " OR (state = 'counted' AND public_figure AND NOT verified)"
        )
    ).all()
    rows = []
    for row in waiting:
        held = row.state == "held"
        reasons = (row.hold_reasons or "").split() if held else ["public_figure"]
        risk = sum(_RISK.get(reason, 2) for reason in reasons) or 1
        famous = {"watch_list", "rejected_before", "public_figure"} & set(reasons)
        exposure = 1 + 3 * bool(famous) + bool(row.listed) + bool(row.statement)
        rows += [
            {
                "letter_id": row.letter_id,
                "pile": pile,
                "place": 1000 - risk * exposure,
                "signature_id": row.id,
            }
            for pile in (["waiting", *reasons] if held else ["prominent"])
        ]
    if rows:
        connection.execute(sa.insert(entry), rows)


def upgrade() -> None:
    op.create_table(
        "desk_entry",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("pile", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_desk_entry_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_desk_entry_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint(
            "letter_id", "pile", "place", "signature_id", name=op.f("pk_desk_entry")
        ),
    )
    with op.batch_alter_table("desk_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_desk_entry_signature_id", ["signature_id"], unique=False
        )

    op.create_table(
        "desk_lock",
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "organiser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["organiser.id"],
            name=op.f("fk_desk_lock_organiser_id_organiser"),
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_desk_lock_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_desk_lock")),
    )
    op.create_table(
        "desk_move",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("batch", sa.String(length=22), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "organiser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_desk_move_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["organiser.id"],
            name=op.f("fk_desk_move_organiser_id_organiser"),
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_desk_move_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_move")),
    )
    with op.batch_alter_table("desk_move", schema=None) as batch_op:
        batch_op.create_index("ix_desk_move_batch", ["batch"], unique=False)
        batch_op.create_index(
            "ix_desk_move_signature_id", ["signature_id"], unique=False
        )

    op.create_table(
        "evidence_request",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column(
            "asked_by",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=True),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "answer IS NULL OR answer IN ('proved', 'not_proved', 'no_answer')",
            name=op.f("ck_evidence_request_answer"),
        ),
        sa.CheckConstraint(
            "kind IN ('work_address', 'public_post', 'signed_document', 'call')",
            name=op.f("ck_evidence_request_kind"),
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)",
            name=op.f("ck_evidence_request_answered_at"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["organiser.id"],
            name=op.f("fk_evidence_request_asked_by_organiser"),
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_evidence_request_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_request")),
    )
    with op.batch_alter_table("evidence_request", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evidence_request_signature_id", ["signature_id"], unique=False
        )
        batch_op.create_index(
            "uq_evidence_request_open",
            ["signature_id"],
            unique=True,
            sqlite_where=sa.text("answer IS NULL AND taken_back_at IS NULL"),
            postgresql_where=sa.text("answer IS NULL AND taken_back_at IS NULL"),
        )

    op.create_table(
        "sign_invitation",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=400), nullable=True),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("address_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("evidence", sa.String(length=2000), nullable=False),
        sa.Column(
            "invited_by",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(address_sealed IS NULL) = (ended_at IS NOT NULL)",
            name=op.f("ck_sign_invitation_address_sealed"),
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["organiser.id"],
            name=op.f("fk_sign_invitation_invited_by_organiser"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
            name=op.f("fk_sign_invitation_letter_id_letter"),
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_sign_invitation_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_invitation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sign_invitation_public_id")),
    )
    with op.batch_alter_table("sign_invitation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sign_invitation_letter_id_id", ["letter_id", "id"], unique=False
        )
        batch_op.create_index(
            "uq_sign_invitation_address_key",
            ["letter_id", "address_key"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    # Added in place: with a default of its own no database has to copy the table.
    op.add_column(
        "letter",
        sa.Column(
            "second_reviewer",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
        ),
    )
    op.add_column("collection", sa.Column("collected_by", sa.String(60)))
    _outbox_up()
    _verification_up()
    _fill()


def downgrade() -> None:
    _verification_down()
    _outbox_down()
    op.drop_column("collection", "collected_by")
    op.drop_column("letter", "second_reviewer")

    with op.batch_alter_table("sign_invitation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_sign_invitation_address_key",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_sign_invitation_letter_id_id")

    op.drop_table("sign_invitation")
    with op.batch_alter_table("evidence_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_evidence_request_open",
            sqlite_where=sa.text("answer IS NULL AND taken_back_at IS NULL"),
            postgresql_where=sa.text("answer IS NULL AND taken_back_at IS NULL"),
        )
        batch_op.drop_index("ix_evidence_request_signature_id")

    op.drop_table("evidence_request")
    with op.batch_alter_table("desk_move", schema=None) as batch_op:
        batch_op.drop_index("ix_desk_move_signature_id")
        batch_op.drop_index("ix_desk_move_batch")

    op.drop_table("desk_move")
    op.drop_table("desk_lock")
    with op.batch_alter_table("desk_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_desk_entry_signature_id")

    op.drop_table("desk_entry")
