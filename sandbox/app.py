"""The sandbox: an identity provider, sellers and a purchase system in one program, to try the orchestrator with."""

from fastapi_offline import FastAPIOffline

from sandbox import identity, purchase, seller, subscriber

app = FastAPIOffline(title="Delivery sandbox", description=__doc__, version="1")
for part in (identity, seller, purchase, subscriber):
    app.include_router(part.router)


@app.get("/health")
def health() -> dict[str, str]:
    """Tell that the sandbox is there."""
    return {"status": "ok"}
