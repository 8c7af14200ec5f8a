"""The nginx example, in a real nginx: TLS, TradingView's certificate, and the doctor's round trip."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest

from tests.core.cli.proxy import TLS
from tests.core.cli.test_public import EXPECTED, MARK, bad, free_port, road_to, trusting, visit
from tests.core.web.raw_http import post
from tests.core.web.test_webhook import SETTINGS, TOKEN, alert, opened
from zepix_core.cli.public_answers import ALERT

NGINX = shutil.which("nginx")
FILE = Path(__file__).parents[2] / "examples" / "service" / "nginx.conf"
AROUND = """
pid {folder}/nginx.pid; error_log stderr; daemon off; master_process off;
events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/zepix.conf;
}}
"""
CERTIFIED = attrs.evolve(
    SETTINGS,
    trusted_proxies=("127.0.0.1",),
    real_ip_header="X-Real-IP",
    client_cert_header="X-Client-Subject",
)
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@asynccontextmanager
async def nginx(folder: Path, upstream: int) -> AsyncIterator[int]:
    """The example on a free port, with the tests' certificates."""
    port = free_port()
    text = FILE.read_text("utf-8")
    for there, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        ("/etc/letsencrypt/live/alerts.example.org/fullchain.pem", str(TLS / "cert.pem")),
        ("/etc/letsencrypt/live/alerts.example.org/privkey.pem", str(TLS / "key.pem")),
        ("/etc/ssl/certs/ca-certificates.crt", str(TLS / "sender.pem")),
        ("/var/log/nginx/zepix.log", str(folder / "error.log")),
    ):
        assert there in text
        text = text.replace(there, here)
    (folder / "zepix.conf").write_text(text)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    test = [*command, "-t"]
    await asyncio.to_thread(subprocess.run, test, check=True, capture_output=True, timeout=30)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    try:
        await listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                return
            except OSError:
                await asyncio.sleep(0.02)


async def ask(port: int, request: bytes, certificate: bool) -> bytes:
    """Send a request as TradingView, or as somebody without its certificate."""
    context = trusting()
    if certificate:
        context.load_cert_chain(TLS / "sender.pem", TLS / "sender-key.pem")
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="alerts.example.org"
    )
    writer.write(request)
    status = await reader.readline()
    writer.close()
    return status.split()[1]


async def test_alerts_come_through_with_tradingviews_certificate_alone(tmp_path: Path) -> None:
    forged = "X-Client-Subject: CN=TradingView Webhooks,O=TradingView\\, Inc."
    async with opened(tmp_path, CERTIFIED) as door, nginx(tmp_path, door.listener.port) as port:
        assert await ask(port, post(alert(1), TOKEN), certificate=True) == b"200"
        assert await ask(port, post(alert(2), TOKEN), certificate=False) == b"404"
        assert await ask(port, post(alert(3), TOKEN, forged), certificate=False) == b"404"
        assert await ask(port, b"GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n", certificate=True) == b"404"
        assert [row[3] for row in door.rows()] == [alert(1)]
    assert TOKEN not in (tmp_path / "error.log").read_text()


@pytest.mark.parametrize("settings", [SETTINGS, CERTIFIED], ids=["anybody", "certified"])
async def test_the_doctor_finds_the_example_in_order(tmp_path: Path, settings: object) -> None:
    async with opened(tmp_path, settings) as door, nginx(tmp_path, door.listener.port) as port:
        door.listener.mark = MARK
        found = await visit(road_to(port), expected=attrs.evolve(EXPECTED, guarded=settings is CERTIFIED))
    assert bad(found) == []
    assert ("as far as it goes" in found[ALERT].detail) == (settings is CERTIFIED)
