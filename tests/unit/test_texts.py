from domain.commands import COMMANDS, CommandName, EventName
from domain.errors import ERRORS, ErrorCode
from domain.flows import FLOWS
from domain.messages import messages_for
from domain.parties import Role
from domain.stages import STAGES, ClockAct
from domain.state import State
from domain.text import Text
from tests.unit.builders import NOW, order


def is_chinese(sentence: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in sentence)


def test_no_two_causes_share_a_name() -> None:
    names = [*CommandName, *EventName, *ClockAct]
    assert len(names) == len(set(names))


def test_the_seller_learns_who_accepted() -> None:
    state = State.begin(order(), NOW)
    by_buyer = messages_for(CommandName.ACCEPT, state)
    by_clock = messages_for(ClockAct.ACCEPT, state)
    assert [message.to for message in by_buyer] == [Role.SELLER]
    assert [message.to for message in by_clock] == [Role.BUYER, Role.SELLER]


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
