"""The examples for nginx and Caddy, run: TLS, TradingView's certificate, and the doctor's round trip."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest

from tests.core.cli.proxy import TLS
from tests.core.cli.test_public import EXPECTED, MARK, bad, free_port, road_to, trusting, visit
from tests.core.web.raw_http import post
from tests.core.web.test_webhook import SETTINGS, TOKEN, alert, opened
from zepix_core.cli.finding import OK, WARN
from zepix_core.cli.public_answers import ALERT
from zepix_core.config.webhook import WebhookSettings

FILES = Path(__file__).parents[2] / "examples" / "service"
NGINX_AROUND = """
pid {folder}/nginx.pid; error_log stderr; daemon off; master_process off;
events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/zepix.conf;
}}
"""
CADDY_AROUND = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
CERTIFIED = attrs.evolve(
    SETTINGS,
    trusted_proxies=("127.0.0.1",),
    real_ip_header="X-Real-IP",
    client_cert_header="X-Client-Subject",
)


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


def changed(name: str, *changes: tuple[str, str]) -> str:
    """The example with this machine's places instead of a server's."""
    text = (FILES / name).read_text("utf-8")
    for there, here in changes:
        assert there in text
        text = text.replace(there, here)
    return text


def nginx_command(folder: Path, port: int, upstream: int) -> list[str]:
    text = changed(
        "nginx.conf",
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        ("/etc/letsencrypt/live/alerts.example.org/fullchain.pem", str(TLS / "cert.pem")),
        ("/etc/letsencrypt/live/alerts.example.org/privkey.pem", str(TLS / "key.pem")),
        ("/etc/ssl/certs/ca-certificates.crt", str(TLS / "sender.pem")),
        ("/var/log/nginx/zepix.log", str(folder / "proxy.log")),
    )
    (folder / "zepix.conf").write_text(text)
    (folder / "nginx.conf").write_text(NGINX_AROUND.format(folder=folder))
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy_command(folder: Path, port: int, upstream: int) -> list[str]:
    text = changed(
        "Caddyfile",
        ("alerts.example.org {", f"https://alerts.example.org:{port} {{\n\tbind 127.0.0.1"),
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        ("tls {", f"tls {TLS / 'cert.pem'} {TLS / 'key.pem'} {{"),
        # The older name of the same, which takes one certificate and which every version knows.
        ("trust_pool file /etc/ssl/certs/ca-certificates.crt", f"trusted_ca_cert_file {TLS / 'sender.pem'}"),
    )
    (folder / "Caddyfile").write_text(CADDY_AROUND + text)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@asynccontextmanager
async def serving(name: str, folder: Path, upstream: int) -> AsyncIterator[int]:
    """The example on a free port, with the tests' certificates."""
    port = free_port()
    make = {"nginx": nginx_command, "caddy": caddy_command}[name]
    command = make(folder, port, upstream)
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "proxy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=log, env={**os.environ, **homes}
        )
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
    writer.write(request.replace(b"Host: here", b"Host: alerts.example.org"))
    status = await reader.readline()
    writer.close()
    return status.split()[1]


async def test_alerts_come_through_with_tradingviews_certificate_alone(proxy: str, tmp_path: Path) -> None:
    forged = "X-Client-Subject: CN=TradingView Webhooks,O=TradingView\\, Inc."
    async with opened(tmp_path, CERTIFIED) as door, serving(proxy, tmp_path, door.listener.port) as port:
        assert await ask(port, post(alert(1), TOKEN), certificate=True) == b"200"
        assert await ask(port, post(alert(2), TOKEN), certificate=False) == b"404"
        assert await ask(port, post(alert(3), TOKEN, forged), certificate=False) == b"404"
        assert await ask(port, b"GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n", certificate=True) == b"404"
        assert [row[3] for row in door.rows()] == [alert(1)]
    assert TOKEN not in (tmp_path / "proxy.log").read_text()


@pytest.mark.parametrize("settings", [SETTINGS, CERTIFIED], ids=["anybody", "certified"])
async def test_the_doctor_finds_the_example_in_order(
    proxy: str, tmp_path: Path, settings: WebhookSettings
) -> None:
    async with opened(tmp_path, settings) as door, serving(proxy, tmp_path, door.listener.port) as port:
        door.listener.mark = MARK
        found = await visit(road_to(port), expected=attrs.evolve(EXPECTED, guarded=settings is CERTIFIED))
    assert bad(found) == []
    assert found[ALERT].result == (WARN if settings is CERTIFIED else OK)
