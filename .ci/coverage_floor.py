"""Join what the test environments measured, and hold each distribution to its floor of branch coverage.

usage: coverage_floor.py FOLDER FLOOR    (FOLDER holds the data files; they are used up)
"""

import json
import sys
import tempfile
from pathlib import Path

import coverage

ROOT = Path(__file__).parents[1]
SOURCES = {
    "zepix_core": ROOT / "zepix_core/src/zepix_core",
    "zepix_plugins_v3": ROOT / "zepix_plugins_v3/src/zepix_plugins_v3",
    "zepix_plugins_v6": ROOT / "zepix_plugins_v6/src/zepix_plugins_v6",
    "zepix_bracket": ROOT / "examples/zepix-bracket/src/zepix_bracket",
}
# Needs a Windows system to be imported at all.
ELSEWHERE = ("windows_",)
COUNTS = ("num_statements", "covered_lines", "num_branches", "covered_branches")
WORST = 8


def measured(folder: Path) -> dict[Path, dict[str, int]]:
    """Counts of each source file; one that nothing ever imported counts as not covered."""
    with tempfile.TemporaryDirectory() as scratch:
        cov = coverage.Coverage(data_file=f"{scratch}/joined", config_file=str(ROOT / "pyproject.toml"))
        cov.combine([str(path) for path in sorted(folder.iterdir())], strict=True)
        files = [path for source in SOURCES.values() for path in sorted(source.rglob("*.py"))]
        cov.get_data().touch_files([str(path) for path in files if not path.name.startswith(ELSEWHERE)])
        report = Path(scratch, "report.json")
        cov.json_report(outfile=str(report), include=[f"{source}/*" for source in SOURCES.values()])
        told = json.loads(report.read_text("utf-8"))["files"]
    return {(ROOT / name).resolve(): entry["summary"] for name, entry in told.items()}


def share(counts: dict[str, int]) -> float:
    """Percent of statements and branches that ran."""
    whole = counts["num_statements"] + counts["num_branches"]
    return 100 * (counts["covered_lines"] + counts["covered_branches"]) / whole if whole else 100.0


def main(folder: Path, floor: float) -> int:
    """Print a line for each distribution; 1 when one lies below ``floor`` or nothing was measured."""
    if not any(folder.glob("*")):
        print(f"nothing was measured: run the test environments first ({folder} is empty)")
        return 1
    files = measured(folder)
    low = False
    for name, source in SOURCES.items():
        inside = {path: counts for path, counts in files.items() if path.is_relative_to(source)}
        sums = {key: sum(counts[key] for counts in inside.values()) for key in COUNTS}
        print(
            f"{name:<17} {share(sums):6.2f} % of {sums['num_statements']} statements and"
            f" {sums['num_branches']} branches in {len(inside)} files"
        )
        if share(sums) < floor or not inside:
            low = True
            for path in sorted(inside, key=lambda path: share(inside[path]))[:WORST]:
                print(f"    {share(inside[path]):6.2f} % of {path.relative_to(source)}")
    print(f"coverage: every distribution {'is not' if low else 'is'} at {floor:g} % or more")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
