"""A real SMTP server for the tests that records every mail and misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.servers.behaviours import Behaviour, Step
from tests.servers.certificate import write_certificate


@dataclass(frozen=True)
class Mail:
    """One mail that came in whole: its envelope, its bytes, and those parsed."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> EmailMessage:
        """The bytes as a message."""
        message = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def text(self) -> str:
        """The plain part of the body."""
        body = self.message.get_body(preferencelist=("plain",))
        return str(body.get_content()) if body is not None else ""


class Sink:
    """An SMTP server in a thread of its own, as a context.

    `script` holds what it will do wrong, in order: a behaviour of the steps CONNECT,
    STARTTLS and AUTH waits for the next such step, one of the others for the next
    mail; when the script is empty, all is well. `refused` maps an address to the
    behaviour that every mail to it meets. `tls` offers STARTTLS with a certificate
    that nobody trusts, or, for `tls="trusted"`, one for localhost that a client which
    reads `authority` does. `login`, a name and a password, is what AUTH then demands.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *script: Behaviour,
        tls: bool | str = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.script = deque(script)
        self.refused: dict[str, Behaviour] = {}
        self.mails: list[Mail] = []
        self.connections = 0
        self.transports: set[asyncio.Transport] = set()
        self.port = 0
        self.login = login
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="smtp", daemon=True)
        self._started = threading.Event()
        self._stopped = asyncio.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="undersigned-smtp-")
        self.tls: ssl.SSLContext | None = None
        if tls:
            name = "localhost" if tls == "trusted" else "mail.example.net"
            write_certificate(Path(self._folder.name), name)
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(
                self.authority, self.authority.with_name("key.pem")
            )

    @property
    def authority(self) -> Path:
        """The file with the certificate that a client may be told to trust."""
        return Path(self._folder.name) / "certificate.pem"

    def wait_for(
        self, count: int = 1, *, to: str | None = None, within: float = 10.0
    ) -> list[Mail]:
        """The mails (to one address), once there are `count`. Raises TimeoutError."""

        def found() -> list[Mail]:
            return [m for m in self.mails if to is None or to in m.recipients]

        with self._changed:
            if not self._changed.wait_for(lambda: len(found()) >= count, within):
                raise TimeoutError(f"{len(found())} of {count} mails came")
            return found()

    def take(self, *steps: Step) -> Behaviour | None:
        """The next behaviour of the script, where it belongs to one of these steps."""
        with self._changed:
            if self.script and self.script[0].step in steps:
                return self.script.popleft()
            return None

    def record(self, envelope: Envelope) -> None:
        """Keep one mail and tell whoever waits."""
        mail = Mail(
            sender=envelope.mail_from or "",
            recipients=tuple(str(address) for address in envelope.rcpt_tos),
            content=envelope.original_content or b"",
        )
        with self._changed:
            self.mails.append(mail)
            self._changed.notify_all()

    def start(self) -> Self:
        """Listen on a free port."""
        self._thread.start()
        self._started.wait()
        return self

    def stop(self) -> None:
        """Hang up on everybody."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()
        self._folder.cleanup()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        server = await self._loop.create_server(
            lambda: _Conversation(self, self._loop), self.host, self.port
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopped.wait()
        server.close()
        for transport in self.transports:
            transport.abort()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _HangUp(Exception):
    """The connection is cut; nobody answers any more."""


class _Hooks:
    """What aiosmtpd asks while a mail comes in."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.now: Behaviour | None = None

    async def handle_MAIL(
        self,
        server: _Conversation,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        self.now = self.sink.take(Step.MAIL, Step.RCPT, Step.DATA, Step.DOT)
        answer = await server.misbehave(self.now, Step.MAIL)
        if answer is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 2.1.0 OK"

    async def handle_RCPT(
        self,
        server: _Conversation,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        behaviour = self.sink.refused.get(address, self.now)
        answer = await server.misbehave(behaviour, Step.RCPT)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 OK"

    async def handle_DATA(
        self, server: _Conversation, session: Session, envelope: Envelope
    ) -> str:
        refused = self.now is not None and self.now.answer is not None
        if not (refused and self.now is not None and self.now.step == Step.DOT):
            self.sink.record(envelope)
        return await server.misbehave(self.now, Step.DOT) or "250 2.0.0 OK"


class _Conversation(SMTP):
    """One connection, which does at each step what the script says."""

    def __init__(self, sink: Sink, loop: asyncio.AbstractEventLoop) -> None:
        self.hooks = _Hooks(sink)
        self.sink = sink
        self._at_login: Behaviour | None = None
        super().__init__(
            self.hooks,
            hostname="sink.example.org",
            enable_SMTPUTF8=True,
            tls_context=sink.tls,
            auth_required=sink.login is not None,
            auth_require_tls=sink.tls is not None,
            authenticator=self._check_login,
            loop=loop,
        )

    async def misbehave(self, behaviour: Behaviour | None, step: Step) -> str | None:
        """Do what `behaviour` says of this step; the answer to give, if it has one."""
        if behaviour is None or behaviour.step != step:
            return None
        if behaviour.wait:
            await asyncio.sleep(behaviour.wait)
        if behaviour.hang_up:
            if behaviour.answer is not None:
                await self.push(behaviour.answer)
                self._writer.close()
            else:
                self._writer.transport.abort()
            raise _HangUp
        return behaviour.answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self.sink.transports.add(transport)

    async def _handle_client(self) -> None:
        self.sink.connections += 1
        with contextlib.suppress(_HangUp, ConnectionResetError):
            await self.misbehave(self.sink.take(Step.CONNECT), Step.CONNECT)
            await super()._handle_client()

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, _HangUp):
            # Only CancelledError leaves aiosmtpd's loop without an answer.
            raise asyncio.CancelledError from error
        return await super().handle_exception(error)

    async def smtp_STARTTLS(self, arg: str) -> None:
        answer = await self.misbehave(self.sink.take(Step.STARTTLS), Step.STARTTLS)
        if answer is not None:
            await self.push(answer)
            return
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        # A client tries every mechanism in turn: the password is as wrong for each.
        self._at_login = self._at_login or self.sink.take(Step.AUTH)
        answer = await self.misbehave(self._at_login, Step.AUTH)
        if answer is not None:
            await self.push(answer)
            return
        await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg: str) -> None:
        behaviour = self.hooks.now
        if behaviour is not None and behaviour.step == Step.DATA:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.readuntil(b"\r\n")
            await self.misbehave(behaviour, Step.DATA)
        await super().smtp_DATA(arg)

    def _check_login(
        self,
        _server: SMTP,
        _session: Session,
        _envelope: Envelope,
        _how: str,
        data: Any,
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.sink.login, handled=False)
