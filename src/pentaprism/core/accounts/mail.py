"""Outgoing mail: written with its cause, sent later."""

import logging
import smtplib
import ssl
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import OutgoingMail
from pentaprism.core.clock import Clock, now
from pentaprism.core.database.engine import Database

LOG = logging.getLogger(__name__)

# Seconds after the writing of a mail at which it is tried; after the last one it is given up.
ATTEMPTS_AT = (0, 60, 300, 1800, 7200, 43200)


@dataclass(frozen=True, slots=True)
class MailRules:
    """``smtp_url``: ``smtp://user:password@host:587`` (STARTTLS where the server offers it) or ``smtps://``; None sends nothing."""

    smtp_url: str | None = None
    sender: str = "Pentaprism <no-reply@localhost>"
    timeout_seconds: float = 20
    batch: int = 20


class Mail:
    """The outbox. Without an SMTP address mails wait in it; bodies, which hold secret links, are never logged."""

    def __init__(self, rules: MailRules | None = None, *, clock: Clock = now) -> None:
        self.rules = rules or MailRules()
        self._clock = clock

    @property
    def can_send(self) -> bool:
        """Whether an SMTP server is configured."""
        return self.rules.smtp_url is not None

    def write(self, session: Session, recipient: str, subject: str, body: str) -> OutgoingMail:
        """Put a mail into the outbox, in the transaction of whatever causes it."""
        subject = " ".join(subject.split())[:255]
        mail = OutgoingMail(recipient=" ".join(recipient.split()), subject=subject, body=body, created_at=self._clock())
        session.add(mail)
        session.flush()
        return mail

    def waiting(self, session: Session) -> int:
        """How many mails have not been sent and are not given up."""
        query = select(func.count()).where(OutgoingMail.sent_at.is_(None), OutgoingMail.attempts < len(ATTEMPTS_AT))
        return session.scalar(query) or 0

    def deliver_due(self, database: Database) -> int:
        """Send what is due; how many were sent. An attempt is counted before it is made, so no two processes send one mail."""
        if self.rules.smtp_url is None:
            return 0
        sent = 0
        for mail in self._due(database):
            error = self._send(mail)
            with database.write() as session:
                values = {"sent_at": self._clock(), "error": None} if error is None else {"error": error}
                session.execute(update(OutgoingMail).where(OutgoingMail.id == mail.id).values(**values))
            sent += error is None
        return sent

    def remove_old(self, session: Session, *, older_than: timedelta = timedelta(days=30)) -> int:
        """Delete mails written before ``older_than``; how many."""
        old = delete(OutgoingMail).where(OutgoingMail.created_at < self._clock() - older_than)
        return len(session.scalars(old.returning(OutgoingMail.id)).all())

    def _due(self, database: Database) -> list[OutgoingMail]:
        moment = self._clock()
        claimed: list[OutgoingMail] = []
        with database.write() as session:
            unsent = select(OutgoingMail).where(OutgoingMail.sent_at.is_(None), OutgoingMail.attempts < len(ATTEMPTS_AT))
            for mail in session.scalars(unsent.order_by(OutgoingMail.id).limit(self.rules.batch * 10).with_for_update(skip_locked=True)):
                if mail.created_at + timedelta(seconds=ATTEMPTS_AT[mail.attempts]) <= moment and len(claimed) < self.rules.batch:
                    mail.attempts += 1
                    claimed.append(mail)
        return claimed

    def _send(self, mail: OutgoingMail) -> str | None:
        message = EmailMessage()
        try:
            message["From"], message["To"], message["Subject"] = self.rules.sender, mail.recipient, mail.subject
            message.set_content(mail.body)
            with self._connect() as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            code = getattr(error, "smtp_code", None)
            reason = type(error).__name__ if code is None else f"{type(error).__name__} {code}"
            LOG.warning("mail %s was not sent (attempt %d): %s", mail.id, mail.attempts, reason)
            return reason
        return None

    def _connect(self) -> smtplib.SMTP:
        url = urlsplit(self.rules.smtp_url or "")
        host, timeout = url.hostname or "localhost", self.rules.timeout_seconds
        server: smtplib.SMTP
        if url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, url.port or 465, timeout=timeout, context=ssl.create_default_context())
        elif url.scheme == "smtp":
            server = smtplib.SMTP(host, url.port or 25, timeout=timeout)
        else:
            raise ValueError("the SMTP address must begin with smtp:// or smtps://")
        try:
            server.ehlo()
            if url.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
        except BaseException:
            server.close()
            raise
        return server
