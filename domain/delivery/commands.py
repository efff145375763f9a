"""All commands: what people and systems can ask of a delivery."""

import hashlib
from functools import cache

from pydantic import SerializeAsAny, model_validator

from domain.delivery import case_commands, stage_commands  # noqa: F401 - what they declare is collected here
from domain.delivery.command_spec import Body, CommandName, Legal
from domain.delivery.grounds import RefundPhase
from domain.step import Given

_DECLARED = {body.spec.name: body for body in Body.__subclasses__()}

COMMANDS: dict[CommandName, type[Body]] = {name: _DECLARED[name] for name in CommandName}
"""Every command, in the order of their names; a name that nobody declared stops the program here."""


@cache
def legal_while(*conditions: Legal | RefundPhase) -> tuple[CommandName, ...]:
    """Commands that are legal while one of these holds."""
    return tuple(name for name, body in COMMANDS.items() if set(conditions) & set(body.spec.legal))


class Command(Given):
    """A command with the party that gave it and the key that makes it happen once."""

    name: CommandName
    body: SerializeAsAny[Body]

    @model_validator(mode="before")
    @classmethod
    def _read_body_by_name(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("body"), dict):
            body = COMMANDS[CommandName(data["name"])]
            return {**data, "body": body.model_validate(data["body"])}
        return data

    @property
    def fingerprint(self) -> str:
        """Tells two commands under one key apart: SHA-256 of name and fields."""
        content = f"{self.name}\n{self.body.model_dump_json()}"
        return hashlib.sha256(content.encode()).hexdigest()
