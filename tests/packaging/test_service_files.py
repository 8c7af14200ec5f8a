"""The files under examples/service do what the documentation and the supervisor say."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from zepix_core.cli.run import command as run_command
from zepix_core.cli.supervise import FINAL, MOST_STARTS, WINDOW_SECONDS
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.testing.process import RunningHost
from zepix_core.watchdog import LOOKS

ROOT = Path(__file__).parents[2]
FILES = ROOT / "examples" / "service"
UNIT = FILES / "zepix.service"
IN_ORDER_SECONDS = 20


class AsWritten(configparser.ConfigParser):
    """Keeps the case of names."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit() -> configparser.ConfigParser:
    parser = AsWritten(interpolation=None, strict=False)
    parser.read(UNIT, "utf-8")
    return parser


def instructions() -> list[tuple[str, str]]:
    text = (FILES / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def told(name: str) -> str:
    """The last instruction of that name, as a container has it."""
    return [rest for word, rest in instructions() if word == name][-1]


def test_systemd_and_the_own_supervisor_give_up_alike() -> None:
    asked, service = unit()["Unit"], unit()["Service"]
    assert int(asked["StartLimitBurst"]) == MOST_STARTS == 10
    assert int(asked["StartLimitIntervalSec"]) == WINDOW_SECONDS == 300
    assert (service["Restart"], service["RestartSec"]) == ("always", "1")
    assert {0, *map(int, service["RestartPreventExitStatus"].split())} == set(FINAL)


def test_systemd_waits_for_signs_of_life_as_long_as_the_host_itself() -> None:
    service = unit()["Service"]
    assert (service["Type"], int(service["WatchdogSec"])) == ("notify", LOOKS)
    assert int(service["TimeoutStopSec"]) > IN_ORDER_SECONDS
    assert service["KillMode"] == "mixed"


def test_the_unit_runs_as_nobody_special_on_its_own_state() -> None:
    service = unit()["Service"]
    assert service["User"] == "zepix"
    assert service["Environment"] == f"ZEPIX_HOME=/var/lib/{service['StateDirectory']}"
    assert service["CapabilityBoundingSet"] == ""
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictSUIDSGID"):
        assert service[name] == "true"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / "zepix.service"
    copy.write_text(UNIT.read_text("utf-8").replace("/opt/zepix/bin/zepix", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_the_container_takes_what_is_there() -> None:
    for name, rest in instructions():
        if name == "COPY":
            *sources, _ = (word for word in rest.split() if not word.startswith("--"))
            assert all((ROOT / source).exists() for source in sources), rest


def test_the_container_installs_every_distribution(tmp_path: Path) -> None:
    (line,) = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    words = shlex.split(line.partition("&&")[0])
    paths = [str(ROOT / word.removeprefix("/src/")) for word in words if word.startswith("/src/")]
    target = tmp_path / "site"
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "-q", "--no-cache-dir", "--no-deps", "--no-index",
            "--no-build-isolation", "--target", str(target), *paths,
        ],
        check=True, timeout=180, capture_output=True,
    )  # fmt: skip
    assert {"zepix_core", "zepix_plugins_v3", "zepix_plugins_v6"} <= {path.name for path in target.iterdir()}


def test_the_container_does_not_run_as_root_and_keeps_its_home() -> None:
    assert told("USER") == "zepix"
    assert told("VOLUME") == "/var/lib/zepix"
    assert "ZEPIX_HOME=/var/lib/zepix" in told("ENV")
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_the_container_starts_a_command_that_exists() -> None:
    assert json.loads(told("ENTRYPOINT")) == ["zepix"]
    word, *options = json.loads(told("CMD"))
    known = {option for parameter in run_command.params for option in parameter.opts}
    assert (word, set(options) <= known) == ("run", True)


def test_the_containers_settings_are_valid_and_listen_on_the_port_it_names(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    shutil.copy(FILES / "container.toml", home.settings_file)
    prepare(home)
    webhook = load_settings(home).settings.webhook
    assert (webhook.host, str(webhook.port)) == ("0.0.0.0", told("EXPOSE"))


def test_the_containers_health_check_tells_a_host_that_takes_alerts(tmp_path: Path) -> None:
    named = re.search(r"CMD (\[.*\])", told("HEALTHCHECK"))
    assert named is not None
    check = json.loads(named[1])
    host = RunningHost(tmp_path / "home")
    with host.start():
        code = check[2].replace(":8080", f":{host.ports()['webhook']}")
        assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
    done = subprocess.run([sys.executable, "-c", code], timeout=30, check=False, capture_output=True)
    assert done.returncode != 0


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_what_stands_beside_a_proxy_are_valid_settings(name: str, tmp_path: Path) -> None:
    text = (FILES / name).read_text("utf-8")
    commented = "\n".join(re.findall(r"^#   +(.*)$", text, re.MULTILINE))
    values = tomllib.loads(re.sub(r"(\[\w+\]) +", r"\1\n", commented))
    home = Home(tmp_path / "home")
    prepare(home)
    settings = load_settings(home, values).settings
    assert settings.web.public_url == "https://alerts.example.org"
    for header in (settings.webhook.real_ip_header, settings.webhook.client_cert_header):
        assert re.search(rf"(proxy_set_header|header_up)\s+{header} ", text)


def test_windows_notes_name_options_that_exist() -> None:
    text = (FILES / "windows.md").read_text("utf-8")
    known = {option for parameter in run_command.params for option in parameter.opts}
    for options in re.findall(r"zepix\.exe'? (?:-Argument ')?run ([^'\n]*)", text):
        assert set(re.findall(r"--[\w-]+", options)) <= known
    stop = re.search(r"AppStopMethodConsole (\d+)", text)
    assert stop is not None
    assert int(stop[1]) > IN_ORDER_SECONDS * 1000
    assert {int(code) for code in re.findall(r"AppExit (\d+) Exit", text)} == set(FINAL)
