"""Who acts on a delivery."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.bilingual import Bilingual


class Role(StrEnum):
    """A side of a delivery; every person and system acts in exactly one."""

    PURCHASE = "purchase"
    SELLER = "seller"
    BUYER = "buyer"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    AUDITOR = "auditor"
    SYSTEM = "system"


ROLE_LABELS: dict[Role, Bilingual] = {
    Role.PURCHASE: Bilingual(zh="下单系统", en="Purchase system"),
    Role.SELLER: Bilingual(zh="商家", en="Seller"),
    Role.BUYER: Bilingual(zh="用户", en="Buyer"),
    Role.REVIEWER: Bilingual(zh="平台审核员", en="Reviewer"),
    Role.MANAGER: Bilingual(zh="运营经理", en="Operations manager"),
    Role.AUDITOR: Bilingual(zh="审计员", en="Auditor"),
    Role.SYSTEM: Bilingual(zh="系统", en="System"),
}


class Actor(BaseModel):
    """An authenticated party: its role and its party id on the marketplace."""

    model_config = ConfigDict(frozen=True)

    role: Role
    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")


SYSTEM = Actor(role=Role.SYSTEM, id="system")
