"""The process that holds llama.cpp: `python -P models/engines/llama_process.py`, started by models/engines/llama.py only.

llama.cpp lives in a process of its own because inside ours it would hold the interpreter's lock for the seconds a model
takes to load (the page freezes), replace our handlers of SIGINT and SIGTERM (Ctrl-C no longer reaches us), print on the
stdout that belongs to machine output, and take us along when memory runs out.

Protocol: one JSON line with the settings comes in on stdin (the key among them, so it stands in no process list), one JSON
line {"url": ...}, {"error": ...} or {"missing": ...} goes out on stdout. When stdin closes, the parent is gone and so are we. Only the standard
library and xllamacpp are imported, so that the process stays small.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

# No origin but this one may read an answer from a browser; it exists nowhere.
NO_ORIGIN = "https://nobody.invalid"
INSTALL = "Run `pip install xllamacpp`; if libgomp is what is missing, `sudo apt install libgomp1`"
PING_S = 5  # a sign of life while a prompt is read, so that a client can tell slow from dead
WARNINGS = 2  # llama.cpp's log level


def parameters(settings: dict[str, Any]) -> Any:
    """xllamacpp's CommonParams for our settings; see LocalEngine for what each is and why."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = {settings["alias"]}
    params.n_ctx = settings["context_tokens"] * settings["slots"]
    params.n_batch = params.n_ubatch = settings["batch_tokens"]
    params.n_parallel = settings["slots"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    params.cache_ram_mib = settings["cache_mib"]
    params.slot_prompt_similarity = 0.0
    params.warmup = False
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [settings["api_key"]]
    params.cors_origins, params.cors_credentials, params.cors_origins_explicit = NO_ORIGIN, False, True
    params.ui = False
    params.offline = True
    params.sse_ping_interval = PING_S
    params.verbosity = WARNINGS
    params.default_template_kwargs = {"enable_thinking": "false"}  # Qwen3 answers instead of thinking aloud
    params.lora_init_without_apply = True
    params.lora_adapters = [adapter(path) for path in settings["adapters"]]
    return params


def adapter(path: str) -> Any:
    """A LoRA adapter that is loaded but weighs nothing until a request asks for it."""
    import xllamacpp

    info = xllamacpp.CommonAdapterLoraInfo()
    info.path, info.scale = path, 0.0
    return info


def main() -> int:
    """Serve until stdin closes."""
    settings = json.loads(sys.stdin.readline())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reply:
        os.dup2(2, 1)  # whatever C++ prints on stdout goes to the log as well
        # Threads that spin while they wait for each other starve one another as soon as anything else runs: with one busy
        # neighbour on two cores a prompt took minutes. Sleeping costs next to nothing on an idle machine.
        os.putenv("OMP_WAIT_POLICY", "passive")
        try:
            import xllamacpp

            server = xllamacpp.Server(parameters(settings))
        except ImportError as error:
            reply.write(json.dumps({"missing": f"{error}. {INSTALL}"}) + "\n")
            return 1
        except (RuntimeError, ValueError, MemoryError) as error:
            reply.write(json.dumps({"error": str(error)}) + "\n")
            return 1
        reply.write(json.dumps({"url": server.listening_address}) + "\n")
    sys.stdin.read()
    # llama.cpp's own way down waits for open connections; nobody is left to read them
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
