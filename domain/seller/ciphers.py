"""Encryption of single fields between seller and platform, interface V1 (DOMAIN §6.4)."""

import hashlib
from base64 import b64decode, b64encode
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

if TYPE_CHECKING:
    from collections.abc import Iterator

IV_LENGTH = 16


class KeyBits(Enum):
    """``encryptType`` 1 and 2."""

    AES_256 = 256
    AES_128 = 128


def _sha1prng(seed: bytes) -> "Iterator[int]":
    """The bytes of Java's SHA1PRNG after this seed: what the documented key derivation rests on."""
    state = bytearray(hashlib.sha1(seed, usedforsecurity=False).digest())
    while True:
        output = hashlib.sha1(state, usedforsecurity=False).digest()
        yield from output
        carry = 1
        for index, (ours, theirs) in enumerate(zip(state, output, strict=True)):
            # Java adds signed bytes and keeps the sign in the carry.
            total = _signed(ours) + _signed(theirs) + carry
            state[index] = total & 0xFF
            carry = total >> 8


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte  # noqa: PLR2004 - two's complement


def _cipher(access_key: str, iv: str, bits: KeyBits) -> Cipher[CBC]:
    key = bytes(islice(_sha1prng(access_key.encode()), bits.value // 8))
    return Cipher(AES(key), CBC(iv.encode()))


def encrypt(access_key: str, iv: str, text: str, bits: KeyBits = KeyBits.AES_256) -> str:
    """The 16 characters of the initialisation vector, and the text in AES/CBC/PKCS5 as base64."""
    padder, encryptor = PKCS7(128).padder(), _cipher(access_key, iv, bits).encryptor()
    padded = padder.update(text.encode()) + padder.finalize()
    return iv + b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(access_key: str, sealed: str, bits: KeyBits = KeyBits.AES_256) -> str:
    """The text of ``encrypt``; raises ValueError for what is not of that form or another key."""
    iv, content = sealed[:IV_LENGTH], b64decode(sealed[IV_LENGTH:], validate=True)
    decryptor, unpadder = _cipher(access_key, iv, bits).decryptor(), PKCS7(128).unpadder()
    padded = decryptor.update(content) + decryptor.finalize()
    return (unpadder.update(padded) + unpadder.finalize()).decode()
