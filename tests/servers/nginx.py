"""nginx with the configuration of deploy/, before a running house."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

from app.processes import ROOT
from tests.servers.live import Answer, reserve_port

CONFIG = ROOT / "deploy" / "nginx.conf"


class Running(Protocol):
    """A house that listens on a port of this machine."""

    @property
    def port(self) -> int:
        """Its port."""

    @property
    def base_url(self) -> str:
        """Under what name it knows itself."""


class Nginx:
    """An nginx of the test's own, as a context, before a running house.

    The configuration is the one that is shipped, but for what belongs to a machine:
    the port, the certificate, and the folders of cache and log. `beside` holds
    servers of its own, which the one that is shipped is compared with.
    """

    def __init__(self, folder: Path, house: Running, *, beside: str = "") -> None:
        self.folder, self.house = folder, house
        self._reserved = reserve_port()
        self.port = int(self._reserved.getsockname()[1])
        text = CONFIG.read_text()
        for shipped, here in (
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} reuseport;"),
            ("server 127.0.0.1:8000;", f"server 127.0.0.1:{house.port};"),
            ("letters.example.org;", "localhost;"),
            ("/var/cache/nginx/undersigned", f"{folder}/cache"),
            ("/var/log/nginx/undersigned.log", f"{folder}/access.log"),
        ):
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        text = re.sub(r"^\s*ssl_certificate.*\n", "", text, flags=re.MULTILINE)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "site.conf").write_text(text)
        temporary = "\n".join(
            f"{name}_temp_path {folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # Started by root it would become somebody who may not enter the test's folder.
        user = "user root; " if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
            "worker_processes 1; events { worker_connections 1024; }\n"
            f"http {{ {temporary} include {folder}/site.conf; {beside} }}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not Path(program).exists():
            raise RuntimeError("No nginx was found: apt-get install nginx-light.")
        self._process = subprocess.Popen(
            [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        )
        for _ in range(100):
            try:
                self.get("/healthz")
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError((self.folder / "error.log").read_text())

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
        self._reserved.close()

    @property
    def pid(self) -> int:
        """The process from which its workers come."""
        assert self._process is not None
        return self._process.pid

    def get(self, path: str, **headers: str) -> Answer:
        """GET a path under the house's own name; header names with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Host": urlsplit(self.house.base_url).netloc, **named}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request("GET", path, None, given)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
