"""Print the closing line of a whole run: the sum of the test reports, each counted once.

usage: total.py FOLDER NAME...    (reads FOLDER/NAME.xml as pytest wrote it, then removes it)
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

WORDS = ("failed", "errors", "passed", "skipped")


def counted(report: Path) -> dict[str, float]:
    """Outcomes of one report by word, and its seconds."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 (our own file)
    sums = dict.fromkeys((*WORDS, "seconds"), 0.0)
    for suite in suites:
        failed, errors, skipped = (int(suite.get(key, 0)) for key in ("failures", "errors", "skipped"))
        sums["failed"] += failed
        sums["errors"] += errors
        sums["skipped"] += skipped
        sums["passed"] += int(suite.get("tests", 0)) - failed - errors - skipped
        sums["seconds"] += float(suite.get("time", 0))
    return sums


def line(sums: dict[str, float]) -> str:
    """As pytest says it."""
    parts = [f"{sums[word]:.0f} {word}" for word in WORDS if sums[word] or word == "passed"]
    return f"{', '.join(parts)} in {sums['seconds']:.2f}s"


def main(folder: Path, names: list[str]) -> int:
    """Print a row for each report and the sum; 1 when one is missing, empty or not green."""
    total = dict.fromkeys((*WORDS, "seconds"), 0.0)
    idle = False
    for name in names:
        report = folder / f"{name}.xml"
        sums = counted(report) if report.exists() else dict.fromkeys(total, 0.0)
        report.unlink(missing_ok=True)
        idle = idle or not sums["passed"]
        print(f"{name:<10} {line(sums) if sums['passed'] else 'ran no test to its end'}")
        total = {key: total[key] + sums[key] for key in total}
    print(f"===== {line(total)} =====")
    return 1 if idle or total["failed"] or total["errors"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
