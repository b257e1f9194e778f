"""The servers: how each is installed, and how it is started on a tiny random model, on a free port of the loopback."""

import contextlib
import importlib.metadata
import os
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tests.support.model_server import model_server
from tests.support.ports import free_port
from tests.support.tiny_model import CONTEXT, NAME, write_tiny_model

_PATIENCE: Final = 120.0
# Of the caller's environment, what programs need to run; nothing that may be secret.
_HANDED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers. `kill` ends it as suddenly as a machine fails."""

    url: str
    key: str
    model: str
    kill: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Server:
    """`packages` are installed into an environment of its own; `serve` takes that one's programs and a folder."""

    id: str
    title: str
    packages: tuple[str, ...]
    serve: Callable[[Path, Path], AbstractContextManager[Serving]]

    @property
    def version(self) -> str:
        """What is run; of a server without an environment, the wheel that the tests have."""
        return ", ".join(self.packages) or f"xllamacpp=={importlib.metadata.version('xllamacpp')}"


@contextlib.contextmanager
def llama_cpp(_programs: Path, folder: Path) -> Iterator[Serving]:
    """llama.cpp's own server, from the wheel `xllamacpp`."""
    with model_server(_weights(folder), key=secrets.token_urlsafe(12)) as one:
        yield Serving(one.url, one.key, NAME, one.stop)


@contextlib.contextmanager
def llama_cpp_python(programs: Path, folder: Path) -> Iterator[Serving]:
    port, key = free_port(), secrets.token_urlsafe(12)
    command = [
        str(programs / "python"), "-m", "llama_cpp.server", "--model", str(_weights(folder)), "--model_alias", NAME,
        "--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(CONTEXT),
    ]  # fmt: skip
    with _process(command, folder, port, API_KEY=key) as kill:
        yield Serving(f"http://127.0.0.1:{port}/v1", key, NAME, kill)


@contextlib.contextmanager
def transformers_serve(programs: Path, folder: Path) -> Iterator[Serving]:
    """It looks at no key."""
    port = free_port()
    script = Path(__file__).with_name("tiny_transformers.py")
    subprocess.run(
        [str(programs / "python"), str(script), "tiny"], cwd=folder, env=_environment(), check=True,
        capture_output=True, timeout=_PATIENCE,
    )  # fmt: skip
    command = [str(programs / "transformers"), "serve", "tiny", "--host", "127.0.0.1", "--port", str(port)]
    with _process(command, folder, port, HF_HUB_OFFLINE="1", HF_HOME=str(folder / "home")) as kill:
        yield Serving(f"http://127.0.0.1:{port}/v1", "", "tiny", kill)


@contextlib.contextmanager
def litellm_proxy(programs: Path, folder: Path) -> Iterator[Serving]:
    """In front of llama.cpp, which outlives it."""
    port, key = free_port(), f"sk-{secrets.token_urlsafe(12)}"
    with llama_cpp(programs, folder) as behind:
        model = {"model": f"openai/{behind.model}", "api_base": behind.url, "api_key": behind.key}
        settings = {
            "model_list": [{"model_name": "tiny-behind-a-proxy", "litellm_params": model}],
            "general_settings": {"master_key": key},
            "litellm_settings": {"num_retries": 0, "telemetry": False},
        }
        (folder / "litellm.yaml").write_text(yaml.safe_dump(settings))
        command = [
            str(programs / "litellm"), "--config", "litellm.yaml", "--host", "127.0.0.1", "--port", str(port),
            "--telemetry", "False",
        ]  # fmt: skip
        with _process(command, folder, port, LITELLM_LOCAL_MODEL_COST_MAP="True") as kill:
            yield Serving(f"http://127.0.0.1:{port}/v1", key, "tiny-behind-a-proxy", kill)


SERVERS: Final[tuple[Server, ...]] = (
    Server("llama-cpp", "llama.cpp", (), llama_cpp),
    Server("llama-cpp-python", "llama-cpp-python", ("llama-cpp-python[server]==0.3.36",), llama_cpp_python),
    Server(
        "transformers", "transformers serve", ("torch==2.13.0", "transformers[serving]==5.23.0", "accelerate==1.15.0"),
        transformers_serve,
    ),
    Server("litellm", "LiteLLM before llama.cpp", ("litellm[proxy]==1.106.2",), litellm_proxy),
)  # fmt: skip


def _weights(folder: Path) -> Path:
    path = folder / "tiny.gguf"
    return path if path.exists() else write_tiny_model(path)


def _environment(**more: str) -> dict[str, str]:
    return {**{name: os.environ[name] for name in _HANDED_ON if name in os.environ}, **more}


@contextlib.contextmanager
def _process(command: Sequence[str], folder: Path, port: int, **more: str) -> Iterator[Callable[[], None]]:
    """A server in a session of its own, answering; gives what kills it with all of its children."""
    path = folder / "server.log"
    with (
        path.open("wb") as log,
        subprocess.Popen(
            command, cwd=folder, env=_environment(**more), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        ) as process,
    ):  # fmt: skip

        def kill() -> None:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)

        try:
            _await(f"http://127.0.0.1:{port}/v1/models", process, path)
            yield kill
        finally:
            kill()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until anything answers there: one of the servers fails at listing its models."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as answered:
            answered.close()
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"it does not start: {log.read_text(errors='replace')[-2000:]}")
