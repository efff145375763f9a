from domain.commands import COMMANDS
from domain.errors import ERRORS, ErrorCode
from domain.flows import FLOWS
from domain.stages import STAGES
from domain.text import Text


def is_chinese(sentence: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in sentence)


def texts() -> list[Text]:
    errors = [text for spec in ERRORS.values() for text in (spec.title, spec.action)]
    stages = [text for stage in STAGES.values() for text in (stage.label, stage.missing)]
    return [*errors, *stages, *(spec.label for spec in COMMANDS.values()), *(flow.label for flow in FLOWS.values())]


def test_every_error_code_says_what_happened_and_what_to_do() -> None:
    assert set(ERRORS) == set(ErrorCode)


def test_everything_people_read_is_there_in_both_languages() -> None:
    for text in texts():
        assert is_chinese(text.zh) or text.zh.startswith("License"), text
        assert text.en
        assert not is_chinese(text.en), text
