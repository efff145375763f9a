"""Delivery proof (交付凭证): what it holds, and what an order asks of it (DOMAIN §1.5, §1.6)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.base import Identifier, Instant, Strict
from domain.files import FileReference


class DocumentKind(StrEnum):
    """Kinds of documents that the marketplace's own rules name; a product's template may name others."""

    STATEMENT_OF_WORK = "statement-of-work"
    ACCEPTANCE_DOCUMENT = "acceptance-document"
    BASE_ACCEPTANCE_FORM = "base-acceptance-form"
    USER_AUTHORIZATION_SCREENSHOT = "user-authorization-screenshot"
    RESOURCE_ORDER_SCREENSHOT = "resource-order-screenshot"


class Signatory(StrEnum):
    """Who signs the acceptance document of a 赋能云 order."""

    SELLER = "seller"
    PROJECT_TEAM = "project-team"
    BUYER = "buyer"


class Document(Strict):
    """One document of a proof."""

    kind: Identifier = Field(description="statement-of-work, acceptance-document, … or a name of the delivery template")
    file: FileReference


class Proof(Strict):
    """What the seller submits as delivered."""

    documents: Annotated[tuple[Document, ...], Field(max_length=50)] = ()
    signed_by: Annotated[tuple[Signatory, ...], Field(max_length=3)] = ()
    resource_order_number: Identifier | None = None
    actual_start_at: Instant | None = Field(
        default=None, description="Actual service start time; validity starts here when given."
    )


class ProofRule(Strict):
    """What an order's proof must hold; decided once, at its start."""

    documents: tuple[str, ...] = ()
    signed_by: tuple[Signatory, ...] = ()
    resource_order_number: bool = False

    def missing(self, proof: Proof | None) -> tuple[str, ...]:
        """Members that the proof lacks, by their names in the request; empty when it is complete."""
        given = proof or Proof()
        kinds = {document.kind for document in given.documents}
        wanted = [f"documents.{kind}" for kind in self.documents if kind not in kinds]
        wanted += [f"signed_by.{who}" for who in self.signed_by if who not in given.signed_by]
        if self.resource_order_number and given.resource_order_number is None:
            wanted.append("resource_order_number")
        return tuple(wanted)
