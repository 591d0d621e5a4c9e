"""What every sandbox has: a log, faults, controls, webhooks of its own, a seed, and a way to end a request.

A sandbox is a faithful in-memory server of one system's API, written from the vendor's documents and not from our connector.
It listens on loopback, for tests and demonstrations; its controls are open to everybody who reaches them.
"""

from connectors.sandbox.answered import Answered, answered, document, form
from connectors.sandbox.faults import Dropped, Fault, Faults
from connectors.sandbox.log import Log
from connectors.sandbox.seed import UnfitSeed, made, number_of, object_of
from connectors.sandbox.stage import CONTROLS, Stage
from connectors.sandbox.tokens import Tokens
from connectors.sandbox.webhooks import Post, Sender, Webhook, post
from connectors.sandbox.window import Window

__all__ = [
    "CONTROLS", "Answered", "Dropped", "Fault", "Faults", "Log", "Post", "Sender", "Stage", "Tokens", "UnfitSeed", "Webhook",
    "Window", "answered", "document", "form", "made", "number_of", "object_of",
    "post",
]  # fmt: skip
