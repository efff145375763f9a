"""Keeps other people's secrets out of what we write down."""

import json

from domain.seller.calls import SECRET_MEMBERS

MASK = "***"

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def mask(text: str) -> str:
    """The same text with the values of secret members hidden; text that is no JSON passes as it is."""
    try:
        content: Json = json.loads(text)
        return json.dumps(_masked(content), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return text
    except RecursionError:
        # Nested too deeply to be looked through: a secret may be anywhere in it.
        return MASK


def _masked(content: Json) -> Json:
    if isinstance(content, dict):
        return {name: MASK if name in SECRET_MEMBERS and value else _masked(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_masked(value) for value in content]
    return content
