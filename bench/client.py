"""The parties' HTTP client, as cheap as can be: it shares the cores with what it measures."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class UnexpectedAnswerError(Exception):
    """An answer that would spoil the figures; the text holds it."""


@dataclass
class HttpClient:
    """Posts JSON to a loopback port over connections that stay open, one for each request in flight.

    It knows no redirects, chunks or time limits: what it talks to sends a length with every answer. A general client
    costs more CPU an order than some of the applications that are measured with it.
    """

    port: int
    headers: Mapping[str, str] = field(default_factory=dict)
    _idle: list[Streams] = field(default_factory=list)

    async def post(self, path: str, body: bytes, key: str = "") -> bytes:
        """Post under an idempotency key, if there is one; raises UnexpectedAnswerError unless the answer is a 2xx."""
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        return await self._ask("POST", path, body, headers)

    async def get(self, path: str) -> bytes:
        """Read; raises UnexpectedAnswerError unless the answer is a 2xx."""
        return await self._ask("GET", path, b"", self.headers)

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        reader, writer = await self._connection()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        status, answer = await _read(reader)
        if not 200 <= status < 300:  # noqa: PLR2004 - the 2xx range
            writer.close()
            raise UnexpectedAnswerError(f"{method} {path}: {status} {answer.decode(errors='replace')}")
        self._idle.append((reader, writer))
        return answer

    async def _connection(self) -> Streams:
        while self._idle:
            reader, writer = self._idle.pop()
            # A server hangs up on those that say nothing for some seconds, as all do while others have their turn.
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    def close(self) -> None:
        """Close every connection."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one answer."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines if line)
    return int(first.split(" ")[1]), await reader.readexactly(int(fields.get("content-length", "0")))
