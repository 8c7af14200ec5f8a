"""Stateless services: pure judgement over values handed in."""
