"""Files that parties submit: kept elsewhere, named here so that their content can be proven (DOMAIN §1.6)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.base import Strict


class FileType(StrEnum):
    """Media types that may be submitted; nothing a browser or an office program would run."""

    PDF = "application/pdf"
    DOC = "application/msword"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLS = "application/vnd.ms-excel"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PNG = "image/png"
    JPEG = "image/jpeg"
    ZIP = "application/zip"


EXTENSIONS: dict[FileType, tuple[str, ...]] = {
    FileType.PDF: (".pdf",),
    FileType.DOC: (".doc",),
    FileType.DOCX: (".docx",),
    FileType.XLS: (".xls",),
    FileType.XLSX: (".xlsx",),
    FileType.PNG: (".png",),
    FileType.JPEG: (".jpg", ".jpeg"),
    FileType.ZIP: (".zip",),
}


class FileReference(Strict):
    """A file kept elsewhere; its name must end as its type says."""

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    type: FileType
    size: Annotated[int, Field(gt=0, le=10 * 1024**3, description="bytes")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _name_fits_type(self) -> Self:
        if not self.name.lower().endswith(EXTENSIONS[self.type]):
            message = f"the name of a file of type {self.type} ends in {' or '.join(EXTENSIONS[self.type])}"
            raise ValueError(message)
        return self


Attachments = Annotated[tuple[FileReference, ...], Field(max_length=20)]
