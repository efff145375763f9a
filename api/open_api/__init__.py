"""The open API that sellers' software calls, signed by AK/SK (DOMAIN §4.1, §5.11, §6.5)."""

from fastapi import APIRouter

from api.open_api import license_codes, metering, orders
from api.open_api.contract import PREFIX

router = APIRouter(prefix=PREFIX)
for part in (license_codes, orders, metering):
    router.include_router(part.router)
