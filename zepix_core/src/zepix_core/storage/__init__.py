"""Database files: one writer each, two executors, numbered scripts, the core tables of a plugin's file."""
