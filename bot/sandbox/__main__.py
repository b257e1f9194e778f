"""`python -m bot.sandbox`: serve a stand-in GitHub until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.credentials import load_or_create
from bot.sandbox.sample import sample_state
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.state import State, new_state


def main() -> None:
    options = _parser().parse_args()
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        sys.exit(f"The stand-in GitHub could not start: {error}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--webhook-url", help="where deliveries are sent")
    parser.add_argument("--webhook-secret", help="secret that signs deliveries; made up when absent")
    parser.add_argument("--app-id", type=int, default=1, help="the App's id (default: %(default)s)")
    parser.add_argument("--private-key-path", type=Path, default=Path("data/sandbox-app.pem"), help="made if missing")
    parser.add_argument("--api-prefix", default="", choices=["", "/api/v3"], help="prefix of URLs in payloads")
    parser.add_argument("--seed", choices=["sample", "empty"], default="sample", help="what is there at first")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    credentials = await asyncio.to_thread(load_or_create, options.private_key_path, options.webhook_secret)
    state: State = sample_state() if options.seed == "sample" else new_state(datetime.now(UTC))
    state.app.id = options.app_id
    sandbox = Sandbox(state, credentials=credentials)
    sandbox.webhook_url, sandbox.api_prefix = options.webhook_url, options.api_prefix
    async with sandbox.serving(host=options.host, port=options.port):
        started = {
            "url": sandbox.url,
            "app_id": sandbox.app_id,
            "private_key_path": str(options.private_key_path.resolve()),
            "webhook_secret": sandbox.webhook_secret,
        }
        print(json.dumps(started), flush=True)
        await _interrupted()


async def _interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()


if __name__ == "__main__":
    main()
