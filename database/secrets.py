"""Sealing of the keys we share with sellers, so that the database alone gives none away."""

from cryptography.fernet import Fernet, MultiFernet

from settings import settings


def _ring() -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in settings().secret_key.get_secret_value().split(",")])


def seal(secret: str) -> bytes:
    """Encrypt with the newest key."""
    return _ring().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Decrypt with whichever key sealed it; raises InvalidToken when none did."""
    return _ring().decrypt(sealed).decode()
