"""Other proxies, where they can be had: nginx if it is installed, argo-proxy and LiteLLM from PyPI in environments of their own."""

import contextlib
import glob
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace

from . import bodies, measure, report
from .cases import CHAT, Case
from .processes import Process

ARGO_PROXY = "argo-proxy==2.7.10"
LITELLM = "litellm[proxy]==1.106.2"
# A proxy in Python needs seconds to start.
PATIENCE = 120


class Served(Process):
    """A server that says nothing we can rely on: it is there when its port answers."""

    def __init__(self, name, command, core, log, port, env=None, cwd=None):
        self.port = port
        super().__init__(name, command, core, log, env, cwd)

    def _address(self, _):
        address = f"127.0.0.1:{self.port}"
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.child.poll() is None:
            try:
                urllib.request.urlopen(f"http://{address}/", timeout=2)
                return address
            except urllib.error.HTTPError:
                return address
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(bench, package):
    """A virtual environment with one package, kept beside the binaries."""
    name = package.split("=")[0].split("[")[0]
    folder = bench.args.binaries.parent / "bench-peers" / name
    mark = folder / "installed"
    if not mark.exists() or mark.read_text() != package:
        print(f"Installing {package} ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "-q", package], check=True)
        mark.write_text(package)
    return folder / "bin"


def nginx(bench):
    port, conf = free_port(), bench.folder / "nginx.conf"
    conf.write_text(f"""
daemon off; master_process off; pid {bench.folder}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {bench.folder}; proxy_temp_path {bench.folder}; client_max_body_size 64m;
  upstream stand_in {{ server {bench.stand_in.address}; keepalive 512; }}
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://stand_in; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}""")
    return Served("nginx", ("nginx", "-c", conf), bench.core, bench.folder / "nginx.log", port), CHAT, "plain"


def argo_proxy(bench):
    """The Python proxy for ARGO, in front of the same stand-in."""
    program = environment(bench, ARGO_PROXY) / "argo-proxy"
    port, upstream = free_port(), f"http://{bench.stand_in.address}/argoapi/api/v1"
    config = bench.folder / "argo-proxy.yaml"
    config.write_text(json.dumps({
        "host": "127.0.0.1", "port": port, "user": "bench", "verbose": False,
        "argo_url": f"{upstream}/resource/chat/", "argo_stream_url": f"{upstream}/resource/streamchat/",
        "argo_embedding_url": f"{upstream}/resource/embed/", "skip_url_validation": True,
    }))
    command = (program, config, "--quiet")
    # It fetches its token tables when it first counts; LiteLLM's package ships the one for this model.
    shipped = glob.glob(str(environment(bench, LITELLM).parent / "lib/*/site-packages/litellm/litellm_core_utils/tokenizers"))
    environ = {"TIKTOKEN_CACHE_DIR": shipped[0]} if shipped else {}
    process = Served("argo-proxy", command, bench.core, bench.folder / "argo-proxy.log", port, env=environ)
    return process, "/v1/chat/completions", "asked"


def litellm(bench):
    """It speaks OpenAI's API on both sides, so this proxy stands behind it; only its own processor time counts."""
    program = environment(bench, LITELLM) / "litellm"
    port, config = free_port(), bench.folder / "litellm.yaml"
    settings = {"model": "openai/argo:gpt-4.1", "api_base": f"http://{bench.proxy.address}/v1", "api_key": "unused"}
    config.write_text(json.dumps({
        "model_list": [{"model_name": "argo:gpt-4.1", "litellm_params": settings}],
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
    }))
    command = (program, "--config", config, "--host", "127.0.0.1", "--port", port, "--num_workers", "1")
    environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
    process = Served("litellm", command, bench.core, bench.folder / "litellm.log", port, env=environ)
    return process, "/v1/chat/completions", "asked"


# Its name, how it is started, and its share of the requests.
ALL = [
    ("nginx, which forwards", nginx, 1),
    (f"argo-proxy {ARGO_PROXY.split('==')[1]}", argo_proxy, 8),
    (f"LiteLLM {LITELLM.split('==')[1]}, in front of this proxy", litellm, 80),
]


def measure_all(bench):
    """One table: a kilobyte asked and answered, all proxies in turn, each alone on the core."""
    asked, plain = bodies.chat(bodies.prose(100), bodies.prose(900))
    case = Case("others", asked, plain, 2000 if bench.args.quick else 8000, connections=16)
    trial = replace(case, requests=case.connections)
    servers = {
        "forwarder": (bench.bare, CHAT, "plain", None),
        "this proxy": (bench.proxy, "/v1/chat/completions", "asked", None),
        "this proxy, `usage: estimate`": (bench.proxy, "/estimate", "asked", None),
    }
    shares, notes = {}, []
    with contextlib.ExitStack() as stack:
        for name, make, share in ALL:
            if make is nginx and not shutil.which("nginx"):
                notes.append("nginx is not installed.")
                continue
            try:
                process, path, kind = make(bench)
                stack.enter_context(process)
                # One that starts and fails must not cost what the others are measured to take.
                measure.whole(trial, {name: (process, path, kind, None)}, bench.other, 1, bench.folder)
            except (RuntimeError, subprocess.SubprocessError, OSError) as error:
                notes.append(f"{name} could not be measured: {str(error).strip().splitlines()[0]}")
                continue
            servers[name], shares[name] = (process, path, kind, None), share
        lines = measure.whole(case, servers, bench.other, 3, bench.folder, shares)
        for name in shares:
            notes.append(f"{name}: {servers[name][0].memory_kib() / 1024:,.0f} MiB after its load.")
    text = report.whole_table(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes)
    bench.add("Others: chat, 1 kB asked and answered, 16 connections", text)
