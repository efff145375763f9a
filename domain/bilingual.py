"""Sentences for people, in Chinese and English."""

from pydantic import BaseModel, ConfigDict


class Bilingual(BaseModel):
    """One sentence or label in both languages of the marketplace."""

    model_config = ConfigDict(frozen=True)

    zh: str
    en: str

    def fill(self, **values: object) -> "Bilingual":
        """Put values into the placeholders of both sentences."""
        return Bilingual(zh=self.zh.format(**values), en=self.en.format(**values))
