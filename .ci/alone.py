"""Install each distribution from its wheel into an environment of its own, and use it.

usage: python -I alone.py WHEELS    (dependencies come from the index: whatever is not declared is not there)
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PATIENCE = 90
CORE = Path(__file__).parents[1] / "zepix_core" / "pyproject.toml"
# Name of the distribution, its package, and the plugin it brings.
DISTRIBUTIONS = {
    "zepix-core": ("zepix_core", None),
    "zepix-plugins-v3": ("zepix_plugins_v3", "combined_v3"),
    "zepix-plugins-v6": ("zepix_plugins_v6", "price_action_1m"),
    "zepix-bracket": ("zepix_bracket", "bracket"),
}
EXTRAS = {"zepix-core": tuple(tomllib.loads(CORE.read_text("utf-8"))["project"]["optional-dependencies"])}
# Modules that only another system, or only a test environment, can import.
EVERY_MODULE = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
count = 0
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    last = module.name.rpartition(".")[2]
    if last in ("__main__", "fixtures", "broker_contract") or last.startswith("windows_"):
        continue
    importlib.import_module(module.name)
    count += 1
print(count)
"""


class Alone:
    """One environment with one distribution in it."""

    def __init__(self, folder: Path, requirement: str, wheels: Path) -> None:
        self.folder = folder
        self.requirement = requirement
        self.bin = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        venv.create(folder / "venv")
        self.wheels = wheels
        self.install(requirement)

    def install(self, requirement: str) -> None:
        """Add a distribution with what it declares; the environment itself holds no pip."""
        found = f"{os.environ.get('PIP_FIND_LINKS', '')} {self.wheels}".strip()
        self.pip("install", "-q", requirement, PIP_FIND_LINKS=found)
        self.pip("check")

    def pip(self, *arguments: str, **more: str) -> str:
        """Output of this interpreter's pip, working on the environment."""
        target = str(self.bin / ("python.exe" if os.name == "nt" else "python"))
        return self.call([sys.executable, "-m", "pip", "--python", target, *arguments], more)

    def run(self, program: str, *arguments: str) -> str:
        """What a program of the environment printed."""
        return self.call([str(self.bin / program), *arguments], {})

    def call(self, command: list[str], more: dict[str, str]) -> str:
        """What a command printed; it has to end well."""
        done = subprocess.run(  # noqa: S603
            command,
            cwd=self.folder,
            env={**os.environ, "ZEPIX_HOME": str(self.folder / "home"), **more},
            check=False,
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE,
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def starts_and_stops(self) -> None:
        """``zepix run`` becomes ready, and a signal ends it with 0."""
        ports = self.folder / "home" / "data" / "ports.json"
        environment = {**os.environ, "ZEPIX_HOME": str(self.folder / "home")}
        command = [str(self.bin / "zepix"), "run", "--port", "0", "--api-port", "0"]
        with (self.folder / "run.log").open("wb") as log:
            host = subprocess.Popen(  # noqa: S603
                command, cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        until = time.monotonic() + PATIENCE
        while not ports.exists() and host.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        host.send_signal(signal.SIGTERM)
        code = host.wait(PATIENCE)
        if code:
            raise AssertionError(f"zepix run ended {code}: {(self.folder / 'run.log').read_text('utf-8')}")


def prove(requirement: str, wheels: Path) -> str:
    """What was shown of one distribution, in a line."""
    package, plugin = DISTRIBUTIONS[requirement]
    with tempfile.TemporaryDirectory() as folder:
        alone = Alone(Path(folder), requirement, wheels)
        modules = alone.run("python", "-I", "-c", EVERY_MODULE, package)
        version = alone.run("zepix", "--version")
        alone.run("zepix", "init", "--yes")
        listed = alone.run("zepix", "plugins", "list", "--format", "json")
        if plugin is not None and plugin not in listed:
            raise AssertionError(f"{requirement}: {plugin} is not listed: {listed}")
        alone.starts_and_stops()
        count = len(alone.pip("list", "--format", "freeze").splitlines())
        for extra in EXTRAS.get(requirement, ()):
            alone.install(f"{requirement}[{extra}]")
            alone.starts_and_stops()
    extras = "".join(f"; also with [{extra}]" for extra in EXTRAS.get(requirement, ()))
    return (
        f"{requirement:<17} {version}; {modules} modules imported; home made, host started and stopped;"
        f" {count} distributions in all{extras}"
    )


def main(wheels: Path) -> int:
    """Print a line for each distribution; 1 when one needs more than it declares."""
    wrong = 0
    with ThreadPoolExecutor(2) as pool:
        proofs = [pool.submit(prove, requirement, wheels) for requirement in DISTRIBUTIONS]
        for requirement, proof in zip(DISTRIBUTIONS, proofs, strict=True):
            try:
                print(proof.result(), flush=True)
            except (AssertionError, subprocess.SubprocessError) as error:
                wrong += 1
                print(f"{requirement:<17} FAILED: {error}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
