"""The OneLogin sandbox in a process of its own: `COUNT` users whose `external_id` is the subject's id."""

from __future__ import annotations

import argparse

import uvicorn

from connectors.contract import Json
from connectors.onelogin.sandbox import ApiCredential, Sandbox
from tests.chaos.story import ATTRIBUTES, subject

FIRST = 1001
"""The id of the first user."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--count", type=int, required=True)
    options.add_argument("--secret", required=True)
    chosen = options.parse_args()
    users: list[dict[str, Json]] = [
        {"id": FIRST + n, "external_id": subject(n), "email": f"{subject(n)}@example.com"} for n in range(chosen.count)
    ]
    credential = ApiCredential("chaos", chosen.secret)
    app = Sandbox(users, ATTRIBUTES, credentials=[credential], calls=1_000_000)
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
