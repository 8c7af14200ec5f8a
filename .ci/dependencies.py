"""What the distributions import is declared, what they declare is imported, and every licence is permitted.

usage: python -I dependencies.py    (where all distributions are installed; asks nothing of the network)
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[1]
FOLDERS = ("zepix_core", "zepix_plugins_v3", "zepix_plugins_v6", "examples/zepix-bracket")
# Declared, and used without an import: data read by zoneinfo on Windows.
NOT_IMPORTED = {"tzdata"}
# The core's test kit runs in the test environment of whoever uses it.
TEST_KIT, ITS_NEEDS = "testing", {"pytest"}
# The contract with plugins is made of attrs classes: the core brings it along for them.
CONTRACT = {"attrs"}
# Say nothing in their metadata; read by hand in the licence file or README they ship.
BY_HAND = {"click-default-group": "BSD-3-Clause"}
ALLOWED = ("MIT", "BSD", "Apache", "MPL", "LGPL", "PSF", "Python Software Foundation", "ISC", "Unlicense")


def project(folder: str) -> tuple[str, list[Requirement], set[NormalizedName]]:
    """Name, runtime requirements and names in extras of one project file."""
    table = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
    extras = table.get("optional-dependencies", {})
    return (
        table["name"],
        [Requirement(text) for text in table["dependencies"]],
        {canonicalize_name(Requirement(text).name) for texts in extras.values() for text in texts},
    )


def imported(source: Path) -> Iterator[tuple[str, Path]]:
    """Top-level names of every absolute import in a tree, wherever it stands, with its file."""
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from ((alias.name.partition(".")[0], path) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0], path


def contradictions(folder: str, owners: dict[str, set[NormalizedName]]) -> Iterator[str]:
    """Imports without a declaration and declarations without an import."""
    name, needs, extras = project(folder)
    (package,) = (path for path in (ROOT / folder / "src").iterdir() if (path / "__init__.py").exists())
    declared = {canonicalize_name(need.name) for need in needs}
    used: set[NormalizedName] = set()
    for module, path in imported(package):
        if module in sys.stdlib_module_names or module == package.name:
            continue
        room = path.relative_to(package).parts[0]
        found = owners.get(module, {canonicalize_name(module)})
        used |= found
        brought = CONTRACT if name != "zepix-core" else ITS_NEEDS if room == TEST_KIT else set()
        if not found & (declared | extras | brought):
            yield f"{path.relative_to(ROOT)} imports {module}, which {name} does not declare"
    for idle in declared - used - NOT_IMPORTED:
        yield f"{name} declares {idle} and never imports it"


def closure(names: list[str]) -> dict[str, Distribution]:
    """Everything an installation brings in here, by name."""
    found: dict[str, Distribution] = {}
    while names:
        name = canonicalize_name(names.pop())
        if name not in found:
            found[name] = distribution(name)
            needs = (Requirement(text) for text in found[name].requires or ())
            names += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    return found


def licence(of: Distribution) -> str:
    """As the distribution says it: expression, classifiers or the field's first line."""
    if by_hand := BY_HAND.get(canonicalize_name(of.name)):
        return by_hand
    every = of.metadata.get_all("Classifier", [])
    classifiers = "; ".join(text for text in every if text.startswith("License :: OSI"))
    first = "".join(of.metadata.get_all("License", [])).strip().partition("\n")[0]
    expression = "".join(of.metadata.get_all("License-Expression", []))
    return expression or classifiers or first or "none named"


def allowed(text: str) -> bool:
    """True when each part that must be kept offers a licence of the permitted set."""
    every = re.split(r"\bAND\b", text)
    return all(any(re.search(rf"\b{word}", part) for word in ALLOWED) for part in every)


def main() -> int:
    """Print each contradiction, then what was held against what."""
    owners = {
        module: {canonicalize_name(name) for name in names}
        for module, names in packages_distributions().items()
    }
    wrong = [text for folder in FOLDERS for text in contradictions(folder, owners)]
    installed = closure([project(folder)[0] for folder in FOLDERS])
    licences = {name: licence(found) for name, found in sorted(installed.items())}
    wrong += [f"{name} has the licence {text!r}" for name, text in licences.items() if not allowed(text)]
    print("\n".join(wrong), end="\n" if wrong else "")
    if wrong:
        return 1
    counts = ", ".join(f"{project(folder)[0]} {len(project(folder)[1])}" for folder in FOLDERS)
    print(f"dependencies: declared and imported agree ({counts}); {len(licences)} licences permitted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
