"""A stand-in GitHub: stateful, strict, over real HTTP; for the demo and for tests."""

from bot.sandbox.credentials import Credentials, generate
from bot.sandbox.faults import Armed, Fault, FaultKind
from bot.sandbox.gitstore import Submodule, Symlink
from bot.sandbox.hooks import Delivery
from bot.sandbox.record import LoggedRequest
from bot.sandbox.sample import sample_state
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.state import State, new_state
from bot.sandbox.threads import CommentView, ReviewCommentView, ReviewView, ThreadView

__all__ = [
    "Armed",
    "CommentView",
    "Credentials",
    "Delivery",
    "Fault",
    "FaultKind",
    "LoggedRequest",
    "ReviewCommentView",
    "ReviewView",
    "Sandbox",
    "State",
    "Submodule",
    "Symlink",
    "ThreadView",
    "generate",
    "new_state",
    "sample_state",
]
