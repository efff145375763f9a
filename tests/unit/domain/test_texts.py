from domain.bilingual import Bilingual
from domain.delivery.clocks import CLOCKS, ClockAct
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import COMMANDS
from domain.delivery.flows import FLOWS
from domain.delivery.grounds import Ruling
from domain.delivery.messages import RULING_LABELS, messages_for
from domain.delivery.stages import STAGES
from domain.delivery.terms import RULE_VERSIONS
from domain.errors import ERRORS, ErrorCode
from domain.events import REPORTED, EventName
from domain.parties import Role
from tests.unit.domain.builders import begun


def is_chinese(sentence: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in sentence)


def test_no_two_causes_share_a_name() -> None:
    names = [*CommandName, *EventName, *ClockAct, *Ruling]
    assert len(names) == len(set(names))


def test_the_seller_learns_who_accepted() -> None:
    state = begun()
    by_buyer = messages_for(CommandName.ACCEPT, state)
    by_clock = messages_for(ClockAct.ACCEPT, state)
    assert [message.to for message in by_buyer] == [Role.SELLER]
    assert [message.to for message in by_clock] == [Role.BUYER, Role.SELLER]


def texts() -> list[Bilingual]:
    errors = [text for spec in ERRORS.values() for text in (spec.title, spec.action)]
    stages = [text for stage in STAGES.values() for text in (stage.label, stage.missing)]
    return [
        *errors,
        *stages,
        *RULING_LABELS.values(),
        *(one.change for one in RULE_VERSIONS),
        *(command.spec.label for command in COMMANDS.values()),
        *(event.label for event in REPORTED.values()),
        *(flow.label for flow in FLOWS.values()),
        *(clock.label for clock in CLOCKS.values()),
    ]


def test_every_error_code_says_what_happened_and_what_to_do() -> None:
    assert set(ERRORS) == set(ErrorCode)


def test_everything_people_read_is_there_in_both_languages() -> None:
    for text in texts():
        assert is_chinese(text.zh) or text.zh.startswith("License"), text
        assert text.en
        assert not is_chinese(text.en), text
