"""One sandbox seller as a program of its own, with a fault plan."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from sandbox import seller
from sandbox.production import Behaviour, FaultPlan, Mood, ProductionSystem
from sandbox.software import Software


def behaviour_of(text: str) -> Behaviour:
    """A behaviour as written on a command line: ``mood[:times[:seconds]]``; raises ValueError."""
    mood, _, rest = text.partition(":")
    times, _, seconds = rest.partition(":")
    found = Behaviour(mood=Mood(mood), times=int(times) if times else None)
    return found.model_copy(update={"seconds": float(seconds)}) if seconds else found


def create_seller(seller_id: str, access_key: str, plan: FaultPlan, software: Software | None) -> FastAPI:
    """Build the seller's application: its production interface, and what it saw."""
    system = ProductionSystem(access_key, software)
    system.plan = plan
    seller.SYSTEMS[seller_id] = system
    app = FastAPIOffline(title=f"Sandbox seller {seller_id}", description=__doc__, version="1")
    app.include_router(seller.router)
    return app
