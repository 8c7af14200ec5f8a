"""Sample alerts that ``zepix run --demo`` plays: ``v3_alerts.jsonl``, one ``{"title", "body"}`` a line."""
