"""What can go wrong between a question and a usable answer: a closed set of names, and a sentence for each."""

from enum import StrEnum
from typing import Final

from bot.domain.errors import AssistantError


class Fault(StrEnum):
    """The values are metric labels."""

    # The address.
    UNKNOWN_HOST = "unknown_host"
    FORBIDDEN_ADDRESS = "forbidden_address"
    NOT_FOR_PRIVATE_TEXT = "not_for_private_text"
    # The way there and back.
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    HUNG_UP = "hung_up"
    BUSY = "busy"
    SLOW_FIRST_TOKEN = "slow_first_token"  # noqa: S105 - a label, no secret
    SLOW_ANSWER = "slow_answer"
    TOO_LARGE = "too_large"
    COMPRESSED = "compressed"
    # What a server says instead of an answer.
    REDIRECT = "redirect"
    HTML = "html"
    WRONG_KEY = "wrong_key"
    WRONG_URL = "wrong_url"
    WRONG_MODEL = "wrong_model"
    NO_CREDIT = "no_credit"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    REFUSED = "refused"
    FORMAT_REFUSED = "format_refused"
    PARAMETER_REFUSED = "parameter_refused"
    CONTEXT_TOO_LONG = "context_too_long"
    CONTEXT_TOO_SMALL = "context_too_small"
    # An answer that is none.
    NOT_A_COMPLETION = "not_a_completion"
    NO_CHOICES = "no_choices"
    NO_CONTENT = "no_content"
    REFUSAL = "refusal"
    FILTERED = "filtered"
    CUT_OFF = "cut_off"
    BROKEN_TOOL_CALL = "broken_tool_call"
    NO_OBJECT = "no_object"
    NOT_A_NUMBER = "not_a_number"
    DUPLICATE_KEYS = "duplicate_keys"
    INVALID = "invalid"


# The operator has to mend these; asking again soon is of no use.
SETUP: Final = frozenset(
    {
        Fault.UNKNOWN_HOST, Fault.FORBIDDEN_ADDRESS, Fault.CERTIFICATE, Fault.REDIRECT, Fault.HTML, Fault.WRONG_KEY,
        Fault.WRONG_URL, Fault.WRONG_MODEL, Fault.NO_CREDIT,
    }
)  # fmt: skip
# The endpoint is away, or has too much to do.
PASSING: Final = frozenset(
    {
        Fault.UNREACHABLE, Fault.HUNG_UP, Fault.SLOW_FIRST_TOKEN, Fault.SLOW_ANSWER, Fault.RATE_LIMITED,
        Fault.SERVER_ERROR, Fault.TOO_LARGE, Fault.COMPRESSED,
    }
)  # fmt: skip
# The endpoint may have worked for these, and be paid.
PAID: Final = frozenset({Fault.HUNG_UP, Fault.SLOW_FIRST_TOKEN, Fault.SLOW_ANSWER, Fault.TOO_LARGE})

_SENTENCES: Final = {
    Fault.UNKNOWN_HOST: "the host name of its address is not known: check the address",
    Fault.FORBIDDEN_ADDRESS: (
        "its address leads to a cloud's metadata service or to no single machine, where no model may be: "
        "check the address; a server on this machine is asked at 127.0.0.1, not at 0.0.0.0"
    ),
    Fault.NOT_FOR_PRIVATE_TEXT: "it may not see the text of private repositories",
    Fault.UNREACHABLE: "nothing answers at its address: is the server running, and is the port right?",
    Fault.CERTIFICATE: "its TLS certificate is not trusted",
    Fault.HUNG_UP: "it hangs up in the middle",
    Fault.BUSY: "it has more questions than it may work on at once",
    Fault.SLOW_FIRST_TOKEN: (
        "its first token takes longer than first_token_timeout allows: "
        "take a smaller model, or a larger first_token_timeout in ASSISTANT_ENDPOINTS"
    ),
    Fault.SLOW_ANSWER: (
        "its answers take longer than timeout allows: take a smaller model, or a larger timeout in ASSISTANT_ENDPOINTS"
    ),
    Fault.TOO_LARGE: "its answers are larger than any answer can be",
    Fault.COMPRESSED: "it compresses answers, though plain ones were asked for",
    Fault.REDIRECT: "it redirects to another address, which is refused: give the address where it really is",
    Fault.HTML: "a web page answers at its address: the address of an API usually ends in /v1",
    Fault.WRONG_KEY: "it refuses the key: check OPENAI_API_KEY, or the variable that api_key_env names",
    Fault.WRONG_URL: "there is no such API at its address: the address usually ends in /v1",
    Fault.WRONG_MODEL: "it does not know the model: check the model's name, and that the model is installed",
    Fault.NO_CREDIT: "its account has no credit left",
    Fault.RATE_LIMITED: "it asks for fewer requests",
    Fault.SERVER_ERROR: "it fails with an error of its own",
    Fault.REFUSED: "it refuses the request",
    Fault.FORMAT_REFUSED: "it refuses every way to ask for a structured answer",
    Fault.PARAMETER_REFUSED: "it refuses a parameter of the request",
    Fault.CONTEXT_TOO_LONG: "the prompt is longer than its context",
    Fault.CONTEXT_TOO_SMALL: "its context is too small for the prompt's instructions alone: give it a larger one",
    Fault.NOT_A_COMPLETION: "what it answers is no chat completion: is it an OpenAI-compatible API?",
    Fault.NO_CHOICES: "its answers hold no choice",
    Fault.NO_CONTENT: "its answers are empty",
    Fault.REFUSAL: "the model declines to answer",
    Fault.FILTERED: "its content filter takes the answers away",
    Fault.CUT_OFF: "its answers are cut off: a model that thinks first needs more reasoning_tokens",
    Fault.BROKEN_TOOL_CALL: "its tool calls are broken",
    Fault.NO_OBJECT: "its answers do not hold exactly one JSON object",
    Fault.NOT_A_NUMBER: "its answers hold numbers that JSON does not have",
    Fault.DUPLICATE_KEYS: "its answers say the same key twice",
    Fault.INVALID: "its answers do not have the form that was asked for",
}


class ModelFault(AssistantError):
    """A question got no usable answer. `status` is HTTP's, 0 where there was none; `retry_after` is in seconds.

    `context` is the size (tokens) that the endpoint named, `sent` what it says the prompt had; `parameter` is the one
    that it does not take; `certain` means that the endpoint spoke of what it refuses, and had no fault of its own.
    Never the endpoint's own words, which may repeat the prompt.
    """

    def __init__(
        self, fault: Fault, *, status: int = 0, retry_after: float = 0.0, context: int = 0, sent: int = 0,
        parameter: str = "", certain: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(fault.value)
        self.fault = fault
        self.status = status
        self.retry_after = retry_after
        self.context = context
        self.sent = sent
        self.parameter = parameter
        self.certain = certain


class Crowded(ModelFault):
    """It hung up on one of several requests of ours that were under way: it may answer one that comes alone."""

    def __init__(self) -> None:
        super().__init__(Fault.HUNG_UP)


def explain(error: ModelFault) -> str:
    """One clear sentence for the operator: what is wrong, and where there is something to do, what."""
    status = f" (HTTP {error.status})" if error.status else ""
    what, colon, remedy = _SENTENCES[error.fault].partition(": ")
    return f"{what}{status}{colon}{remedy}{'' if remedy.endswith('?') else '.'}"
