"""Seeded runs of a whole host in one process on virtual time, with faults at every await and every commit."""
