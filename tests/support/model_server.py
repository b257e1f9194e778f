"""The real llama.cpp server in a process of its own, on a free port of the loopback, behind a key."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.tiny_model import CONTEXT, NAME

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A running server; `stop` ends exactly its process, as suddenly as a machine fails."""

    url: str
    key: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


@contextlib.contextmanager
def model_server(model: Path, *, key: str, embeddings: bool = False) -> Iterator[ModelServer]:
    """The server, answering; it ends with the block."""
    command = [sys.executable, "-m", "tests.support.model_server", str(model), *(["embeddings"] if embeddings else [])]
    # The key goes by the standard input: arguments are for everybody to see.
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{key}\n")
            process.stdin.flush()
            address = next((line for line in process.stdout if line.startswith("http://")), "").strip()
            assert address, "the model server did not start"
            yield ModelServer(f"{address}/v1", key, process)
        finally:
            process.kill()


def main() -> None:
    """Serve the model that the argument names until SIGTERM; the key is the first line of the standard input."""
    import xllamacpp  # type: ignore[import-untyped]

    settings = xllamacpp.CommonParams()
    settings.model.path = sys.argv[1]
    settings.model_alias = {NAME}
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    settings.api_keys = [sys.stdin.readline().strip()]
    settings.n_ctx = CONTEXT
    settings.n_parallel = 1
    settings.n_gpu_layers = 0
    settings.cpuparams.n_threads = 1
    settings.cpuparams_batch.n_threads = 1
    settings.warmup = False
    settings.use_jinja = True
    settings.ui = False
    if "embeddings" in sys.argv[2:]:
        settings.embedding = True
        settings.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
