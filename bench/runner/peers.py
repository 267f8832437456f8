"""Other proxies on the same work: nginx if it is installed, argo-proxy and LiteLLM from PyPI in environments of their own."""

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
from functools import partial

from . import bodies, load, measure, report
from .cases import CHAT, Case
from .measure import Server
from .processes import Process

# The last one that is written like this proxy's table, and today's.
ARGO_PROXY = ("argo-proxy==2.7.10", "argo-proxy==3.3.3")
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
    folder = bench.args.binaries.parent / "bench-peers" / package.split("[")[0]
    mark = folder / "installed"
    if not mark.exists() or mark.read_text() != package:
        print(f"Installing {package} ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "-q", package], check=True)
        mark.write_text(package)
    return folder / "bin"


def started(bench, name, command, port, env=None):
    folder = bench.servers.folder
    return Served(name, command, bench.servers.core, folder / f"{name}.log", port, env, cwd=folder)


def nginx(bench):
    port, folder = free_port(), bench.servers.folder
    conf = folder / "nginx.conf"
    conf.write_text(f"""
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; client_max_body_size 64m;
  upstream stand_in {{ server {bench.servers.stand_in.address}; keepalive 512; }}
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://stand_in; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}""")
    return started(bench, "nginx", ("nginx", "-c", conf), port), CHAT, "plain"


def argo_proxy(package, bench):
    """The Python proxy for ARGO, in front of the same stand-in."""
    folder = environment(bench, package)
    name, port, upstream = package.replace("==", "-"), free_port(), f"http://{bench.servers.stand_in.address}/argoapi"
    resource = f"{upstream}/api/v1/resource"
    config = bench.servers.folder / f"{name}.yaml"
    config.write_text(json.dumps({
        "host": "127.0.0.1", "port": port, "user": "bench", "verbose": False, "config_version": "3",
        "argo_base_url": upstream, "argo_url": f"{resource}/chat/", "argo_stream_url": f"{resource}/streamchat/",
        "argo_embedding_url": f"{resource}/embed/", "skip_url_validation": True,
    }))
    # It fetches its token tables when it first counts; LiteLLM's package ships the one for this model.
    shipped = glob.glob(str(environment(bench, LITELLM).parent / "lib/*/site-packages/litellm/litellm_core_utils/tokenizers"))
    environ = {"TIKTOKEN_CACHE_DIR": shipped[0]} if shipped else {}
    command = (folder / "argo-proxy", *(("serve",) if "==3" in package else ()), config, "--quiet")
    # The later one writes its prefix before the names of ARGO's list, those that have one already included.
    return started(bench, name, command, port, environ), "/v1/chat/completions", "prefixed" if "==3" in package else "asked"


def litellm(bench):
    """It speaks OpenAI's API on both sides, so that it gets the stand-in's endpoint of that form."""
    program = environment(bench, LITELLM) / "litellm"
    port, config = free_port(), bench.servers.folder / "litellm.yaml"
    settings = {"model": "openai/gpt41", "api_base": f"http://{bench.servers.stand_in.address}/argoapi/v1", "api_key": "bench"}
    config.write_text(json.dumps({
        "model_list": [{"model_name": "argo:gpt-4.1", "litellm_params": settings}],
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
    }))
    command = (program, "--config", config, "--host", "127.0.0.1", "--port", port, "--num_workers", "1")
    environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
    return started(bench, "litellm", command, port, environ), "/v1/chat/completions", "asked"


# Its name, how it is started, and its share of the requests.
ALL = [
    ("nginx, which forwards", nginx, 1),
    *((package.replace("==", " "), partial(argo_proxy, package), 8) for package in ARGO_PROXY),
    (f"LiteLLM {LITELLM.split('==')[1]}, over OpenAI's form", litellm, 80),
]


def measure_all(bench):
    """One table: a kilobyte asked and answered, all proxies in turn, each alone on the core."""
    its = bench.servers
    asked, plain = bodies.chat(bodies.prose(100), bodies.prose(900))
    case = Case("others", asked, ((plain, 1),), 2000 if bench.args.quick else 8000, connections=16)
    texts = {"asked": asked, "prefixed": asked.replace("argo:", "argo:argo:"), "plain": plain}
    files = {name: [(measure.written(its.folder, name, text), 1)] for name, text in texts.items()}
    servers = [
        Server("forwarder", its.bare, CHAT, files["plain"]),
        Server("this proxy", its.proxy, "/v1/chat/completions", files["asked"]),
        Server("this proxy, `usage: estimate`", its.proxy, "/estimate", files["asked"]),
        Server("this proxy, over OpenAI's form", its.proxy, "/relayed", files["asked"]),
    ]
    ask = lambda server, body, requests, _: load.oha(server.process, its.other, server.path, body, requests, case.connections)
    notes = []
    with contextlib.ExitStack() as stack:
        for name, make, share in ALL:
            if make is nginx and not shutil.which("nginx"):
                notes.append("nginx is not installed.")
                continue
            try:
                process, path, kind = make(bench)
                stack.enter_context(process)
                server = Server(name, process, path, files[kind], share=share)
                # One that starts and fails must not cost what the others are measured to take.
                measure.whole(replace(case, requests=case.connections * share), [server], ask, 1)
            except (RuntimeError, subprocess.SubprocessError, OSError) as error:
                notes.append(f"{name} could not be measured: {str(error).strip().splitlines()[0].split(' (see ')[0]}")
                continue
            server.rounds.clear()
            servers.append(server)
        ratios = measure.whole(case, servers, ask, 3)
        notes += [f"{one.name}: {one.process.memory_kib() / 1024:,.0f} MiB after its load." for one in servers]
    text = report.whole_table(servers, ratios) + "\n\n" + "\n".join(f"- {note}" for note in notes)
    bench.add("Others: chat, 1 kB asked and answered, 16 connections", text)
