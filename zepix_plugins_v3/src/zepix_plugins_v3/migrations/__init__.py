"""The tables of the plugin's own database, one script a version."""
