-- What a restart has to know of a message: its arrival to the microsecond since 1970, and what was about to be done.

ALTER TABLE v6_signals_log ADD COLUMN received_us INTEGER;
ALTER TABLE v6_signals_log ADD COLUMN decided TEXT;
