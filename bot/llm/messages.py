"""What /why says where a question to the model has no answer, or a text no vector."""

from typing import Final

from bot.llm.faults import PASSING, SETUP, Fault

NOT_FOR_PRIVATE_TEXT: Final = "no model was asked: none here may see the text of private repositories"
NO_TOKENS: Final = "no model was asked: this repository's tokens for today are used up"
NO_MONEY: Final = "no model was asked: this repository's money for today is used up"
ENDPOINTS_USED_UP: Final = "no model was asked: the endpoints' tokens for today are used up"
NO_VECTOR_TOKENS: Final = "no vectors were asked for: this repository's tokens for them are used up for today"
NO_VECTOR_MONEY: Final = "no vectors were asked for: this repository's money for today is used up"
NO_CALLS: Final = "no model was asked: this event has used its calls"
NO_TIME: Final = "no model answered in time"
AWAY: Final = "no model could be reached"
USELESS: Final = "the model's answer was not usable"
NO_ROOM: Final = "the text does not fit in the model's context"


def reason(fault: Fault) -> str:
    """The fault in the words of people who only want to know whether a model was part of it."""
    if fault is Fault.NOT_FOR_PRIVATE_TEXT:
        return NOT_FOR_PRIVATE_TEXT
    if fault in (Fault.SLOW_FIRST_TOKEN, Fault.SLOW_ANSWER, Fault.BUSY):
        return NO_TIME
    if fault in SETUP or fault in PASSING:
        return AWAY
    return NO_ROOM if fault in (Fault.CONTEXT_TOO_LONG, Fault.CONTEXT_TOO_SMALL) else USELESS
