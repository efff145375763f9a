"""A subscriber's ear: keeps what it is told, and answers as it was told to."""

from collections import defaultdict

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

router = APIRouter(prefix="/subscriber", tags=["subscriber"])


class HeardNotice(BaseModel):
    """One telling, as it came."""

    headers: dict[str, str]
    body: str


_heard: dict[str, list[HeardNotice]] = defaultdict(list)
_answers: dict[str, int] = {}


@router.post("/{name}")
async def hear(name: str, request: Request) -> Response:
    """Take a notice, and answer with the status this subscriber was told to."""
    headers = {key: value for key, value in request.headers.items() if key.startswith("webhook-")}
    _heard[name].append(HeardNotice(headers=headers, body=(await request.body()).decode()))
    return Response(status_code=_answers.get(name, 204))


@router.get("/{name}")
def heard(name: str) -> list[HeardNotice]:
    """What this subscriber was told, in order."""
    return _heard[name]


@router.put("/{name}/answer/{status}", status_code=204)
def answer(name: str, status: int) -> None:
    """Have this subscriber answer with a status from now on."""
    _answers[name] = status
