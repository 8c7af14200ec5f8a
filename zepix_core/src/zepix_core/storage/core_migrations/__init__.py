"""Scripts of the core tables, which every plugin file has."""
