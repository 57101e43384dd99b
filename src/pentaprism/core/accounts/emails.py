"""E-mail addresses in one form."""

from email_validator import EmailNotValidError, validate_email

from pentaprism.core.errors import InvalidInput

# Names that never reach the internet (RFC 6761, 6762, 8375); on a server of one's own they are ordinary mail domains.
PRIVATE_DOMAINS = ("arpa", "internal", "lan", "local", "localdomain", "localhost", "test")
PLACEHOLDER = ".example.org"


def normalise(text: str, *, keep_local_case: bool = False) -> tuple[str, str]:
    """``(email, key)``: the address trimmed and with its domain in lower case, and its wholly lower-case form.

    Without ``keep_local_case`` both are in lower case. The syntax of RFC 5321 and 6531 is checked, deliverability is
    not. Raises InvalidInput for the field ``email``.
    """
    text = text.strip()
    private = text.rpartition("@")[2].rpartition(".")[2].lower() in PRIVATE_DOMAINS
    try:
        text.encode()
        address = validate_email(text + PLACEHOLDER if private else text, check_deliverability=False, strict=True).normalized
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidInput("Invalid e-mail address", field="email") from error
    if private:
        address = address.removesuffix(PLACEHOLDER)
    key = address.lower()
    return (address if keep_local_case else key), key


def lookup_key(text: str) -> str | None:
    """The key under which an account with the address ``text`` would be found; None if it is no address."""
    try:
        return normalise(text)[1]
    except InvalidInput:
        return None
