"""Reading Pine scripts and alert messages before they are used: what would fail, and where."""
